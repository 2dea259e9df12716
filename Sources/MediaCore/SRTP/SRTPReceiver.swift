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

    /// The SSRCs that have passed authentication. The library keeps a stream for each and never forgets one.
    private var known = KnownStreams()
    /// SSRCs that one peer may use under one key; packets of more are refused with `.limit`.
    public static let maximumStreams = 64

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
        guard known.mayTake(header.ssrc) else { return .limit }
        let outcome = unsafe context.unprotectRTP(packet)
        if case .success = outcome { known.take(header.ssrc) }
        return count(outcome)
    }

    /// Unprotects an RTCP packet (compound or reduced size) in place.
    public mutating func unprotectRTCP(_ packet: UnsafeMutableRawBufferPointer) -> SRTPOutcome {
        // The first eight bytes stay clear (RFC 3711 section 3.4).
        let span = unsafe RawSpan(_unsafeBytes: UnsafeRawBufferPointer(packet))
        guard span.byteCount >= 8 &+ profile.rtcpOverhead, let sender = span.uint32(at: 4).map(SSRC.init(rawValue:))
        else {
            return count(.malformed)
        }
        // Encryption was agreed upon, so a packet that says it is only authenticated does not belong here (RFC 4568
        // section 6.3.2). The library looks at the flag with some profiles only.
        guard let flags = span.uint8(at: span.byteCount &- profile.rtcpIndexDistance), flags & 0x80 != 0 else {
            return count(.malformed)
        }
        guard known.mayTake(sender) else { return .limit }
        let outcome = unsafe context.unprotectRTCP(packet)
        if case .success = outcome { known.take(sender) }
        return count(outcome)
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

/// A short list of SSRCs with a fixed capacity. The one asked for last is found at once.
private struct KnownStreams {
    static let capacity = SRTPReceiver.maximumStreams
    private var ssrcs = InlineArray<64, UInt32>(repeating: 0)
    private var count = 0
    private var latest = 0

    /// True for one that is listed, or while there is room.
    mutating func mayTake(_ ssrc: SSRC) -> Bool { count < Self.capacity || find(ssrc) }

    mutating func take(_ ssrc: SSRC) {
        guard !find(ssrc), count < Self.capacity else { return }
        ssrcs[count] = ssrc.rawValue
        latest = count
        count += 1
    }

    private mutating func find(_ ssrc: SSRC) -> Bool {
        if latest < count, ssrcs[latest] == ssrc.rawValue { return true }
        for index in 0..<count where ssrcs[index] == ssrc.rawValue {
            latest = index
            return true
        }
        return false
    }
}
