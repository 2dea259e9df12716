/// Something that serializes as one or more whole RTCP packets.
public protocol RTCPWritable {
    func write(to writer: inout ByteWriter)
}

/// Puts RTCP packets together for one datagram (RFC 3550 section 6.1; with a feedback packet in front: RFC 5506).
public struct RTCPCompound {
    private var writer: ByteWriter
    /// Bytes that the datagram may have before SRTCP adds its own.
    public let maximumSize: Int

    public init(maximumSize: Int = 1200) {
        self.maximumSize = maximumSize
        writer = ByteWriter(reservingCapacity: 128)
    }

    public var bytes: [UInt8] { writer.bytes }
    public var count: Int { writer.count }
    public var isEmpty: Bool { writer.count == 0 }

    /// True if a report stands in front, as RFC 3550 asks of every datagram where reduced size was not agreed upon.
    public var startsWithReport: Bool {
        guard let first = RTCPHeaderView(writer.bytes.rawSpan, at: 0) else { return false }
        return first.type == .senderReport || first.type == .receiverReport
    }

    /// Appends a packet. False, with nothing appended, if the datagram would grow over `maximumSize`.
    @discardableResult
    public mutating func append(_ packet: some RTCPWritable) -> Bool {
        var part = ByteWriter()
        packet.write(to: &part)
        guard part.count <= maximumSize - writer.count else { return false }
        writer.write(part.bytes)
        return true
    }
}

/// Limits of RTCP's own fields.
enum RTCPLimits {
    /// The count field has 5 bits.
    static let count = 31
    /// Keeps the length field, which counts words in 16 bits, from overflowing whatever a caller hands in.
    static let bodyBytes = 0x1_0000

    /// UTF-8 of `text`, cut behind the last whole character that fits the 8-bit length of SDES items and BYE reasons.
    static func textBytes(_ text: String) -> [UInt8] {
        if text.utf8.count <= 255 { return [UInt8](text.utf8) }
        var bytes: [UInt8] = []
        for character in text {
            guard bytes.count + character.utf8.count <= 255 else { break }
            bytes.append(contentsOf: character.utf8)
        }
        return bytes
    }
}

extension ByteWriter {
    /// Writes a head, then the body, zero bytes up to the 32-bit boundary, and sets the head's length.
    mutating func writeRTCP(_ type: RTCPPacketType, count: Int, body: (inout ByteWriter) -> Void) {
        let start = self.count
        write(0x80 | UInt8(truncatingIfNeeded: count & 0x1F))
        write(type.rawValue)
        write(UInt16(0))
        body(&self)
        while (self.count - start) % 4 != 0 { write(UInt8(0)) }
        patch(UInt16(truncatingIfNeeded: (self.count - start) / 4 - 1), at: start + 2)
    }
}
