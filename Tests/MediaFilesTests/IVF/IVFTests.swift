import MediaFiles
import TestSupport
import Testing

struct IVFTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func write(_ frames: [IVFFrame], to name: String = "a.ivf") throws -> String {
        let path = folder.file(name)
        var writer = try IVFWriter(
            path: path, fourCC: "VP80", width: 64, height: 48, timebaseDenominator: 30, timebaseNumerator: 1)
        for frame in frames { try writer.write(frame.data, timestamp: frame.timestamp) }
        try writer.finish()
        return path
    }

    private let sample = [
        IVFFrame(data: [1, 2, 3], timestamp: 0), IVFFrame(data: [], timestamp: 7),
        IVFFrame(data: [UInt8](repeating: 9, count: 100_000), timestamp: .max),
    ]

    @Test func `What is written is read back`() throws {
        let path = try write(sample)
        var reader = try IVFReader(path: path)
        #expect(reader.fourCC == "VP80")
        #expect(reader.width == 64)
        #expect(reader.height == 48)
        #expect(reader.timebaseNumerator == 1)
        #expect(reader.timebaseDenominator == 30)
        #expect(reader.frameCount == 3)
        for frame in sample { #expect(try reader.next() == frame) }
        #expect(try reader.next() == nil)
        #expect(try reader.next() == nil)
        try reader.rewind()
        #expect(try reader.next() == sample[0])
    }

    @Test(arguments: [("customer.ivf", 640, 480, 360), ("cup.ivf", 640, 480, 360), ("small.ivf", 160, 120, 60)])
    func `A fixture read and written again is the same file`(name: String, width: Int, height: Int, count: Int) throws {
        var reader = try IVFReader(path: Fixtures.path(name))
        #expect(reader.width == width)
        #expect(reader.height == height)
        #expect(reader.frameCount == count)
        let copy = folder.file(name)
        var writer = try IVFWriter(
            path: copy, fourCC: reader.fourCC, width: width, height: height,
            timebaseDenominator: reader.timebaseDenominator, timebaseNumerator: reader.timebaseNumerator)
        var number: UInt64 = 0
        while let frame = try reader.next() {
            #expect(frame.timestamp == number)
            number += 1
            try writer.write(frame.data, timestamp: frame.timestamp)
        }
        try writer.finish()
        #expect(number == UInt64(count))
        #expect(try bytes(ofFile: copy) == bytes(ofFile: Fixtures.path(name)))
    }

    @Test func `ffmpeg sees the frames that we wrote`() throws {
        let original = Fixtures.path("small.ivf")
        let path = folder.file("b.ivf")
        var writer = try IVFWriter(
            path: path, fourCC: "VP80", width: 160, height: 120, timebaseDenominator: 30, timebaseNumerator: 1)
        for frame in try readIVF(original) { try writer.write(frame.data, timestamp: frame.timestamp) }
        try writer.finish()
        let ours = try ffmpeg("-i", path, "-f", "framemd5", "-")
        #expect(ours == (try ffmpeg("-i", original, "-f", "framemd5", "-")))
        #expect(text(ours).split(separator: "\n").filter { !$0.hasPrefix("#") }.count == 60)
    }

    @Test func `Frames of a file that vpxenc made are those that ffprobe lists`() throws {
        let raw = folder.file("raw.y4m")
        try ffmpeg("-i", Fixtures.path("small.ivf"), raw)
        let path = folder.file("vpxenc.ivf")
        try run("vpxenc", "--quiet", "--codec=vp8", "--ivf", "--lag-in-frames=0", "-o", path, raw)
        let listed = try text(
            run("ffprobe", "-v", "error", "-show_entries", "packet=size", "-of", "csv=p=0", path)
        ).split(separator: "\n").compactMap { Int($0) }
        #expect(listed.count == 60)
        #expect(try readIVF(path).map(\.data.count) == listed)
    }

    @Test func `A frame count of zero or all ones is not known`() throws {
        for value: UInt8 in [0, 0xFF] {
            var file = try bytes(ofFile: write(sample))
            file.replaceSubrange(24..<28, with: [value, value, value, value])
            let path = try folder.file("unknown.ivf", holding: file)
            let reader = try IVFReader(path: path)
            #expect(reader.frameCount == nil)
            #expect(try readIVF(path) == sample)
        }
    }

    @Test func `A longer header is passed over`() throws {
        var file = try bytes(ofFile: write(sample))
        file[6] = 40
        file.insert(contentsOf: [UInt8](repeating: 0xAA, count: 8), at: 32)
        #expect(try readIVF(folder.file("long.ivf", holding: file)) == sample)
    }

    @Test func `A file cut anywhere but between frames is refused`() throws {
        let short = [IVFFrame(data: [1, 2, 3], timestamp: 0), IVFFrame(data: [4], timestamp: 1)]
        let file = try bytes(ofFile: write(short))
        let boundaries = [32: 0, 47: 1, 60: 2]
        #expect(file.count == 60)
        for length in 0...file.count {
            let path = try folder.file("cut.ivf", holding: Array(file.prefix(length)))
            if let whole = boundaries[length] {
                #expect(try readIVF(path) == Array(short.prefix(whole)))
            } else {
                let error = failure { () throws(MediaFileError) in _ = try readIVF(path) }
                #expect(error?.offset == (length < 4 ? 0 : length), "\(String(describing: error))")
            }
        }
    }

    /// Offset of the damage, what is put there, and the error's text after the path.
    @Test(
        arguments: [
            (0, [0x52], "at byte 0: not an IVF file: it does not begin with DKIF"),
            (4, [1], "at byte 4: IVF version 1, only 0 is known"),
            (6, [31], "at byte 6: IVF header of 31 bytes, not 32 to 1024"),
            (6, [0, 8], "at byte 6: IVF header of 2048 bytes, not 32 to 1024"),
            (9, [0], "at byte 8: the codec's name is not four ASCII characters"),
            (12, [0, 0], "at byte 12: picture of 0x48, the limit is 1 to 4096 a side"),
            (14, [1, 16], "at byte 12: picture of 64x4097, the limit is 1 to 4096 a side"),
            (16, [0], "at byte 16: time base of 1/0 s"),
            (20, [0], "at byte 16: time base of 0/30 s"),
            (32, [0xFF, 0xE0, 0xF5, 0x05], "at byte 32: frame of 99999999 bytes, more than the limit of 8388608"),
            (32, [0xFF, 0xFF, 0xFF, 0xFF], "at byte 32: frame of 4294967295 bytes, more than the limit of 8388608"),
            (
                47, [0, 0, 128],
                "at byte 59: the file ends inside the frame that begins at byte 47, 8388608 of 8388608 bytes are missing"
            ),
        ] as [(Int, [UInt8], String)])
    func `A lying header is refused with its place`(offset: Int, change: [UInt8], message: String) throws {
        var file = try bytes(ofFile: write(Array(sample.prefix(2))))
        file.replaceSubrange(offset..<offset + change.count, with: change)
        let path = try folder.file("lie.ivf", holding: file)
        let error = failure { () throws(MediaFileError) in _ = try readIVF(path) }
        #expect(error?.description == "\(path): \(message)")
    }

    @Test func `The writer refuses what does not fit`() throws {
        let path = folder.file("never.ivf")
        func create(_ fourCC: String, _ width: Int, _ height: Int, _ denominator: Int) throws(MediaFileError) {
            _ = try IVFWriter(
                path: path, fourCC: fourCC, width: width, height: height, timebaseDenominator: denominator,
                timebaseNumerator: 1)
        }
        #expect(failure { () throws(MediaFileError) in try create("VP8", 1, 1, 30) } != nil)
        #expect(failure { () throws(MediaFileError) in try create("VP8ä", 1, 1, 30) } != nil)
        #expect(failure { () throws(MediaFileError) in try create("VP80", 0, 1, 30) } != nil)
        #expect(failure { () throws(MediaFileError) in try create("VP80", 1, 4097, 30) } != nil)
        #expect(failure { () throws(MediaFileError) in try create("VP80", 1, 1, 0) } != nil)
        var writer = try IVFWriter(
            path: path, fourCC: "VP80", width: 1, height: 1, timebaseDenominator: 30, timebaseNumerator: 1)
        do throws(MediaFileError) {
            try writer.write([UInt8](repeating: 0, count: MediaFileLimits.frameBytes + 1), timestamp: 0)
            Issue.record("no error")
        } catch {
            #expect(error.what == "frame of 8388609 bytes, more than the limit of 8388608")
        }
        try writer.finish()
        do throws(MediaFileError) {
            try writer.write([1], timestamp: 0)
            try writer.finish()
            Issue.record("no error")
        } catch {
            #expect(error.what == "is finished already")
        }
    }

    @Test func `Damaged files never trap`() throws {
        let camera = Array(try readIVF(Fixtures.path("small.ivf")).prefix(4))
        let seeds = [try bytes(ofFile: write(camera)), try bytes(ofFile: write(Array(sample.prefix(2))))]
        try expectSurvival(of: seeds, seed: 0x1F, rounds: 1500) { path throws(MediaFileError) in
            try readIVF(path).reduce(0) { $0 + $1.data.count + 12 }
        }
    }
}
