import Codecs
import Foundation
import MediaFiles
import Testing
import TestSupport

@Suite("VP8 decoding against ffmpeg's libvpx")
struct VP8BitExactTests {
    /// How ffmpeg is told to encode. Only two passes make reference frames that are not shown.
    struct Recipe: Sendable, CustomTestStringConvertible {
        let name: String
        let source: String
        let options: [String]
        var passes = 1
        var testDescription: String { name }
    }

    static let recipes = [
        Recipe(
            name: "live", source: "testsrc2=size=352x288:rate=30",
            options: ["-deadline", "realtime", "-cpu-used", "8"]),
        Recipe(name: "odd size", source: "testsrc2=size=175x143:rate=30", options: ["-deadline", "realtime"]),
        Recipe(
            name: "hidden reference frames", source: "mandelbrot=size=176x144:rate=30",
            options: ["-auto-alt-ref", "1", "-lag-in-frames", "16", "-deadline", "good", "-cpu-used", "4"], passes: 2),
        Recipe(
            name: "partitions and resilience", source: "testsrc2=size=640x360:rate=30",
            options: ["-slices", "4", "-error-resilient", "default", "-deadline", "realtime"]),
        Recipe(
            name: "noise at a low rate", source: "color=gray:size=320x240:rate=30,noise=alls=100:allf=t+u:all_seed=7",
            options: ["-deadline", "realtime", "-cpu-used", "8", "-g", "12"]),
    ]

    @Test("gives the same MD5 for every frame that ffmpeg encodes", arguments: recipes)
    func ffmpegStreams(recipe: Recipe) throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/source.ivf"
        let input = ["-f", "lavfi", "-i", recipe.source, "-t", "2", "-pix_fmt", "yuv420p"]
        let codec = ["-c:v", "libvpx", "-b:v", "400k", "-threads", "1"] + recipe.options
        for pass in 1...recipe.passes {
            let passes = recipe.passes > 1 ? ["-pass", "\(pass)", "-passlogfile", folder.path + "/passes"] : []
            try ffmpeg(input + codec + passes + ["-f", "ivf", path])
        }
        // RFC 6386 section 9.1: bit 4 of the first byte says that the frame is shown.
        let hidden = try Clips.frames(ofIVF: path).filter { ($0.first ?? 0) & 0x10 == 0 }
        #expect(recipe.passes > 1 ? !hidden.isEmpty : hidden.isEmpty)
        try compare(path, frames: 60, folder: folder.path)
    }

    @Test("gives the same MD5 for every frame of the fixtures", arguments: [("customer.ivf", 360), ("small.ivf", 60)])
    func fixtures(name: String, frames: Int) throws {
        let folder = try TemporaryFolder()
        try compare(Fixtures.path(name), frames: frames, folder: folder.path)
    }

    @Test("gives the same MD5 for every frame of our own encoder", arguments: [(320, 240, 1), (333, 187, 2)])
    func ownStreams(width: Int, height: Int, threads: Int) throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/own.ivf"
        let stream = try Clips.stream(width: width, height: height, count: 30, threads: threads)
        var writer = try IVFWriter(
            path: path, fourCC: "VP80", width: width, height: height, timebaseDenominator: 30, timebaseNumerator: 1)
        for (index, frame) in stream.enumerated() { try writer.write(frame.data, timestamp: UInt64(index)) }
        try writer.finish()
        try compare(path, frames: 30, folder: folder.path)
    }

    /// Decodes a file with our decoder and with ffmpeg's libvpx and compares the MD5 of each tightly packed picture.
    private func compare(_ path: String, frames: Int, folder: String) throws {
        let raw = folder + "/ours.yuv"
        guard FileManager.default.createFile(atPath: raw, contents: nil) else {
            throw ToolFailure(description: "cannot create \(raw)")
        }
        let file = try FileHandle(forWritingTo: URL(fileURLWithPath: raw))
        var decoder = try VP8Decoder()
        var size: (width: Int, height: Int)?
        for data in try Clips.frames(ofIVF: path) {
            guard let picture = try decoder.decode(data) else { continue }
            size = (picture.width, picture.height)
            for plane in [picture.y, picture.u, picture.v] { try file.write(contentsOf: Data(plane)) }
        }
        try file.close()
        let decodedSize = try #require(size)

        let theirs = try frameMD5s(["-c:v", "libvpx", "-threads", "1", "-i", path, "-fps_mode", "passthrough"])
        let ours = try frameMD5s([
            "-f", "rawvideo", "-pixel_format", "yuv420p", "-video_size", "\(decodedSize.width)x\(decodedSize.height)",
            "-i", raw,
        ])
        #expect(theirs.count == frames)
        #expect(ours == theirs)
    }

    /// The last column of ffmpeg's framemd5 format.
    private func frameMD5s(_ input: [String]) throws -> [String] {
        let text = String(decoding: try ffmpeg(input + ["-pix_fmt", "yuv420p", "-f", "framemd5", "-"]), as: UTF8.self)
        return text.split(separator: "\n").filter { !$0.hasPrefix("#") }.compactMap { line in
            line.split(separator: ",").last.map { $0.trimmingCharacters(in: .whitespaces) }
        }
    }

    @discardableResult
    private func ffmpeg(_ arguments: [String]) throws -> [UInt8] {
        let (status, output, errors) = try runProcess("ffmpeg", ["-v", "error", "-y"] + arguments)
        guard status == 0 else { throw ToolFailure(description: "ffmpeg ended with \(status): \(errors)") }
        return output
    }
}
