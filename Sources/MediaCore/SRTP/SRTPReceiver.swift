internal import MediaWire

/// Unprotects what one peer sends under one master key: RTP and RTCP of any number of SSRCs (RFC 3711, RFC 7714).
///
/// Replay protection and rollover are kept per SSRC. A packet that fails changes nothing but the counters.
public struct SRTPReceiver: ~Copyable {
    private let context: LibSRTPContext
    public let profile: SRTPProfile
    /// Packets whose tag did not fit.
    public private(set) var authenticationFailures: UInt64 = 0
    /// Packets seen before or older than the window.
    public private(set) var replays: UInt64 = 0
    /// Packets too short or with lengths that lie.
    public private(set) var malformed: UInt64 = 0

    /// - Throws: `SRTPError` if the library refuses the key.
    public init(_ key: SRTPKey) throws(SRTPError) {
        context = try LibSRTPContext(key, inbound: true)
        profile = key.profile
    }

    /// Unprotects an RTP packet in place.
    public mutating func unprotectRTP(_ packet: UnsafeMutableRawBufferPointer) -> SRTPOutcome {
        let span = unsafe RawSpan(_unsafeBytes: UnsafeRawBufferPointer(packet))
        guard let header = RTPHeader(span), span.byteCount >= Int(header.headerLength) &+ profile.rtpOverhead else {
            return count(.malformed)
        }
        return count(unsafe context.unprotectRTP(packet))
    }

    /// Unprotects an RTCP packet (compound or reduced size) in place.
    public mutating func unprotectRTCP(_ packet: UnsafeMutableRawBufferPointer) -> SRTPOutcome {
        // The first eight bytes stay clear (RFC 3711 section 3.4).
        guard packet.count >= 8 &+ profile.rtcpOverhead else { return count(.malformed) }
        return count(unsafe context.unprotectRTCP(packet))
    }

    /// Unprotects an RTP packet and cuts the array to the plain packet. On failure its content is unspecified.
    public mutating func unprotectRTP(_ packet: inout [UInt8]) -> SRTPOutcome {
        let outcome = unsafe packet.withUnsafeMutableBytes { unsafe unprotectRTP($0) }
        return Self.trim(&packet, outcome)
    }

    /// Unprotects an RTCP packet and cuts the array to the plain packet. On failure its content is unspecified.
    public mutating func unprotectRTCP(_ packet: inout [UInt8]) -> SRTPOutcome {
        let outcome = unsafe packet.withUnsafeMutableBytes { unsafe unprotectRTCP($0) }
        return Self.trim(&packet, outcome)
    }

    private static func trim(_ packet: inout [UInt8], _ outcome: SRTPOutcome) -> SRTPOutcome {
        if case .success(let length) = outcome, length <= packet.count { packet.removeSubrange(length...) }
        return outcome
    }

    private mutating func count(_ outcome: SRTPOutcome) -> SRTPOutcome {
        switch outcome {
        case .success, .limit: break
        case .authenticationFailure: authenticationFailures &+= 1
        case .replay: replays &+= 1
        case .malformed: malformed &+= 1
        }
        return outcome
    }
}
