import Testing

@testable import MediaFiles

struct OggPacketTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func packets(of pages: [OggPage]) throws -> [OggOpusPacket] {
        try readOpus(folder.file("hand.ogg", holding: OggFile.bytes(pages)))
    }

    private func message(of pages: [OggPage]) throws -> String? {
        let path = try folder.file("hand.ogg", holding: OggFile.bytes(pages))
        return failure { () throws(MediaFileError) in _ = try readOpus(path) }.map { error in
            error.offset.map { "at byte \($0): \(error.what)" } ?? error.what
        }
    }

    /// Where the third page begins.
    private let audioOffset = OggFile.bytes(OggFile.headers()).count

    @Test func `The checksum is CRC-32 without reflection`() {
        // Catalogued for this polynomial, start 0, without final inversion: the CRC of POSIX cksum before the length.
        #expect(OggCRC.checksum(Array("123456789".utf8)) == 0x89A1_897F)
        #expect(OggCRC.checksum([]) == 0)
        let split = OggCRC.checksum(Array("56789".utf8), continuing: OggCRC.checksum(Array("1234".utf8)))
        #expect(split == 0x89A1_897F)
    }

    @Test func `A packet may go on over several pages`() throws {
        let long = OggFile.packet(1000, filling: 1)
        let before = OggFile.packet(10)
        let after = OggFile.packet(255, filling: 3)
        let pages =
            OggFile.headers() + [
                OggFile.page(2, lacing: [10, 255], body: before + long[..<255], granule: 960),
                OggFile.page(3, lacing: [255], body: Array(long[255..<510]), granule: nil, continued: true),
                OggFile.page(
                    4, lacing: [255, 235, 255, 0], body: Array(long[510...]) + after, granule: 2880, continued: true,
                    last: true),
            ]
        let read = try packets(of: pages)
        #expect(read.map(\.data) == [before, long, after])
        #expect(read.map(\.granulePosition) == [960, nil, 2880])
        #expect(read.map(\.keep) == [312..<960, 0..<960, 0..<960])
    }

    @Test(arguments: [1, 254, 255, 256, 509, 510, 511, 61_440])
    func `Packets of every length class are read back`(size: Int) throws {
        let all = [OggFile.packet(size), OggFile.packet(1)]
        let pages = OggFile.headers() + [OggFile.page(2, packets: all, granule: 1920, last: true)]
        #expect(try packets(of: pages).map(\.data) == all)
    }

    @Test func `A missing page is noticed`() throws {
        let pages =
            OggFile.headers() + [
                OggFile.page(2, packets: [OggFile.packet(5)], granule: 960),
                OggFile.page(4, packets: [OggFile.packet(5)], granule: 1920, last: true),
            ]
        let third = audioOffset + pages[2].serialized().count
        #expect(try message(of: pages) == "at byte \(third): page 4 where page 3 must be")
    }

    @Test func `A packet that never began, one cut short and one open at the end are refused`() throws {
        let neverBegan = OggFile.page(
            2, lacing: [5], body: OggFile.packet(5), granule: 960, continued: true, last: true)
        #expect(
            try message(of: OggFile.headers() + [neverBegan])
                == "at byte \(audioOffset): a packet goes on that never began")
        let open = OggFile.page(2, lacing: [255], body: OggFile.packet(255), granule: nil)
        let next = OggFile.page(3, packets: [OggFile.packet(5)], granule: 960, last: true)
        #expect(
            try message(of: OggFile.headers() + [open, next])
                == "at byte \(audioOffset + open.serialized().count): a packet is cut short")
        let last = OggFile.page(2, lacing: [255], body: OggFile.packet(255), granule: nil, last: true)
        #expect(
            try message(of: OggFile.headers() + [last]) == "at byte \(audioOffset): the last page ends inside a packet")
    }

    @Test func `A stream without its last page, or with more after it, is refused`() throws {
        let page = OggFile.page(2, packets: [OggFile.packet(5)], granule: 960)
        let end = audioOffset + page.serialized().count
        #expect(
            try message(of: OggFile.headers() + [page])
                == "at byte \(end): the file ends without the stream's last page")
        var last = page
        last.isLast = true
        let more = OggFile.page(3, packets: [OggFile.packet(5)], granule: 1920, last: true)
        #expect(
            try message(of: OggFile.headers() + [last, more])
                == "at byte \(end): the stream goes on after its last page")
    }

    @Test func `A second stream is refused, side by side or after the first`() throws {
        var other = OggFile.page(2, packets: [OggFile.packet(5)], granule: 960, last: true)
        other.serial = 99
        let text = "a second stream begins; only files with one stream are supported"
        #expect(try message(of: OggFile.headers() + [other]) == "at byte \(audioOffset): \(text)")
        let whole = OggFile.headers() + [OggFile.page(2, packets: [OggFile.packet(5)], granule: 960, last: true)]
        #expect(try message(of: whole + whole) == "at byte \(OggFile.bytes(whole).count): \(text)")
    }

    @Test func `A packet over the limit is refused before it grows further`() throws {
        let page = OggFile.page(
            2, lacing: [UInt8](repeating: 255, count: 255), body: [UInt8](repeating: 0xF8, count: 65_025), granule: nil)
        #expect(
            try message(of: OggFile.headers() + [page])
                == "at byte \(audioOffset): packet of over 61440 bytes, the limit")
    }

    @Test func `Packets that end without a position are refused`() throws {
        let page = OggFile.page(2, packets: [OggFile.packet(5)], granule: nil, last: true)
        #expect(
            try message(of: OggFile.headers() + [page])
                == "at byte \(audioOffset): packets end on the page, but it tells no position")
    }

    @Test func `One wrong bit anywhere is noticed`() throws {
        let file = OggFile.bytes(
            OggFile.headers() + [OggFile.page(2, packets: [OggFile.packet(20)], granule: 960, last: true)])
        for index in file.indices {
            var damaged = file
            damaged[index] ^= 0x10
            let path = try folder.file("bit.ogg", holding: damaged)
            #expect(failure { () throws(MediaFileError) in _ = try readOpus(path) } != nil, "byte \(index)")
        }
    }
}
