/// One RTCP packet inside a datagram: its type, its count and where its body lies. Numbers only, no bytes.
@frozen
public struct RTCPHeaderView: Sendable, Hashable {
    public var type: RTCPPacketType
    /// Report count, source count or feedback message type, 0 ... 31. Untrusted: the body may be shorter than it says.
    public var count: UInt8
    public var hasPadding: Bool
    /// The bytes behind the 4-byte head, padding left out; a range of the datagram.
    public var body: Range<Int>
    /// Where the next RTCP packet of the datagram begins.
    public var end: Int

    /// Length of the head in bytes.
    public static let headLength = 4

    /// Reads the head at `offset` (RFC 3550 section 6.4.1). Nil if the version is not 2, if the length reaches past the
    /// end of the datagram, or if the padding count is zero, not a multiple of four or longer than the body.
    public init?(_ datagram: RawSpan, at offset: Int) {
        guard let first = datagram.uint16(at: offset), first >> 14 == 2, let words = datagram.uint16(at: offset &+ 2)
        else { return nil }
        let start = offset &+ Self.headLength
        let end = start &+ 4 &* Int(words)
        guard end <= datagram.byteCount else { return nil }
        var bodyEnd = end
        let hasPadding = first & 0x2000 != 0
        if hasPadding {
            guard let padding = datagram.uint8(at: end &- 1), padding > 0, padding % 4 == 0 else { return nil }
            bodyEnd &-= Int(padding)
            guard bodyEnd >= start else { return nil }
        }
        self.type = RTCPPacketType(rawValue: UInt8(truncatingIfNeeded: first))
        self.count = UInt8(truncatingIfNeeded: first >> 8 & 0x1F)
        self.hasPadding = hasPadding
        self.body = start..<bodyEnd
        self.end = end
    }
}

/// Walks the RTCP packets of one decrypted datagram in place, without allocating.
///
/// The whole datagram is checked before the walk begins, so a walk never stops half way and no packet of a damaged
/// datagram is acted upon.
public struct RTCPReader: ~Escapable {
    private let datagram: RawSpan
    private var offset = 0

    /// A datagram with more packets than this is refused.
    public static let maximumPackets = 128

    /// Checks the datagram (RFC 3550 section 6.1 and appendix A.2): version 2 throughout, lengths that add up exactly,
    /// padding on the last packet only, and a report in front, which `allowReducedSize` waives (RFC 5506). Nil if it
    /// does not hold.
    @_lifetime(copy datagram)
    public init?(_ datagram: RawSpan, allowReducedSize: Bool = true) {
        guard Self.isValid(datagram, allowReducedSize: allowReducedSize) else { return nil }
        self.datagram = datagram
    }

    private static func isValid(_ datagram: RawSpan, allowReducedSize: Bool) -> Bool {
        var offset = 0
        for _ in 0..<maximumPackets {
            guard let view = RTCPHeaderView(datagram, at: offset) else { return false }
            if offset == 0, !allowReducedSize, view.type != .senderReport, view.type != .receiverReport { return false }
            offset = view.end
            if offset == datagram.byteCount { return true }
            if view.hasPadding { return false }
        }
        return false
    }

    /// The next packet, or nil at the end.
    @_lifetime(self: copy self)
    public mutating func next() -> RTCPHeaderView? {
        guard let view = RTCPHeaderView(datagram, at: offset) else { return nil }
        offset = view.end
        return view
    }
}
