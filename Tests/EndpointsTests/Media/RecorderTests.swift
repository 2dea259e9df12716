import Codecs
import Foundation
import MediaFiles
import MediaWire
import TestSupport
import Testing

@testable import Endpoints

@Suite struct RecorderTests {
    @Test func recordedVideoIsTheVideoThatCame() throws {
        let folder = try TemporaryFolder()
        var options = VideoRecorder.Options(folder: folder.path("made/by/us"))
        options.writesY4M = true
        options.snapshotSeconds = 1
        var recorder = try VideoRecorder(options)
        var replay = try ReplayVideoSource(path: Fixtures.path("small.ivf"))
        var decoder = try VP8Decoder()
        var pictures: [I420Frame] = []
        for index in 0..<60 {
            let data = try replay.next().frame.data
            let picture = try decoder.decode(data)
            try recorder.record(data, timestamp: stamp(index), picture: picture)
            pictures.append(try #require(picture))
        }
        try recorder.finish()

        var ivf = try IVFReader(path: options.folder + "/received.ivf")
        var original = try IVFReader(path: Fixtures.path("small.ivf"))
        #expect(ivf.width == 160 && ivf.height == 120)
        for index in 0..<60 {
            let (copy, source) = (try ivf.next(), try original.next())
            #expect(copy?.data == source?.data)
            #expect(copy?.timestamp == UInt64(index * 3000))
        }
        var y4m = try VideoSource(path: options.folder + "/received.y4m")
        for index in [0, 30, 59] { #expect(try y4m.frame(at: index) == pictures[index]) }
        #expect(try VideoSource(path: options.folder + "/received.ivf").rate == FrameRate(30))
        try expectPNG(options.folder + "/snapshot.png", width: 160, height: 120)
    }

    @Test func snapshotOfAShortFeedIsItsLastPicture() throws {
        let folder = try TemporaryFolder()
        var options = VideoRecorder.Options(folder: folder.path)
        options.snapshotSeconds = 100
        var recorder = try VideoRecorder(options)
        var source = try VideoSource(path: Fixtures.path("small.ivf"))
        try recorder.record([0x10], timestamp: stamp(0), picture: source.frame(at: 0))
        try recorder.finish()
        try expectPNG(folder.path("snapshot.png"), width: 160, height: 120)
        #expect(!FileManager.default.fileExists(atPath: folder.path("received.y4m")))
    }

    @Test func recordedSoundKeepsTheTimeOfLostPackets() throws {
        let folder = try TemporaryFolder()
        var recorder = try AudioRecorder(folder: folder.path, name: "received", serial: 7)
        var timeline = try AudioTimeline()
        for (index, packet) in AudioTimelineTests.speech.packets.enumerated() {
            let received = index == 60 ? nil : packet
            let sound = timeline.take(
                received, samples: 960, timestamp: RTPTimestamp(rawValue: UInt32(index * 960)))
            try recorder.record(received, samples: 960, sound: sound)
        }
        try recorder.finish()
        let wav = try WAVReader(path: folder.path("received.wav"))
        #expect(wav.totalFrames == 150 * 960)
        for name in ["received.wav", "received.ogg"] {
            var source = try AudioSource(path: folder.path(name))
            let sound = try source.read(140 * 960)
            let reference = Array(AudioTimelineTests.speech.sound[..<(140 * 960)])
            let result = try #require(AudioCorrelation.measure(reference: reference, received: sound))
            #expect(result.value > 0.9, "\(name)")
            #expect(abs(result.lag) < 960, "\(name)")
        }
    }

    @Test func folderThatCannotBeMadeIsAClearError() {
        #expect(throws: EndpointError.unwritable(path: "/proc/nothing", reason: "the folder cannot be made")) {
            _ = try VideoRecorder(.init(folder: "/proc/nothing")).picturesOfOtherSize
        }
    }

    private func stamp(_ index: Int) -> RTPTimestamp {
        RTPTimestamp(rawValue: UInt32.max - 50_000 &+ UInt32(index * 3000))
    }

    private func expectPNG(_ path: String, width: UInt32, height: UInt32) throws {
        let data = Array(try Data(contentsOf: URL(filePath: path)))
        #expect(data.starts(with: [0x89, 0x50, 0x4E, 0x47]))
        let words = [16, 20].map { at in data[at..<(at + 4)].reduce(UInt32(0)) { $0 << 8 | UInt32($1) } }
        #expect(words == [width, height])
    }
}
