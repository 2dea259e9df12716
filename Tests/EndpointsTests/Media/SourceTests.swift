import Codecs
import Foundation
import MediaFiles
import TestSupport
import Testing

@testable import Endpoints

@Suite struct SourceTests {
    @Test func videoGoesRoundAndFindsFramesAgain() throws {
        var source = try VideoSource(path: Fixtures.path("small.ivf"))
        #expect(source.rate == FrameRate(30))
        var all: [I420Frame] = []
        for number in 0..<60 { all.append(try source.frame(at: number)) }
        #expect(source.frameCount == nil)
        #expect(try source.frame(at: 60) == all[0])
        #expect(source.frameCount == 60)
        for number in [61, 61, 75, 60, 119, 120, 59, 3, 600] {
            #expect(try source.frame(at: number) == all[number % 60], "frame \(number)")
        }
    }

    @Test func y4mGivesTheSamePictures() throws {
        let folder = try TemporaryFolder()
        let path = folder.path("clip.y4m")
        var ivf = try VideoSource(path: Fixtures.path("small.ivf"))
        var writer = try Y4MWriter(path: path, width: ivf.width, height: ivf.height)
        for number in 0..<10 {
            let picture = try ivf.frame(at: number)
            try writer.write(y: picture.y, u: picture.u, v: picture.v)
        }
        try writer.finish()
        var y4m = try VideoSource(path: path)
        for number in [0, 1, 5, 9, 10, 12] { #expect(try y4m.frame(at: number) == ivf.frame(at: number % 10)) }
    }

    @Test func replayGivesTheFilesOwnFramesAndRestartsAtTheKeyframe() throws {
        var reader = try IVFReader(path: Fixtures.path("small.ivf"))
        var replay = try ReplayVideoSource(path: Fixtures.path("small.ivf"))
        for number in 0..<60 {
            let frame = try replay.next()
            let expected = try reader.next()?.data
            #expect(frame.number == number)
            #expect(frame.frame.data == expected)
            #expect(frame.frame.isKeyframe == (number == 0))
        }
        #expect(try replay.next().number == 0)
        #expect(try replay.next().number == 1)
        try replay.restartAtKeyframe()
        let first = try replay.next()
        #expect(first.number == 0 && first.frame.isKeyframe)
    }

    @Test func speechIsReadWholeAndGoesRoundAlike() throws {
        var source = try AudioSource(path: Fixtures.path("customer.ogg"))
        var first: [Int16] = []
        while first.count < 576_000 { first += try source.read(960) }
        #expect(first.contains { abs(Int($0)) > 3000 })
        let again = try source.read(96_000)
        #expect(again == Array(first[..<96_000]))
    }

    @Test func stereoWAVIsMixedToOneChannel() throws {
        let folder = try TemporaryFolder()
        let path = folder.path("stereo.wav")
        var writer = try WAVWriter(path: path, sampleRate: 48_000, channels: 2)
        try writer.write((0..<2000).flatMap { [Int16($0), Int16(-$0 / 2)] })
        try writer.finish()
        var source = try AudioSource(path: path)
        let samples = try source.read(2010)
        #expect(samples[1000] == 250)
        #expect(Array(samples[2000..<2010]) == Array(samples[0..<10]))
    }

    @Test func anotherSampleRateIsRefusedWithTheNextStep() throws {
        let folder = try TemporaryFolder()
        let path = folder.path("slow.wav")
        var writer = try WAVWriter(path: path, sampleRate: 16_000, channels: 1)
        try writer.write([1, 2, 3])
        try writer.finish()
        #expect(
            throws: EndpointError.unsupportedMedia(
                path: path, reason: "its sample rate is 16000 Hz; convert it to 48000 Hz")
        ) { try open(audio: path) }
    }

    @Test func unusableFilesAreNamed() throws {
        let folder = try TemporaryFolder()
        let (empty, text) = (folder.path("empty.ivf"), folder.path("text.ivf"))
        try Data().write(to: URL(filePath: empty))
        try Data("this is no video".utf8).write(to: URL(filePath: text))
        #expect(throws: EndpointError.unreadable(path: "/no/such.ivf", reason: "there is no such file")) {
            try open(video: "/no/such.ivf")
        }
        #expect(throws: EndpointError.unreadable(path: folder.path, reason: "it is a folder")) {
            try open(video: folder.path)
        }
        for path in [empty, text] {
            #expect(throws: EndpointError.self) { try open(video: path) }
            #expect(throws: EndpointError.self) { try open(audio: path) }
        }
        #expect(throws: EndpointError.self) { try open(video: Fixtures.path("customer.ogg")) }
        #expect(throws: EndpointError.self) { try open(audio: Fixtures.path("small.ivf")) }
        // A header without a frame behind it.
        let header = folder.path("header.ivf")
        try Data(contentsOf: URL(filePath: Fixtures.path("small.ivf"))).prefix(32).write(to: URL(filePath: header))
        #expect(throws: EndpointError.unsupportedMedia(path: header, reason: "there is no picture in it")) {
            try open(video: header)
        }
        // Cut in the middle of a frame.
        let cut = folder.path("cut.ivf")
        try Data(contentsOf: URL(filePath: Fixtures.path("small.ivf"))).prefix(20_000).write(to: URL(filePath: cut))
        #expect(throws: MediaFileError.self) {
            var source = try VideoSource(path: cut)
            for number in 0..<60 { _ = try source.frame(at: number) }
        }
    }

    private func open(video path: String) throws { _ = try VideoSource(path: path).width }
    private func open(audio path: String) throws { _ = try AudioSource(path: path).path }
}

/// A folder that goes away with its owner.
final class TemporaryFolder {
    let path: String

    init() throws {
        path = NSTemporaryDirectory() + "endpoints-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    func path(_ name: String) -> String { path + "/" + name }
}
