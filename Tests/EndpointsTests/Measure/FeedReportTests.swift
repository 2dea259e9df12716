import Foundation
import Testing

@testable import Endpoints

@Suite struct FeedReportTests {
    /// Every key of the contract, as paths.
    static let keys: Set<String> = {
        var keys: Set<String> = ["schema", "durationSeconds", "srtpProfile", "ok", "failures"]
        keys.formUnion(
            [
                "codec", "width", "height", "framesCaptured", "framesSent", "framesReceived", "framesDecoded",
                "framesFrozen", "keyFrames", "packetsReceived", "packetsLost", "packetsRecovered", "bitrate",
                "psnrY.mean", "psnrY.min",
            ].map { "video." + $0 })
        for side in ["audio", "talkback"] {
            keys.formUnion(
                ["codec", "packetsReceived", "packetsLost", "packetsConcealed", "correlation"].map { "\(side).\($0)" })
        }
        keys.formUnion(["p50", "p90", "p99", "max"].map { "latencyMilliseconds.captureToDecode." + $0 })
        keys.formUnion(["p50", "p99"].map { "latencyMilliseconds.relay." + $0 })
        keys.formUnion(["srtp.authenticationFailures", "srtp.replays"])
        return keys
    }()

    @Test func emptyReportHasEveryKeyOfTheContractAndNoOther() throws {
        let object = try JSONSerialization.jsonObject(with: Data(FeedReport().json().utf8))
        #expect(Self.paths(object) == Self.keys)
    }

    @Test func filledReportHasTheSameKeysAndComesBackEqual() throws {
        let report = Self.good
        let text = try report.json()
        #expect(Self.paths(try JSONSerialization.jsonObject(with: Data(text.utf8))) == Self.keys)
        #expect(try JSONDecoder().decode(FeedReport.self, from: Data(text.utf8)) == report)
    }

    @Test func unknownFiguresAreNull() throws {
        let text = try FeedReport().json()
        #expect(text.contains(#""correlation" : null"#))
        #expect(text.contains(#""framesCaptured" : null"#))
        #expect(text.contains(#""p99" : null"#))
        #expect(text.contains(#""schema" : "lens.feed/1""#))
    }

    @Test func valuesThatJSONCannotHoldBecomeNull() throws {
        var report = FeedReport()
        report.video.psnrY.mean = .infinity
        report.audio.correlation = .nan
        #expect(try report.json().contains(#""mean" : null"#))
    }

    @Test func intactFeedIsOK() {
        var report = Self.good
        FeedThresholds.intactFeed.judge(&report, expecting: [.video, .audio, .talkback])
        #expect(report.failures == [])
        #expect(report.ok)
    }

    @Test(
        arguments: [
            { $0.video.framesSent = 350 }, { $0.video.framesDecoded = 340 }, { $0.video.framesDecoded = 0 },
            { $0.video.packetsLost = 1 }, { $0.audio.packetsLost = 2 }, { $0.audio.packetsReceived = 0 },
            { $0.talkback.packetsReceived = nil }, { $0.srtp.authenticationFailures = 1 },
            { $0.video.psnrY.mean = 31.9 }, { $0.video.psnrY.min = 24.9 }, { $0.audio.correlation = 0.89 },
            { $0.talkback.correlation = 0.1 }, { $0.latencyMilliseconds.captureToDecode.p50 = 61 },
            { $0.latencyMilliseconds.captureToDecode.p99 = 151 }, { $0.audio.correlation = nil },
            { $0.video.psnrY.mean = nil }, { $0.video.framesCaptured = nil },
        ] as [@Sendable (inout FeedReport) -> Void])
    func figureThatFallsShortOrIsMissingIsOneFailure(spoil: @Sendable (inout FeedReport) -> Void) {
        var report = Self.good
        spoil(&report)
        FeedThresholds.intactFeed.judge(&report, expecting: [.video, .audio, .talkback])
        #expect(!report.ok)
        #expect(report.failures.count == 1, "\(report.failures)")
    }

    @Test func oneSideAloneIsNotJudgedByWhatItCannotKnow() {
        var report = Self.good
        report.video.framesCaptured = nil
        report.video.framesSent = nil
        report.video.psnrY = FeedReport.Picture()
        report.audio.correlation = nil
        report.talkback = FeedReport.Audio()
        FeedThresholds().judge(&report, expecting: [.video, .audio])
        #expect(report.ok)
    }

    static var good: FeedReport {
        var report = FeedReport()
        report.durationSeconds = 12.011
        report.srtpProfile = "AEAD_AES_128_GCM"
        report.video.width = 640
        report.video.height = 480
        report.video.framesCaptured = 360
        report.video.framesSent = 360
        report.video.framesReceived = 360
        report.video.framesDecoded = 359
        report.video.framesFrozen = 0
        report.video.keyFrames = 1
        report.video.packetsReceived = 1500
        report.video.packetsLost = 0
        report.video.packetsRecovered = 0
        report.video.bitrate = 998_123
        report.video.psnrY = FeedReport.Picture(mean: 38.25, min: 30.5)
        report.audio.packetsReceived = 600
        report.audio.packetsLost = 0
        report.audio.packetsConcealed = 0
        report.audio.correlation = 0.981
        report.talkback = report.audio
        report.latencyMilliseconds.captureToDecode.p50 = 12.5
        report.latencyMilliseconds.captureToDecode.p90 = 15
        report.latencyMilliseconds.captureToDecode.p99 = 20
        report.latencyMilliseconds.captureToDecode.max = 31
        report.latencyMilliseconds.relay = RelayLatency(p50: 0.02, p99: 0.09)
        report.srtp.authenticationFailures = 0
        report.srtp.replays = 0
        return report
    }

    private static func paths(_ object: Any, prefix: String = "") -> Set<String> {
        guard let dictionary = object as? [String: Any] else { return [prefix] }
        return Set(dictionary.flatMap { key, value in paths(value, prefix: prefix.isEmpty ? key : "\(prefix).\(key)") })
    }
}
