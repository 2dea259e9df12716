/// The URIs of the header extensions that this software knows.
public enum RTPHeaderExtensionURI {
    public static let audioLevel = "urn:ietf:params:rtp-hdrext:ssrc-audio-level"
    public static let mid = "urn:ietf:params:rtp-hdrext:sdes:mid"
    public static let rid = "urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id"
    public static let repairedRID = "urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id"
    public static let absoluteSendTime = "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time"
    public static let transportSequenceNumber =
        "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01"
    /// 8 bytes NTP of the capture, optionally 8 bytes of clock offset.
    public static let absoluteCaptureTime = "http://www.webrtc.org/experiments/rtp-hdrext/abs-capture-time"
}

/// One element of a header extension: its id and where its data lies in the packet (RFC 8285 section 4).
@frozen
public struct RTPHeaderExtensionElement: Sendable, Hashable {
    public var id: UInt8
    public var range: Range<Int>

    @inlinable
    public init(id: UInt8, range: Range<Int>) {
        self.id = id
        self.range = range
    }
}

/// Walks the elements of a packet's header extension in one- or two-byte form. Stops silently at the first element that
/// reaches past the extension, and, as RFC 8285 section 4.2 asks, at id 15 and at id 0 with a length.
@frozen
public struct RTPHeaderExtensionReader: ~Escapable {
    @usableFromInline let packet: RawSpan
    @usableFromInline let isOneByte: Bool
    @usableFromInline var offset: Int
    @usableFromInline let end: Int

    @inlinable
    @_lifetime(copy packet)
    public init(_ header: RTPHeader, in packet: RawSpan) {
        self.packet = packet
        offset = Int(header.extensionOffset)
        isOneByte = header.extensionProfile == 0xBEDE
        let known = isOneByte || header.extensionProfile & 0xFFF0 == 0x1000
        end = known ? offset &+ Int(header.extensionLength) : offset
    }

    @inlinable
    @_lifetime(self: copy self)
    public mutating func next() -> RTPHeaderExtensionElement? {
        while offset < end {
            guard let first = packet.uint8(at: offset) else { return nil }
            if first == 0 { offset &+= 1; continue }
            let id: UInt8
            let start: Int
            let length: Int
            if isOneByte {
                id = first >> 4
                // Both end the walk: 15 is reserved, 0 with a length is padding gone wrong.
                guard id != 15, id != 0 else { return nil }
                start = offset &+ 1
                length = Int(first & 0x0F) &+ 1
            } else {
                guard let second = packet.uint8(at: offset &+ 1) else { return nil }
                id = first
                start = offset &+ 2
                length = Int(second)
            }
            let stop = start &+ length
            guard stop <= end else { return nil }
            offset = stop
            return RTPHeaderExtensionElement(id: id, range: start..<stop)
        }
        return nil
    }
}

extension RTPHeader {
    /// Where the data of extension element `id` lies in the packet, or nil if the packet does not carry it.
    @inlinable
    public func extensionElement(_ id: UInt8, in packet: RawSpan) -> Range<Int>? {
        var reader = RTPHeaderExtensionReader(self, in: packet)
        while let element = reader.next() {
            if element.id == id { return element.range }
        }
        return nil
    }
}
