/// The header of an RTP packet, read once and checked (RFC 3550 section 5.1, extension: section 5.3.1).
///
/// Holds numbers and offsets only, no bytes, so it is trivially copyable and may outlive the datagram.
@frozen
public struct RTPHeader: Sendable, Hashable {
    public var marker: Bool
    public var payloadType: UInt8
    public var sequenceNumber: SequenceNumber
    public var timestamp: RTPTimestamp
    public var ssrc: SSRC
    public var hasPadding: Bool
    /// Contributing sources named in the header, 0 ... 15.
    public var contributingSourceCount: UInt8
    /// The "defined by profile" field of the extension; 0 without one. 0xBEDE: one-byte, 0x1000 ... 0x100F: two-byte
    /// (RFC 8285).
    public var extensionProfile: UInt16
    /// Offset of the extension's data behind its 4-byte head; equal to `headerLength` without an extension.
    public var extensionOffset: UInt16
    /// Bytes of the extension's data, a multiple of 4.
    public var extensionLength: UInt16
    /// Bytes before the payload.
    public var headerLength: UInt16

    /// True also for an extension without data.
    @inlinable public var hasExtension: Bool {
        Int(headerLength) != Self.fixedLength &+ 4 &* Int(contributingSourceCount)
    }

    /// Length of the fixed header in bytes.
    public static let fixedLength = 12

    /// Reads the header at the start of `packet`, which may still be encrypted.
    ///
    /// Nil if the version is not 2 or a length reaches past the end of the packet.
    @inlinable
    public init?(_ packet: RawSpan) {
        // Two loads for the fixed header: this is the one parser that every packet passes.
        guard let head = packet.uint64(at: 0), let ssrc = packet.uint32(at: 8), head >> 62 == 2 else { return nil }
        let first = UInt16(truncatingIfNeeded: head >> 48)
        let sequence = UInt16(truncatingIfNeeded: head >> 32)
        let timestamp = UInt32(truncatingIfNeeded: head)
        let csrcCount = Int(first >> 8 & 0x0F)
        var length = 12 &+ 4 &* csrcCount
        guard length <= packet.byteCount else { return nil }
        var profile: UInt16 = 0
        var extensionOffset = length
        var extensionLength = 0
        if first & 0x1000 != 0 {
            guard let id = packet.uint16(at: length), let words = packet.uint16(at: length &+ 2) else { return nil }
            profile = id
            extensionOffset = length &+ 4
            extensionLength = 4 &* Int(words)
            length = extensionOffset &+ extensionLength
            guard length <= packet.byteCount, length <= 0xFFFF else { return nil }
        }
        self.marker = first & 0x80 != 0
        self.payloadType = UInt8(truncatingIfNeeded: first & 0x7F)
        self.sequenceNumber = SequenceNumber(sequence)
        self.timestamp = RTPTimestamp(timestamp)
        self.ssrc = SSRC(ssrc)
        self.hasPadding = first & 0x2000 != 0
        self.contributingSourceCount = UInt8(truncatingIfNeeded: csrcCount)
        self.extensionProfile = profile
        self.extensionOffset = UInt16(truncatingIfNeeded: extensionOffset)
        self.extensionLength = UInt16(truncatingIfNeeded: extensionLength)
        self.headerLength = UInt16(truncatingIfNeeded: length)
    }

    /// The payload's place in a decrypted packet, padding left out (RFC 3550 section 5.1). Nil if the padding count
    /// lies.
    @inlinable
    public func payloadRange(in packet: RawSpan) -> Range<Int>? {
        var end = packet.byteCount
        if hasPadding {
            guard let padding = packet.uint8(at: end &- 1), padding > 0 else { return nil }
            end &-= Int(padding)
        }
        guard end >= Int(headerLength) else { return nil }
        return Int(headerLength)..<end
    }
}
