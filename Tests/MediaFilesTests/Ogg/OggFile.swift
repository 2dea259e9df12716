@testable import MediaFiles

/// Ogg files made by hand, page by page.
enum OggFile {
    static let serial: UInt32 = 0x1234

    static func page(
        _ sequence: UInt32, lacing: [UInt8], body: [UInt8], granule: Int64?, continued: Bool = false,
        first: Bool = false,
        last: Bool = false, serial: UInt32 = serial
    ) -> OggPage {
        OggPage(
            isContinued: continued, isFirst: first, isLast: last, granulePosition: granule, serial: serial,
            sequence: sequence, lacing: lacing, body: body)
    }

    /// A page of whole packets.
    static func page(
        _ sequence: UInt32, packets: [[UInt8]], granule: Int64?, first: Bool = false, last: Bool = false
    ) -> OggPage {
        page(
            sequence, lacing: packets.flatMap { OggPage.lacing(ofPacket: $0.count) }, body: packets.flatMap { $0 },
            granule: granule, first: first, last: last)
    }

    /// The two header pages of Ogg Opus, mono.
    static func headers(preSkip: Int = 312) -> [OggPage] {
        [
            page(
                0, packets: [OpusHead(channels: 1, preSkip: preSkip, inputSampleRate: 48_000).packet], granule: 0,
                first: true),
            page(1, packets: [Array("OpusTags".utf8) + [0, 0, 0, 0, 0, 0, 0, 0]], granule: 0),
        ]
    }

    /// An Opus packet of 20 ms (CELT, full band, code 0) with `count` bytes.
    static func packet(_ count: Int, filling: UInt8 = 0x55) -> [UInt8] {
        [0xF8] + [UInt8](repeating: filling, count: max(0, count - 1))
    }

    static func bytes(_ pages: [OggPage]) -> [UInt8] { pages.flatMap { $0.serialized() } }

    /// Gives every whole page its right checksum, so that damage gets past the first check.
    static func repaired(_ file: [UInt8]) -> [UInt8] {
        var file = file
        var start = 0
        while start + OggPage.headerBytes <= file.count {
            guard file.spells("OggS", at: start) else {
                start += 1
                continue
            }
            let table = start + OggPage.headerBytes
            let segments = Int(file[start + 26])
            guard table + segments <= file.count else { break }
            let end = table + segments + file[table..<table + segments].reduce(0) { $0 + Int($1) }
            guard end <= file.count else { break }
            for index in 22..<26 { file[start + index] = 0 }
            let checksum = OggCRC.checksum(Array(file[start..<end]))
            for index in 0..<4 { file[start + 22 + index] = UInt8(truncatingIfNeeded: checksum >> UInt32(8 * index)) }
            start = end
        }
        return file
    }
}
