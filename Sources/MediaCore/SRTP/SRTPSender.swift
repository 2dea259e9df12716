internal import MediaWire

/// Protects what goes to one peer under one master key: RTP and RTCP of any number of SSRCs (RFC 3711, RFC 7714).
///
/// Protecting a sequence number twice is allowed only with the very same bytes (a retransmission without RTX).
public struct SRTPSender: ~Copyable {
    private let context: LibSRTPContext
    public let profile: SRTPProfile

    /// - Throws: `SRTPError` if the library refuses the key.
    public init(_ key: SRTPKey) throws(SRTPError) {
        context = try LibSRTPContext(key, inbound: false)
        profile = key.profile
    }

    /// Protects the RTP packet in the first `length` bytes of the buffer, in place.
    ///
    /// Answers `.limit` if the buffer has no room for `profile.rtpOverhead` bytes more.
    public mutating func protectRTP(_ buffer: UnsafeMutableRawBufferPointer, length: Int) -> SRTPOutcome {
        guard length >= RTPHeader.fixedLength else { return .malformed }
        guard buffer.count >= length &+ profile.rtpOverhead else { return .limit }
        return unsafe context.protectRTP(buffer, length: length)
    }

    /// Protects the RTCP packet in the first `length` bytes of the buffer, in place.
    ///
    /// Answers `.limit` if the buffer has no room for `profile.rtcpOverhead` bytes more.
    public mutating func protectRTCP(_ buffer: UnsafeMutableRawBufferPointer, length: Int) -> SRTPOutcome {
        guard length >= 8 else { return .malformed }
        guard buffer.count >= length &+ profile.rtcpOverhead else { return .limit }
        return unsafe context.protectRTCP(buffer, length: length)
    }

    /// Protects an RTP packet; the array grows by the overhead. On failure its content is unspecified.
    public mutating func protectRTP(_ packet: inout [UInt8]) -> SRTPOutcome {
        let length = packet.count
        guard let header = RTPHeader(packet.rawSpan), Int(header.headerLength) <= length else { return .malformed }
        packet.append(contentsOf: repeatElement(0, count: profile.rtpOverhead))
        let outcome = unsafe packet.withUnsafeMutableBytes { unsafe protectRTP($0, length: length) }
        return Self.trim(&packet, outcome)
    }

    /// Protects an RTCP packet; the array grows by the overhead. On failure its content is unspecified.
    public mutating func protectRTCP(_ packet: inout [UInt8]) -> SRTPOutcome {
        let length = packet.count
        packet.append(contentsOf: repeatElement(0, count: profile.rtcpOverhead))
        let outcome = unsafe packet.withUnsafeMutableBytes { unsafe protectRTCP($0, length: length) }
        return Self.trim(&packet, outcome)
    }

    private static func trim(_ packet: inout [UInt8], _ outcome: SRTPOutcome) -> SRTPOutcome {
        if case .success(let length) = outcome, length <= packet.count { packet.removeSubrange(length...) }
        return outcome
    }
}
