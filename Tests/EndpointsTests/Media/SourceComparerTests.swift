import Codecs
import Foundation
import MediaWire
import TestSupport
import Testing

@testable import Endpoints

@Suite struct SourceComparerTests {
    let start = NTPTimestamp(unixNanoseconds: 1_795_000_000_000_000_000)

    private func time(_ frame: Int) -> NTPTimestamp { start.advanced(byNanoseconds: Int64(frame) * 33_333_333) }

    @Test func pictureIsComparedWithItsOwnSourceAndNoOther() throws {
        let log = CaptureLog()
        for frame in 0..<60 { log.recordFrame(frame, at: time(frame)) }
        var comparer = SourceComparer(source: try VideoSource(path: Fixtures.path("small.ivf")), log: log)
        var source = try VideoSource(path: Fixtures.path("small.ivf"))
        for frame in 0..<30 {
            #expect(try comparer.compare(source.frame(at: frame), capturedAt: time(frame)) == 100)
        }
        // A picture that came a frame late is told from the right one.
        let shifted = try comparer.compare(source.frame(at: 31), capturedAt: time(32))
        #expect(try #require(shifted) < 100)
        #expect(comparer.match.count == 31 && comparer.match.unmatched == 0)
    }

    @Test func pictureWithoutSourceIsUnmatched() throws {
        let log = CaptureLog()
        log.recordFrame(0, at: time(0))
        var comparer = SourceComparer(source: try VideoSource(path: Fixtures.path("small.ivf")), log: log)
        let picture = I420Frame(width: 160, height: 120)
        #expect(try comparer.compare(picture, capturedAt: nil) == nil)
        #expect(try comparer.compare(picture, capturedAt: time(9)) == nil)
        #expect(try comparer.compare(I420Frame(width: 80, height: 60), capturedAt: time(0)) == nil)
        #expect(comparer.match.unmatched == 3 && comparer.match.mean == nil)
    }

    @Test func logOfAnotherProcessIsFollowed() throws {
        let folder = try TemporaryFolder()
        let path = folder.path("log.jsonl")
        let log = CaptureLog()
        var comparer = SourceComparer(
            source: try VideoSource(path: Fixtures.path("small.ivf")), log: log,
            reader: CaptureLogReader(path: path, into: log))
        var source = try VideoSource(path: Fixtures.path("small.ivf"))
        let writer = try CaptureLogWriter(path: path)
        for frame in 0..<20 {
            try writer.writeFrame(frame, at: time(frame))
            #expect(try comparer.compare(source.frame(at: frame), capturedAt: time(frame)) == 100)
        }
    }
}

/// What the demo asks of the codec: live VP8 at 1 Mbit/s keeps the quality from the first frame on.
@Suite struct LiveQualityTests {
    @Test(arguments: ["customer.ivf", "cup.ivf"])
    func firstFramesAndTheRestReachTheThresholds(name: String) throws {
        var source = try VideoSource(path: Fixtures.path(name))
        var configuration = VP8Encoder.Configuration(
            width: source.width, height: source.height, targetBitrate: 1_000_000)
        configuration.framesPerSecond = 30
        var encoder = try VP8Encoder(configuration)
        var decoder = try VP8Decoder()
        var match = PictureMatch()
        var bytes = 0
        let count = 90
        for number in 0..<count {
            let picture = try source.frame(at: number)
            let encoded = try encoder.encode(picture, at: Int64(number) * 3000, forceKeyframe: number == 45)
            let data = try #require(encoded?.data)
            bytes += data.count
            let decoded = try decoder.decode(data)
            match.record(psnr: try #require(decoded?.psnrY(against: picture)))
        }
        let thresholds = FeedThresholds()
        #expect(try #require(match.mean) >= thresholds.meanPSNR)
        #expect(try #require(match.minimum) >= thresholds.minimumPSNR)
        #expect(bytes * 8 * 30 / count < 1_400_000)
    }
}
