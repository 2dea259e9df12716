/// One page of an Ogg stream (RFC 3533 §6).
struct OggPage: Equatable, Sendable {
    /// The first packet of the page began on an earlier page.
    var isContinued = false
    var isFirst = false
    var isLast = false
    /// Where the stream stands after the last packet that ends here; nil if none does.
    var granulePosition: Int64?
    var serial: UInt32
    var sequence: UInt32
    /// The segment table: each packet is a run of 255s and one smaller value. At most 255 entries.
    var lacing: [UInt8]
    var body: [UInt8]

    /// Bytes before the segment table.
    static let headerBytes = 27
    static let maximumSegments = 255

    /// The page as bytes, with its checksum.
    func serialized() -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(Self.headerBytes + lacing.count + body.count)
        bytes.append(ascii: "OggS")
        bytes.append(0)
        bytes.append((isContinued ? 1 : 0) | (isFirst ? 2 : 0) | (isLast ? 4 : 0))
        bytes.appendLittleEndian(UInt64(bitPattern: granulePosition ?? -1))
        bytes.appendLittleEndian(serial)
        bytes.appendLittleEndian(sequence)
        bytes.appendLittleEndian(UInt32(0))
        bytes.append(UInt8(clamping: lacing.count))
        bytes += lacing
        bytes += body
        let checksum = OggCRC.checksum(bytes)
        for index in 0..<4 { bytes[22 + index] = UInt8(truncatingIfNeeded: checksum >> UInt32(8 * index)) }
        return bytes
    }

    /// The segment table entries of a whole packet.
    static func lacing(ofPacket byteCount: Int) -> [UInt8] {
        [UInt8](repeating: 255, count: byteCount / 255) + [UInt8(byteCount % 255)]
    }
}

extension FileSource {
    /// The next Ogg page, or nil at the end of the file. Throws if something else is there, the checksum is wrong, or
    /// the file ends inside the page. Takes at most 65,307 bytes.
    mutating func readOggPage() throws(MediaFileError) -> OggPage? {
        guard try !isAtEnd() else { return nil }
        let start = offset
        let what = "the Ogg page that begins at byte \(start)"
        var header = try read(upTo: OggPage.headerBytes)
        guard header.spells("OggS") else { throw failure("no Ogg page: OggS is missing", at: start) }
        guard header.count == OggPage.headerBytes, let granule: UInt64 = header.littleEndian(at: 6),
            let serial: UInt32 = header.littleEndian(at: 14), let sequence: UInt32 = header.littleEndian(at: 18),
            let checksum: UInt32 = header.littleEndian(at: 22)
        else { throw failure("the file ends inside \(what)") }
        guard header[4] == 0 else { throw failure("Ogg version \(header[4]), only 0 is known", at: start + 4) }

        let flags = header[5]
        let lacing = try read(exactly: Int(header[26]), of: what)
        let body = try read(exactly: lacing.reduce(0) { $0 + Int($1) }, of: what)
        for index in 22..<26 { header[index] = 0 }
        let actual = OggCRC.checksum(body, continuing: OggCRC.checksum(lacing, continuing: OggCRC.checksum(header)))
        guard actual == checksum else { throw failure("wrong checksum of the Ogg page", at: start) }

        return OggPage(
            isContinued: flags & 1 != 0, isFirst: flags & 2 != 0, isLast: flags & 4 != 0,
            granulePosition: granule == .max ? nil : Int64(bitPattern: granule),
            serial: serial, sequence: sequence, lacing: lacing, body: body)
    }
}
