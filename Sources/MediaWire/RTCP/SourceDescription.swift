/// SDES: names of sources, above all the CNAME that binds the streams of one participant (RFC 3550 section 6.5).
public struct SourceDescription: RTCPWritable, Sendable, Hashable {
    public var chunks: [Chunk]

    public init(chunks: [Chunk]) { self.chunks = chunks }

    /// One source with its CNAME.
    public init(ssrc: SSRC, cname: String) {
        chunks = [Chunk(ssrc: ssrc, items: [Item(.cname, text: cname)])]
    }

    /// The items of one source. At most 32 items are written.
    public struct Chunk: Sendable, Hashable {
        public var ssrc: SSRC
        public var items: [Item]

        public init(ssrc: SSRC, items: [Item]) {
            self.ssrc = ssrc
            self.items = items
        }

        /// The text of the first CNAME item.
        public var cname: String? { items.first { $0.type == .cname }?.text }
    }

    /// One item; at most 255 bytes of its value are written. Item type 0 ends a chunk and is not written.
    public struct Item: Sendable, Hashable {
        public var type: ItemType
        public var value: [UInt8]

        public init(type: ItemType, value: [UInt8]) {
            self.type = type
            self.value = value
        }

        /// - Parameter text: cut behind the last whole character that fits 255 bytes of UTF-8.
        public init(_ type: ItemType, text: String) {
            self.init(type: type, value: RTCPLimits.textBytes(text))
        }

        /// The value as UTF-8, broken sequences repaired.
        public var text: String { String(decoding: value, as: UTF8.self) }
    }

    public struct ItemType: RawRepresentable, Sendable, Hashable {
        public var rawValue: UInt8
        public init(rawValue: UInt8) { self.rawValue = rawValue }

        public static let cname = ItemType(rawValue: 1)
        public static let name = ItemType(rawValue: 2)
        public static let email = ItemType(rawValue: 3)
        public static let phone = ItemType(rawValue: 4)
        public static let location = ItemType(rawValue: 5)
        public static let tool = ItemType(rawValue: 6)
        public static let note = ItemType(rawValue: 7)
        /// Private extension: prefix length, prefix and value together are the item's value.
        public static let privateExtension = ItemType(rawValue: 8)
        /// RFC 8843 section 15.
        public static let mid = ItemType(rawValue: 15)
    }

    /// Nil if the packet is of another type, if a chunk or item reaches past the end, or if bytes are left over.
    public init?(_ header: RTCPHeaderView, in datagram: RawSpan) {
        guard header.type == .sourceDescription, let body = datagram.slice(header.body) else { return nil }
        var reader = ByteReader(body)
        var chunks: [Chunk] = []
        for _ in 0..<header.count {
            guard let ssrc = reader.readUInt32(), let items = Self.readItems(&reader) else { return nil }
            chunks.append(Chunk(ssrc: SSRC(ssrc), items: items))
        }
        guard reader.isAtEnd else { return nil }
        self.init(chunks: chunks)
    }

    /// Items up to the terminating zero, and the zero bytes up to the next 32-bit boundary.
    private static func readItems(_ reader: inout ByteReader) -> [Item]? {
        var items: [Item] = []
        while let type = reader.readUInt8() {
            if type == 0 {
                // Chunks are counted from the body's start, which itself is aligned.
                let fill = (4 &- reader.position % 4) % 4
                return reader.skip(fill) == nil ? nil : items
            }
            guard let length = reader.readUInt8(), let value = reader.readSpan(Int(length)) else { return nil }
            items.append(Item(type: ItemType(rawValue: type), value: value.toArray()))
        }
        return nil
    }

    /// More than 31 chunks go on in further packets.
    public func write(to writer: inout ByteWriter) {
        var rest = chunks[...]
        repeat {
            let some = rest.prefix(RTCPLimits.count)
            rest = rest.dropFirst(RTCPLimits.count)
            writer.writeRTCP(.sourceDescription, count: some.count) { writer in
                for chunk in some { Self.write(chunk, to: &writer) }
            }
        } while !rest.isEmpty
    }

    private static func write(_ chunk: Chunk, to writer: inout ByteWriter) {
        let start = writer.count
        writer.write(chunk.ssrc.rawValue)
        for item in chunk.items.prefix(32) where item.type.rawValue != 0 {
            let value = item.value.prefix(255)
            writer.write(item.type.rawValue)
            writer.write(UInt8(truncatingIfNeeded: value.count))
            writer.write(value)
        }
        // At least one zero ends the list.
        repeat { writer.write(UInt8(0)) } while (writer.count - start) % 4 != 0
    }
}
