/// An RTP packet as values, for endpoints and tests (RFC 3550 section 5.1). The relay's packet path uses `RTPHeader`
/// instead.
public struct RTPPacket: Sendable, Hashable {
    public var marker: Bool
    public var payloadType: UInt8
    public var sequenceNumber: SequenceNumber
    public var timestamp: RTPTimestamp
    public var ssrc: SSRC
    public var contributingSources: [SSRC]
    public var extensions: [HeaderExtension]
    public var payload: [UInt8]
    /// Padding bytes written behind the payload, 0 ... 255.
    public var paddingLength: UInt8

    /// One header extension element (RFC 8285): id 1 ... 14 and 1 ... 16 bytes fit the one-byte form, others take the
    /// two-byte form. Id 0 is padding and is not written.
    public struct HeaderExtension: Sendable, Hashable {
        public var id: UInt8
        public var data: [UInt8]
        public init(id: UInt8, data: [UInt8]) {
            self.id = id
            self.data = data
        }
    }

    public init(
        marker: Bool = false, payloadType: UInt8, sequenceNumber: SequenceNumber, timestamp: RTPTimestamp, ssrc: SSRC,
        contributingSources: [SSRC] = [], extensions: [HeaderExtension] = [], payload: [UInt8], paddingLength: UInt8 = 0
    ) {
        self.marker = marker
        self.payloadType = payloadType
        self.sequenceNumber = sequenceNumber
        self.timestamp = timestamp
        self.ssrc = ssrc
        self.contributingSources = contributingSources
        self.extensions = extensions
        self.payload = payload
        self.paddingLength = paddingLength
    }

    /// Reads a plain (decrypted) packet. Nil if a length lies. Extensions of unknown profiles are left out.
    public init?(_ packet: RawSpan) {
        guard let header = RTPHeader(packet), let range = header.payloadRange(in: packet) else { return nil }
        var sources: [SSRC] = []
        for index in 0..<Int(header.contributingSourceCount) {
            guard let source = packet.uint32(at: RTPHeader.fixedLength + 4 * index) else { return nil }
            sources.append(SSRC(source))
        }
        var elements: [HeaderExtension] = []
        var reader = RTPHeaderExtensionReader(header, in: packet)
        while let element = reader.next() {
            elements.append(HeaderExtension(id: element.id, data: packet.extracting(element.range).toArray()))
        }
        self.init(
            marker: header.marker, payloadType: header.payloadType, sequenceNumber: header.sequenceNumber,
            timestamp: header.timestamp, ssrc: header.ssrc, contributingSources: sources, extensions: elements,
            payload: packet.extracting(range).toArray(),
            paddingLength: UInt8(truncatingIfNeeded: packet.byteCount - range.upperBound))
    }

    /// The packet's plain bytes. At most 15 contributing sources are written, and 255 bytes of each extension element.
    public func serialized() -> [UInt8] {
        var writer = ByteWriter(reservingCapacity: 64 + payload.count)
        let extensions = extensions.filter { $0.id != 0 }
        let sources = contributingSources.prefix(15)
        let extensionBit: UInt8 = extensions.isEmpty ? 0 : 0x10
        let paddingBit: UInt8 = paddingLength == 0 ? 0 : 0x20
        writer.write(0x80 | paddingBit | extensionBit | UInt8(sources.count))
        writer.write((marker ? 0x80 : 0) | payloadType & 0x7F)
        writer.write(sequenceNumber.rawValue)
        writer.write(timestamp.rawValue)
        writer.write(ssrc.rawValue)
        for source in sources { writer.write(source.rawValue) }
        if !extensions.isEmpty { Self.write(extensions, to: &writer) }
        writer.write(payload)
        if paddingLength > 0 {
            for _ in 1..<Int(paddingLength) { writer.write(UInt8(0)) }
            writer.write(paddingLength)
        }
        return writer.bytes
    }

    private static func write(_ extensions: [HeaderExtension], to writer: inout ByteWriter) {
        let isOneByte = extensions.allSatisfy { 1...14 ~= $0.id && 1...16 ~= $0.data.count }
        writer.write(isOneByte ? 0xBEDE : UInt16(0x1000))
        let lengthOffset = writer.count
        writer.write(UInt16(0))
        for element in extensions {
            let data = element.data.prefix(255)
            if isOneByte {
                writer.write(element.id << 4 | UInt8(data.count - 1))
            } else {
                writer.write(element.id)
                writer.write(UInt8(data.count))
            }
            writer.write(data)
        }
        // The extension counts in words from its own start, whatever the number of contributing sources.
        while (writer.count - lengthOffset - 2) % 4 != 0 { writer.write(UInt8(0)) }
        writer.patch(UInt16(truncatingIfNeeded: (writer.count - lengthOffset - 2) / 4), at: lengthOffset)
    }
}
