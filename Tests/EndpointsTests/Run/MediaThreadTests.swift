import Codecs
import Foundation
import MediaCore
import MediaIO
import MediaFiles
import MediaWire
import TestSupport
import Testing

@testable import Endpoints

/// Decoding, recording and comparing on threads, fed as the network thread feeds them.
@Suite struct MediaThreadTests {
    private let clock = CallClock.shared

    @Test func screenDecodesRecordsAndComparesEveryFrame() async throws {
        let folder = try TemporaryFolder()
        let log = CaptureLog()
        var settings = ScreenThread.Settings()
        settings.recording = VideoRecorder.Options(folder: folder.path)
        settings.source = Fixtures.path("small.ivf")
        settings.log = log
        let screen = ScreenThread(settings, clock: clock)
        let running = screen.run()
        var replay = try ReplayVideoSource(path: Fixtures.path("small.ivf"))
        for number in 0..<60 {
            let captured = clock.ntp(at: clock.now)
            log.recordFrame(number, at: captured)
            screen.offer(frame(try replay.next().frame, number, captured))
        }
        screen.end()
        let result = try await running.value()
        #expect(result.framesDecoded == 60 && result.framesRefused == 0 && result.framesMissing == 0)
        #expect(result.width == 160 && result.height == 120)
        #expect(result.match?.count == 60 && result.match?.unmatched == 0 && result.match?.minimum == 100)
        #expect(result.latency.count == 60 && result.latency.negativeCount == 0)
        #expect(screen.progress.frames == 60)
        var reader = try IVFReader(path: folder.path("received.ivf"))
        var count = 0
        while try reader.next() != nil { count += 1 }
        #expect(count == 60)
        #expect(FileManager.default.fileExists(atPath: folder.path("snapshot.png")))
    }

    @Test func damagedFramesAreCountedAsFrozen() async throws {
        let screen = ScreenThread(.init(), clock: clock)
        let running = screen.run()
        var replay = try ReplayVideoSource(path: Fixtures.path("small.ivf"))
        for number in 0..<10 {
            var next = try replay.next().frame
            if number >= 8 { next.data = [] }
            var received = frame(next, number, nil)
            received.framesMissingBefore = number == 5 ? 3 : 0
            screen.offer(received)
        }
        screen.end()
        let result = try await running.value()
        #expect(result.framesDecoded == 8)
        #expect(result.framesRefused == 2)
        #expect(result.framesMissing == 3)
        #expect(result.latency.count == 0 && result.match == nil)
    }

    @Test func folderThatCannotBeWrittenEndsTheScreenWithItsError() async throws {
        var settings = ScreenThread.Settings()
        settings.recording = VideoRecorder.Options(folder: "/proc/nothing")
        let screen = ScreenThread(settings, clock: clock)
        let running = screen.run()
        while !running.isFinished { await Task.yield() }
        screen.end()
        await #expect(throws: EndpointError.self) { try await running.value() }
    }

    @Test func soundIsRecordedOnOneTimelineAndCompared() async throws {
        let folder = try TemporaryFolder()
        let start = clock.ntp(at: clock.now)
        let sound = SoundThread(recording: .init(folder: folder.path, name: "received"))
        let running = sound.run()
        for (index, packet) in AudioTimelineTests.speech.packets.enumerated() {
            sound.offer(
                ReceivedAudioPacket(
                    track: 0, data: packet, samples: 960, captureTime: time(start, index * 960),
                    rtpTimestamp: RTPTimestamp(rawValue: UInt32(index * 960)), playoutTime: clock.now, next: nil))
        }
        sound.end()
        let result = try await running.value()
        #expect(result.sound.count == 144_000)
        #expect(result.firstCapture == start)
        #expect(result.packetsConcealed == 0 && result.packetsDropped == 0)

        let log = CaptureLog()
        log.recordAudioStart(.init(time: start, sampleRate: 48_000))
        log.recordTotals(.init(framesCaptured: 0, framesSent: 0, samplesCaptured: 144_000))
        func correlation(_ file: String, from first: Int, to last: Int) throws -> Double? {
            var window = SoundComparison.Window(start: time(start, first))
            window.end = time(start, last)
            return try SoundComparison.correlation(result.sound, source: Fixtures.path(file), log: log, window: window)
        }
        #expect(try #require(try correlation("customer.ogg", from: -48_000, to: 300_000)) > 0.9)
        #expect(try #require(try correlation("technician.ogg", from: -48_000, to: 300_000)) < 0.5)
        // Half of what was captured never came: there is no lag with enough overlap.
        log.recordTotals(.init(framesCaptured: 0, framesSent: 0, samplesCaptured: 288_000))
        #expect(try correlation("customer.ogg", from: -48_000, to: 400_000) == nil)
        #expect(try correlation("customer.ogg", from: 500_000, to: 400_000) == nil)
        #expect(
            try SoundComparison.correlation(
                [], source: "customer.ogg", log: log, window: .init(start: start)) == nil)
    }

    private func time(_ start: NTPTimestamp, _ sample: Int) -> NTPTimestamp {
        start.advanced(byNanoseconds: Int64(sample) * 62_500 / 3)
    }

    private func frame(
        _ frame: EncodedVideoFrame, _ number: Int, _ captured: NTPTimestamp?
    ) -> ReceivedVideoFrame {
        ReceivedVideoFrame(
            track: 0, data: frame.data, isKeyframe: frame.isKeyframe, captureTime: captured,
            rtpTimestamp: RTPTimestamp(rawValue: UInt32(number * 3000)), packetCount: 1, readyTime: clock.now,
            playoutTime: clock.now, framesMissingBefore: 0)
    }
}
