import Foundation
import MediaFiles
import TestSupport
import Testing

struct WAVTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private let sample: [Int16] = [0, 1, -1, .max, .min, 12_345]

    private func write(_ samples: [Int16], channels: Int = 2, to name: String = "a.wav") throws -> String {
        var writer = try WAVWriter(path: folder.file(name), sampleRate: 48_000, channels: channels)
        try writer.write(samples)
        #expect(writer.frameCount == samples.count / channels)
        try writer.finish()
        return folder.file(name)
    }

    private func integers(_ bytes: [UInt8]) -> [Int16] {
        stride(from: 0, to: bytes.count - 1, by: 2).map {
            Int16(bitPattern: UInt16(bytes[$0]) | UInt16(bytes[$0 + 1]) << 8)
        }
    }

    @Test func `What is written is read back`() throws {
        var reader = try WAVReader(path: write(sample))
        #expect(reader.sampleRate == 48_000)
        #expect(reader.channels == 2)
        #expect(reader.totalFrames == 3)
        #expect(try reader.read(frames: 2) == Array(sample.prefix(4)))
        #expect(try reader.read(frames: 2) == Array(sample.suffix(2)))
        #expect(try reader.read(frames: 2) == [])
        try reader.rewind()
        #expect(try reader.read(frames: 0) == [])
        #expect(try reader.read(frames: -1) == [])
        #expect(try reader.read(frames: .max) == sample)
    }

    @Test(arguments: [1, 2, 6])
    func `Samples of ffmpeg's file are the raw samples, and ours are the same to ffmpeg`(channels: Int) throws {
        let source = folder.file("ffmpeg.wav")
        // Six channels make an extensible format chunk.
        try ffmpeg(
            "-f", "lavfi", "-i", "sine=frequency=440:sample_rate=44100:duration=0.5", "-ac", "\(channels)",
            source)
        let raw = integers(try ffmpeg("-i", source, "-f", "s16le", "-"))
        #expect(raw.count == 22_050 * channels)
        let reader = try WAVReader(path: source)
        #expect(reader.channels == channels)
        #expect(reader.sampleRate == 44_100)
        #expect(reader.totalFrames == 22_050)
        #expect(try readWAV(source) == raw)

        let copy = try write(raw, channels: channels, to: "copy.wav")
        #expect(integers(try ffmpeg("-i", copy, "-f", "s16le", "-")) == raw)
    }

    @Test func `Files that ffmpeg and espeak-ng wrote to a pipe are read to their end`() throws {
        let source = try write(sample)
        let streams = [
            try ffmpeg("-i", source, "-f", "wav", "-"),
            try run("espeak-ng", "--stdout", "one"),
        ]
        for (index, stream) in streams.enumerated() {
            let path = try folder.file("stream.wav", holding: stream)
            let samples = try readWAV(path)
            if index == 0 { #expect(samples == sample) } else { #expect(samples.count > 2000) }
            let reader = try WAVReader(path: path)
            #expect(reader.totalFrames == samples.count / reader.channels)
        }
    }

    @Test(arguments: [0, 1, 2, 3])
    func `Chunks before and after the format are passed over with their padding`(size: Int) throws {
        let chunk = Array("JUNK".utf8) + [UInt8(size), 0, 0, 0] + [UInt8](repeating: 0xAA, count: size + size % 2)
        let plain = try bytes(ofFile: write(sample))
        let file = Array(plain[..<12]) + chunk + Array(plain[12..<36]) + chunk + Array(plain[36...]) + chunk
        #expect(try readWAV(folder.file("chunks.wav", holding: file)) == sample)
    }

    @Test func `An unfinished file of ours is read to its end`() throws {
        let path = folder.file("open.wav")
        do {
            var writer = try WAVWriter(path: path, sampleRate: 8000, channels: 1)
            try writer.write(sample)
        }
        #expect(try readWAV(path) == sample)
    }

    @Test func `A pipe is read and cannot go back`() throws {
        let pipe = folder.file("pipe")
        #expect(mkfifo(pipe, 0o600) == 0)
        var file = try bytes(ofFile: write(sample))
        file.replaceSubrange(40..<44, with: [0xFF, 0xFF, 0xFF, 0xFF])
        let content = file
        Thread.detachNewThread {
            FileHandle(forWritingAtPath: pipe).map { handle in
                try? handle.write(contentsOf: Data(content))
                try? handle.close()
            }
        }
        var reader = try WAVReader(path: pipe)
        #expect(reader.totalFrames == nil)
        #expect(try reader.read(frames: 1000) == sample)
        #expect(try reader.read(frames: 1000) == [])
        do throws(MediaFileError) {
            try reader.rewind()
            Issue.record("no error")
        } catch {
            #expect(error.what == "cannot go to byte 44: Illegal seek")
        }
    }

    @Test(arguments: [
        ("pcm_s24le", "24-bit PCM is not supported; convert to 16-bit PCM (ffmpeg: -c:a pcm_s16le)"),
        ("pcm_u8", "8-bit PCM is not supported; convert to 16-bit PCM (ffmpeg: -c:a pcm_s16le)"),
        ("pcm_f32le", "format 3 is not supported; convert to 16-bit PCM (ffmpeg: -c:a pcm_s16le)"),
        ("pcm_mulaw", "format 7 is not supported; convert to 16-bit PCM (ffmpeg: -c:a pcm_s16le)"),
    ])
    func `Other sample formats are refused`(codec: String, message: String) throws {
        let path = folder.file("other.wav")
        try ffmpeg("-f", "lavfi", "-i", "sine=duration=0.1", "-c:a", codec, path)
        #expect(failure { () throws(MediaFileError) in _ = try readWAV(path) }?.what == message)
    }

    /// Offset of the damage, what is put there, and the error's text after the path. The file has 44 + 12 bytes.
    @Test(
        arguments: [
            (0, [0x4A], "at byte 0: not a WAV file: it does not begin with RIFF and WAVE"),
            (8, [0x4A], "at byte 0: not a WAV file: it does not begin with RIFF and WAVE"),
            (12, [0x4A], "at byte 36: the samples come before the format chunk"),
            (16, [15], "at byte 12: format chunk of 15 bytes, not 16 to 1024"),
            (16, [0xFF, 0xFF, 0xFF, 0xFF], "at byte 12: format chunk of 4294967295 bytes, not 16 to 1024"),
            (20, [0xFE, 0xFF], "at byte 20: extensible format chunk of 16 bytes, less than 40"),
            (22, [0], "at byte 22: 0 channels, the limit is 1 to 8"),
            (22, [9], "at byte 22: 9 channels, the limit is 1 to 8"),
            (24, [0, 0, 0, 0], "at byte 24: sample rate of 0 Hz, the limit is 1 to 384000"),
            (24, [0, 0, 0, 0xFF], "at byte 24: sample rate of 4278190080 Hz, the limit is 1 to 384000"),
            (32, [3], "at byte 32: frames of 3 bytes do not fit 2 channels of 16 bits"),
            (
                36, [0x4A, 0x4A, 0x4A, 0x4A, 0xFF, 0xFF, 0xFF, 0x7F],
                "at byte 44: a chunk of 2147483647 bytes, but only 12 follow"
            ),
            (
                36, [0x4A],
                "at byte 56: the file ends inside a chunk header, before any samples, 4 of 4 bytes are missing"
            ),
            (40, [13], "at byte 36: data chunk of 13 bytes, but only 12 follow"),
            (40, [0xFE, 0xFF, 0xFF, 0xFF], "at byte 36: data chunk of 4294967294 bytes, but only 12 follow"),
            (40, [10], "at byte 36: data chunk of 10 bytes, not whole frames of 4"),
        ] as [(Int, [UInt8], String)])
    func `A lying header is refused with its place`(offset: Int, change: [UInt8], message: String) throws {
        var file = try bytes(ofFile: write(sample))
        file.replaceSubrange(offset..<offset + change.count, with: change)
        let path = try folder.file("lie.wav", holding: file)
        let error = failure { () throws(MediaFileError) in _ = try readWAV(path) }
        #expect(error?.description == "\(path): \(message)")
    }

    @Test func `A file cut anywhere is refused`() throws {
        let file = try bytes(ofFile: write(sample))
        for length in 0..<file.count {
            let path = try folder.file("cut.wav", holding: Array(file.prefix(length)))
            let error = failure { () throws(MediaFileError) in _ = try readWAV(path) }
            #expect((0...length).contains(error?.offset ?? -1), "\(String(describing: error))")
        }
    }

    @Test func `Endless chunks are refused after their limit`() throws {
        var file = Array("RIFF....WAVE".utf8)
        for _ in 0..<2000 { file += Array("JUNK".utf8) + [0, 0, 0, 0] }
        let path = try folder.file("chunks.wav", holding: file)
        #expect(
            failure { () throws(MediaFileError) in _ = try readWAV(path) }?.what
                == "more than 1024 chunks and no samples")
    }

    @Test func `The writer refuses what does not fit`() throws {
        let path = folder.file("never.wav")
        #expect(
            failure { () throws(MediaFileError) in _ = try WAVWriter(path: path, sampleRate: 0, channels: 1) } != nil)
        #expect(
            failure { () throws(MediaFileError) in _ = try WAVWriter(path: path, sampleRate: 1, channels: 9) } != nil)
        var writer = try WAVWriter(path: path, sampleRate: 48_000, channels: 2)
        do throws(MediaFileError) {
            try writer.write([1, 2, 3])
            Issue.record("no error")
        } catch {
            #expect(error.what == "3 samples are not whole frames of 2 channels")
        }
    }

    @Test func `Damaged files never trap`() throws {
        let extensible = folder.file("six.wav")
        try ffmpeg("-f", "lavfi", "-i", "sine=duration=0.01", "-ac", "6", extensible)
        let seeds = [try bytes(ofFile: write(sample)), try bytes(ofFile: extensible)]
        try expectSurvival(of: seeds, seed: 0x57, rounds: 2000) { path throws(MediaFileError) in
            try readWAV(path).count * 2
        }
    }
}
