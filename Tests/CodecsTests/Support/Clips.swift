import Codecs
import Foundation
import MediaFiles
import TestSupport

/// Pictures and sound for codec tests.
enum Clips {
    /// The compressed frames of an IVF file, from the start.
    static func frames(ofIVF path: String, limit: Int = .max) throws -> [[UInt8]] {
        var reader = try IVFReader(path: path)
        var frames: [[UInt8]] = []
        while frames.count < limit, let frame = try reader.next() { frames.append(frame.data) }
        return frames
    }

    /// Natural moving pictures: a fixture decoded.
    static func pictures(fixture name: String, limit: Int) throws -> [I420Frame] {
        var decoder = try VP8Decoder()
        var pictures: [I420Frame] = []
        for data in try frames(ofIVF: Fixtures.path(name), limit: limit) {
            if let picture = try decoder.decode(data) { pictures.append(picture) }
        }
        return pictures
    }

    /// A moving, softly shaded picture of any size; neighbouring indices differ everywhere.
    static func synthetic(width: Int, height: Int, index: Int) -> I420Frame {
        var frame = I420Frame(width: width, height: height)
        for row in 0..<height {
            for column in 0..<width {
                let wave = (column + 3 * index) % 64 * 2 + (row + index) % 32
                frame.y[row * width + column] = UInt8(clamping: 40 + wave)
            }
        }
        for row in 0..<frame.chromaHeight {
            for column in 0..<frame.chromaWidth {
                frame.u[row * frame.chromaWidth + column] = UInt8(clamping: 96 + (column + index) % 64)
                frame.v[row * frame.chromaWidth + column] = UInt8(clamping: 160 - (row + index) % 64)
            }
        }
        return frame
    }

    /// A short live stream of synthetic pictures: one keyframe, then inter frames.
    static func stream(
        width: Int, height: Int, count: Int, bitrate: Int = 300_000, threads: Int = 1
    ) throws -> [EncodedVideoFrame] {
        var encoder = try VP8Encoder(.init(width: width, height: height, targetBitrate: bitrate, threads: threads))
        return try (0..<count).compactMap { index in
            try encoder.encode(synthetic(width: width, height: height, index: index), at: Int64(index) * 3000)
        }
    }

    /// Speech of a fixture: 48 kHz, mono.
    static func speech(fixture name: String, seconds: Int) throws -> [Int16] {
        let arguments = [
            "-v", "error", "-i", Fixtures.path(name), "-t", "\(seconds)", "-ac", "1", "-ar", "48000", "-f", "s16le",
            "-",
        ]
        let (status, bytes, errors) = try runProcess("ffmpeg", arguments)
        guard status == 0 else { throw ToolFailure(description: "ffmpeg ended with \(status): \(errors)") }
        return stride(from: 0, to: bytes.count - 1, by: 2).map { index in
            Int16(truncatingIfNeeded: Int(bytes[index]) | Int(bytes[index + 1]) << 8)
        }
    }
}

struct ToolFailure: Error, CustomStringConvertible {
    let description: String
}

/// A folder that is removed with its owner.
struct TemporaryFolder: ~Copyable {
    let path: String

    init() throws {
        let url = FileManager.default.temporaryDirectory.appendingPathComponent("codecs-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        path = url.path
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }
}
