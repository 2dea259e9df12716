import TestSupport
import Testing

@testable import MediaFiles

struct OggOpusTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func kept(_ packets: [OggOpusPacket]) -> Int { packets.reduce(0) { $0 + $1.keep.count } }

    private func decoded(_ path: String) throws -> [UInt8] { try ffmpeg("-i", path, "-f", "s16le", "-") }

    private func message(of pages: [OggPage]) throws -> String? {
        let path = try folder.file("hand.ogg", holding: OggFile.bytes(pages))
        return failure { () throws(MediaFileError) in _ = try readOpus(path) }?.what
    }

    private let audioOffset = OggFile.bytes(OggFile.headers()).count

    @Test(arguments: ["customer.ogg", "technician.ogg", "second.ogg"])
    func `A speech fixture holds 12 s after its pre-skip`(name: String) throws {
        var reader = try OggOpusReader(path: Fixtures.path(name))
        #expect(reader.channels == 1)
        #expect(reader.preSkip == 312)
        #expect(reader.inputSampleRate == 48_000)
        #expect(reader.outputGain == 0)
        var packets: [OggOpusPacket] = []
        while let packet = try reader.next() { packets.append(packet) }
        #expect(kept(packets) == 576_000)
        #expect(packets.allSatisfy { $0.samples == 960 })
        #expect(packets.last?.granulePosition == 576_312)
        #expect(try reader.next() == nil)
        try reader.rewind()
        var again: [OggOpusPacket] = []
        while let packet = try reader.next() { again.append(packet) }
        #expect(again == packets)
    }

    @Test func `A file of ours decodes like its source and is clean to opusinfo`() throws {
        let source = Fixtures.path("technician.ogg")
        let packets = try readOpus(source)
        let copy = folder.file("copy.ogg")
        var writer = try OggOpusWriter(path: copy, channels: 1, preSkip: 312, serial: 77)
        for packet in packets { try writer.write(packet.data, samples48k: packet.samples) }
        let surplus = Int(writer.samplesWritten) - 312 - 576_000
        #expect(surplus > 0)
        try writer.finish(trimmingEnd: surplus)

        #expect(try readOpus(copy).map(\.data) == packets.map(\.data))
        #expect(try kept(readOpus(copy)) == 576_000)
        let samples = try decoded(copy)
        #expect(samples.count == 2 * 576_000)
        #expect(samples == (try decoded(source)))
        let report = try runProcess("opusinfo", [copy])
        let words = text(report.stdout) + report.stderr
        #expect(report.status == 0)
        #expect(words.contains("Playback length: 0m:12.000s"), "\(words)")
        #expect(!words.lowercased().contains("warning"), "\(words)")
    }

    @Test(arguments: [("64k", "20"), ("510k", "20"), ("96k", "60"), ("48k", "2.5")])
    func `Packets of ffmpeg's file are those that ffprobe lists`(bitrate: String, duration: String) throws {
        let path = folder.file("ffmpeg.ogg")
        // Noise at 510 kbit/s fills pages, so that packets go on over them.
        try ffmpeg(
            "-f", "lavfi", "-i", "anoisesrc=duration=3:sample_rate=48000:seed=1", "-ac", "2",
            "-c:a", "libopus", "-b:a", bitrate, "-vbr", "off", "-frame_duration", duration, path)
        let listed = try text(
            run("ffprobe", "-v", "error", "-show_entries", "packet=size", "-of", "csv=p=0", path)
        ).split(separator: "\n").compactMap { Int($0.prefix { $0.isNumber }) }
        let packets = try readOpus(path)
        #expect(packets.map(\.data.count) == listed)
        #expect(packets.allSatisfy { Double($0.samples) == (Double(duration) ?? 0) * 48 })
        #expect(kept(packets) == 3 * 48_000)
    }

    @Test func `A file of opusenc with long pages and a picture of its own is read`() throws {
        let wav = folder.file("in.wav")
        try ffmpeg("-f", "lavfi", "-i", "anoisesrc=duration=3.21:sample_rate=48000:seed=2", "-ac", "2", wav)
        let path = folder.file("opusenc.opus")
        try run(
            "opusenc", "--quiet", "--bitrate", "400", "--hard-cbr", "--max-delay", "1000", "--comment",
            "DESCRIPTION=" + String(repeating: "long ", count: 20_000), wav, path)
        #expect(try kept(readOpus(path)) == 154_080)
    }

    @Test(arguments: ["libvorbis", "flac"])
    func `Another codec in Ogg is refused`(codec: String) throws {
        let path = folder.file("other.ogg")
        try ffmpeg("-f", "lavfi", "-i", "sine=duration=0.2", "-c:a", codec, path)
        let error = failure { () throws(MediaFileError) in _ = try readOpus(path) }
        #expect(error?.what == "not Ogg Opus: the stream does not begin with OpusHead")
        #expect(error?.offset == 28)
    }

    @Test func `Something that is not Ogg is refused at its start`() throws {
        let error = failure { () throws(MediaFileError) in _ = try readOpus(Fixtures.path("small.ivf")) }
        #expect(error?.offset == 0)
        #expect(error?.what == "no Ogg page: OggS is missing")
        let empty = try folder.file("empty.ogg", holding: [])
        #expect(failure { () throws(MediaFileError) in _ = try readOpus(empty) }?.what == "an empty file")
    }

    @Test func `The pre-skip may take whole packets and the end may be cut over several`() throws {
        let packets = [[UInt8]](repeating: OggFile.packet(9), count: 5)
        // 4800 samples, 2000 of them before the start; the position ends at 3000.
        let pages = OggFile.headers(preSkip: 2000) + [OggFile.page(2, packets: packets, granule: 3000, last: true)]
        let read = try readOpus(folder.file("trim.ogg", holding: OggFile.bytes(pages)))
        #expect(read.map(\.keep) == [960..<960, 960..<960, 80..<960, 0..<120, 0..<0])
        // The end before the pre-skip is over: nothing is left.
        let nothing = OggFile.headers(preSkip: 2000) + [OggFile.page(2, packets: packets, granule: 1500, last: true)]
        #expect(try kept(readOpus(folder.file("trim.ogg", holding: OggFile.bytes(nothing)))) == 0)
    }

    @Test func `Positions may be ahead of the samples but not behind or backwards`() throws {
        let packet = OggFile.packet(9)
        let ahead =
            OggFile.headers() + [
                OggFile.page(2, packets: [packet], granule: 48_000),
                OggFile.page(3, packets: [packet], granule: 96_000, last: true),
            ]
        #expect(try kept(readOpus(folder.file("a.ogg", holding: OggFile.bytes(ahead)))) == 2 * 960 - 312)
        #expect(
            try message(of: OggFile.headers() + [OggFile.page(2, packets: [packet], granule: 959)])
                == "the position advances by 959 samples, the page's packets by 960")
        #expect(
            try message(
                of: OggFile.headers() + [
                    OggFile.page(2, packets: [packet], granule: 2000),
                    OggFile.page(3, packets: [packet], granule: 1999, last: true),
                ]) == "the position goes back from 2000 to 1999")
        #expect(
            try message(of: OggFile.headers() + [OggFile.page(2, packets: [packet], granule: .min, last: true)])
                == "the position goes back from 0 to \(Int64.min)")
        let farthest = OggFile.headers() + [OggFile.page(2, packets: [packet], granule: .max, last: true)]
        #expect(try readOpus(folder.file("a.ogg", holding: OggFile.bytes(farthest))).count == 1)
    }

    /// Offset within OpusHead, what is put there, and the error.
    @Test(
        arguments: [
            (0, 0x6F, "not Ogg Opus: the stream does not begin with OpusHead"),
            (8, 0, "OpusHead version 0 is not supported"),
            (8, 16, "OpusHead version 16 is not supported"),
            (9, 0, "0 channels, only 1 and 2 are supported"),
            (9, 3, "3 channels, only 1 and 2 are supported"),
            (18, 1, "channel mapping family 1 is not supported, only mono and stereo (family 0)"),
        ] as [(Int, UInt8, String)])
    func `A header that we cannot follow is refused with its place`(offset: Int, value: UInt8, message: String) throws {
        var pages = OggFile.headers() + [OggFile.page(2, packets: [OggFile.packet(5)], granule: 960, last: true)]
        pages[0].body[offset] = value
        let path = try folder.file("head.ogg", holding: OggFile.bytes(pages))
        let error = failure { () throws(MediaFileError) in _ = try readOpus(path) }
        #expect(error?.description == "\(path): at byte \(28 + offset): \(message)")
    }

    @Test func `Missing and malformed headers and packets are refused`() throws {
        let head = OggFile.headers()[0]
        let tags = OggFile.headers()[1]
        let audio = OggFile.page(1, packets: [OggFile.packet(5)], granule: 960, last: true)
        #expect(try message(of: [head, audio]) == "the second packet must be OpusTags and end its page")
        #expect(try message(of: [head]) == "the file ends without the stream's last page")
        var lastTags = tags
        lastTags.isLast = true
        #expect(try message(of: [head, lastTags]) == "the stream ends before its first audio packet")
        #expect(try message(of: [tags]) == "the stream's first page is missing")
        let short = OggFile.page(0, packets: [Array("OpusHead".utf8) + [1, 1]], granule: 0, first: true)
        #expect(try message(of: [short, tags]) == "OpusHead of 10 bytes, less than 19")
        for packet: [UInt8] in [[], [0xFB], [0xFB, 0], [0xFB, 63]] {
            let page = OggFile.page(2, packets: [packet], granule: 960, last: true)
            #expect(
                try message(of: OggFile.headers() + [page]) == "an Opus packet of \(packet.count) bytes is malformed")
        }
    }

    @Test func `Time of lost packets is kept`() throws {
        let packets = Array(try readOpus(Fixtures.path("customer.ogg")).prefix(100))
        let path = folder.file("loss.ogg")
        var writer = try OggOpusWriter(path: path, channels: 1, preSkip: 312, serial: 5)
        for (index, packet) in packets.enumerated() {
            if index % 10 == 9 {
                try writer.writeLoss(samples48k: packet.samples)
            } else {
                try writer.write(packet.data, samples48k: packet.samples)
            }
        }
        try writer.writeLoss(samples48k: 1080)
        #expect(writer.samplesWritten == 97_080)
        try writer.finish()
        #expect(try readOpus(path).count == 102)
        #expect(try decoded(path).count == 2 * (97_080 - 312))
        #expect(try runProcess("opusinfo", [path]).status == 0)
    }

    @Test func `The writer refuses what does not fit`() throws {
        let path = folder.file("never.ogg")
        #expect(
            failure { () throws(MediaFileError) in
                _ = try OggOpusWriter(path: path, channels: 3, preSkip: 0, serial: 1)
            } != nil)
        #expect(
            failure { () throws(MediaFileError) in
                _ = try OggOpusWriter(path: path, channels: 1, preSkip: 65_536, serial: 1)
            } != nil)
        for (packet, samples) in [([], 960), ([0xF8], 480), ([0xFB, 0], 0)] as [([UInt8], Int)] {
            #expect(
                failure { () throws(MediaFileError) in
                    var writer = try OggOpusWriter(path: path, channels: 1, preSkip: 0, serial: 1)
                    try writer.write(packet, samples48k: samples)
                } != nil)
        }
        #expect(
            failure { () throws(MediaFileError) in
                var writer = try OggOpusWriter(path: path, channels: 1, preSkip: 0, serial: 1)
                try writer.writeLoss(samples48k: 100)
            } != nil)
    }

    @Test func `A file without packets is a whole file`() throws {
        let path = folder.file("none.ogg")
        var writer = try OggOpusWriter(path: path, channels: 1, preSkip: 0, serial: 1)
        try writer.finish()
        #expect(try readOpus(path).isEmpty)
    }

    @Test func `Large packets are spread over pages`() throws {
        let packets = (0..<40).map { OggFile.packet(20_000 + $0, filling: UInt8($0)) }
        let path = folder.file("large.ogg")
        var writer = try OggOpusWriter(path: path, channels: 1, preSkip: 0, serial: 1)
        for packet in packets { try writer.write(packet, samples48k: 960) }
        try writer.finish()
        #expect(try readOpus(path).map(\.data) == packets)
    }

    @Test func `A file cut anywhere is refused`() throws {
        let pages =
            OggFile.headers() + [
                OggFile.page(2, packets: [OggFile.packet(20), OggFile.packet(300)], granule: 1920),
                OggFile.page(3, packets: [OggFile.packet(10)], granule: 2880, last: true),
            ]
        let file = OggFile.bytes(pages)
        for length in 0..<file.count {
            let path = try folder.file("cut.ogg", holding: Array(file.prefix(length)))
            let error = failure { () throws(MediaFileError) in _ = try readOpus(path) }
            #expect((0...length).contains(error?.offset ?? -1), "\(String(describing: error))")
        }
    }

    @Test(arguments: [false, true])
    func `Damaged files never trap`(withRightChecksums: Bool) throws {
        let long = OggFile.packet(1000, filling: 1)
        let hand = OggFile.bytes(
            OggFile.headers() + [
                OggFile.page(2, lacing: [255, 255], body: Array(long[..<510]), granule: nil),
                OggFile.page(
                    3, lacing: [255, 235, 7], body: Array(long[510...]) + OggFile.packet(7), granule: 1920,
                    continued: true),
                OggFile.page(4, packets: [OggFile.packet(10), OggFile.packet(300)], granule: 3000, last: true),
            ])
        let path = folder.file("short.ogg")
        try ffmpeg("-i", Fixtures.path("customer.ogg"), "-t", "0.2", "-c", "copy", path)
        let seeds = [hand, try bytes(ofFile: path)]
        func repair(_ file: [UInt8]) -> [UInt8] { withRightChecksums ? OggFile.repaired(file) : file }
        try expectSurvival(of: seeds, seed: 0x099, rounds: 2000, repair: repair) { path throws(MediaFileError) in
            try readOpus(path).reduce(0) { $0 + $1.data.count }
        }
    }
}
