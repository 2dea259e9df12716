import MediaFiles
import TestSupport
import Testing

struct Y4MTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    /// Pictures of 5x3: 15 bytes of luma, 3x2 of each chroma.
    private let sample = (0..<3).map { number in
        let base = UInt8(number * 30)
        return Y4MFrame(
            y: (0..<15).map { base + $0 }, u: (15..<21).map { base + $0 }, v: (21..<27).map { base + $0 })
    }

    private func write(_ frames: [Y4MFrame]) throws -> String {
        let path = folder.file("a.y4m")
        var writer = try Y4MWriter(
            path: path, width: 5, height: 3, frameRateNumerator: 30_000, frameRateDenominator: 1001)
        for frame in frames { try writer.write(frame) }
        #expect(writer.frameCount == frames.count)
        try writer.finish()
        return path
    }

    @Test func `What is written is read back`() throws {
        var reader = try Y4MReader(path: write(sample))
        #expect(reader.width == 5)
        #expect(reader.height == 3)
        #expect(reader.frameRateNumerator == 30_000)
        #expect(reader.frameRateDenominator == 1001)
        for frame in sample { #expect(try reader.next() == frame) }
        #expect(try reader.next() == nil)
        try reader.rewind()
        #expect(try reader.next() == sample[0])
    }

    @Test func `Pictures of ffmpeg's file are the raw pictures, and ours are the same to ffmpeg`() throws {
        let source = folder.file("ffmpeg.y4m")
        try ffmpeg(
            "-f", "lavfi", "-i", "testsrc2=size=322x242:rate=30000/1001:duration=0.3,scale=161:121", "-pix_fmt",
            "yuv420p", source)
        var reader = try Y4MReader(path: source)
        #expect(reader.width == 161)
        #expect(reader.height == 121)
        #expect(reader.frameRateNumerator == 30_000)
        #expect(reader.frameRateDenominator == 1001)

        let copy = folder.file("copy.y4m")
        var writer = try Y4MWriter(
            path: copy, width: 161, height: 121, frameRateNumerator: 30_000, frameRateDenominator: 1001)
        var planes: [UInt8] = []
        while let frame = try reader.next() {
            planes += frame.y + frame.u + frame.v
            try writer.write(frame)
        }
        try writer.finish()
        let raw = try ffmpeg("-i", source, "-f", "rawvideo", "-pix_fmt", "yuv420p", "-")
        #expect(raw.count == 9 * (161 * 121 + 2 * 81 * 61))
        #expect(planes == raw)
        #expect(try ffmpeg("-i", copy, "-f", "rawvideo", "-pix_fmt", "yuv420p", "-") == raw)
        let rate = try run("ffprobe", "-v", "error", "-show_entries", "stream=r_frame_rate", "-of", "csv=p=0", copy)
        #expect(text(rate) == "30000/1001\n")
    }

    @Test(arguments: ["yuv444p", "yuv422p", "gray", "yuv420p10le"])
    func `Other colour spaces of ffmpeg are refused`(format: String) throws {
        let path = folder.file("other.y4m")
        try ffmpeg(
            "-f", "lavfi", "-i", "testsrc2=size=32x32:duration=0.1", "-pix_fmt", format, "-strict", "-1", path)
        let error = failure { () throws(MediaFileError) in _ = try readY4M(path) }
        #expect(
            error?.what.contains("is not supported; convert to 8-bit 4:2:0") == true, "\(String(describing: error))")
    }

    @Test(arguments: ["C420", "C420jpeg", "C420mpeg2", "C420paldv", ""])
    func `Each name of 8-bit 4:2:0 is read, and none means it too`(name: String) throws {
        let header = "YUV4MPEG2 W5 H3 F25:1 Ip A1:1 \(name) XANY=THING Z9\n"
        let frame = sample[1]
        let file = Array(header.utf8) + Array("FRAME Ip XTHING\n".utf8) + frame.y + frame.u + frame.v
        #expect(try readY4M(folder.file("named.y4m", holding: file)) == [frame])
    }

    /// The whole file up to its first picture, and the error's text after the path.
    @Test(arguments: [
        ("", "at byte 0: not a Y4M file: it does not begin with YUV4MPEG2"),
        ("YUV4MPEG", "at byte 0: not a Y4M file: it does not begin with YUV4MPEG2"),
        ("YUV4MPEG3 W5 H3 F25:1\n", "at byte 0: not a Y4M file: it does not begin with YUV4MPEG2"),
        ("YUV4MPEG2 W5 H3 F25:1", "at byte 21: the file ends inside the Y4M header"),
        ("YUV4MPEG2 H3 F25:1\n", "at byte 18: the header names no width (W)"),
        ("YUV4MPEG2 W5 F25:1\n", "at byte 18: the header names no height (H)"),
        ("YUV4MPEG2 W5 H3\n", "at byte 15: the header names no frame rate (F)"),
        ("YUV4MPEG2 W0 H3 F25:1\n", "at byte 10: width \"0\", the limit is 1 to 4096"),
        ("YUV4MPEG2 W-5 H3 F25:1\n", "at byte 10: width \"-5\", the limit is 1 to 4096"),
        ("YUV4MPEG2 W5 H4097 F25:1\n", "at byte 13: height \"4097\", the limit is 1 to 4096"),
        ("YUV4MPEG2 W99999999999999999999 H3\n", "at byte 10: width \"99999999999999999999\", the limit is 1 to 4096"),
        ("YUV4MPEG2 W5 H3 F0:0\n", "at byte 16: frame rate \"0:0\", not two numbers above zero like 30:1"),
        ("YUV4MPEG2 W5 H3 F25\n", "at byte 16: frame rate \"25\", not two numbers above zero like 30:1"),
        ("YUV4MPEG2 W5 H3 F25:1 It\n", "at byte 22: interlaced pictures (It) are not supported, only progressive ones"),
        ("YUV4MPEG2 W5 H3 F25:1\nFRAMES\n", "at byte 22: a picture does not begin with FRAME"),
        ("YUV4MPEG2 W5 H3 F25:1\nFRAME", "at byte 27: the file ends inside a FRAME line"),
        (
            "YUV4MPEG2 W5 H3 F25:1\nFRAME\n1234567890",
            "at byte 38: the file ends inside the picture that begins at byte 22, 5 of 15 bytes are missing"
        ),
        (
            "YUV4MPEG2 W4096 H4096 F25:1\nFRAME\n",
            "at byte 34: the file ends inside the picture that begins at byte 28, 16777216 of 16777216 bytes are missing"
        ),
    ])
    func `A broken file is refused with its place`(start: String, message: String) throws {
        let path = try folder.file("broken.y4m", holding: Array(start.utf8))
        let error = failure { () throws(MediaFileError) in _ = try readY4M(path) }
        #expect(error?.description == "\(path): \(message)")
    }

    @Test func `A line without end is refused after its limit`() throws {
        let path = try folder.file(
            "line.y4m", holding: Array("YUV4MPEG2 ".utf8) + [UInt8](repeating: 0x41, count: 100_000))
        let error = failure { () throws(MediaFileError) in _ = try readY4M(path) }
        #expect(error?.what == "the Y4M header is longer than the limit of 1024 bytes")
    }

    @Test func `A file cut anywhere but between pictures is refused`() throws {
        let file = try bytes(ofFile: write(sample))
        let pictureBytes = 6 + 27
        let headerBytes = file.count - 3 * pictureBytes
        for length in 0...file.count {
            let path = try folder.file("cut.y4m", holding: Array(file.prefix(length)))
            let (whole, rest) = (length - headerBytes).quotientAndRemainder(dividingBy: pictureBytes)
            if length >= headerBytes, rest == 0 {
                #expect(try readY4M(path) == Array(sample.prefix(whole)))
            } else {
                let error = failure { () throws(MediaFileError) in _ = try readY4M(path) }
                #expect(error?.offset == (length < 10 ? 0 : length), "\(String(describing: error))")
            }
        }
    }

    @Test func `The writer refuses what does not fit`() throws {
        let path = folder.file("never.y4m")
        #expect(failure { () throws(MediaFileError) in _ = try Y4MWriter(path: path, width: 0, height: 4) } != nil)
        #expect(
            failure { () throws(MediaFileError) in
                _ = try Y4MWriter(path: path, width: 4, height: 4, frameRateNumerator: 0)
            } != nil)
        var writer = try Y4MWriter(path: path, width: 4, height: 4)
        do throws(MediaFileError) {
            try writer.write(y: [UInt8](repeating: 0, count: 16), u: [0, 0, 0, 0], v: [0, 0, 0])
            Issue.record("no error")
        } catch {
            #expect(error.what == "planes of 16, 4 and 3 bytes do not make a picture of 4x4")
        }
    }

    @Test func `Damaged files never trap`() throws {
        try expectSurvival(of: [try bytes(ofFile: write(sample))], seed: 0x24, rounds: 2000) {
            path throws(MediaFileError) in
            try readY4M(path).reduce(0) { $0 + $1.y.count + $1.u.count + $1.v.count + 6 }
        }
    }
}
