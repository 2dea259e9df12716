import Foundation
import MediaIO
import Testing

@testable import Endpoints

@Suite("lens.load/1")
struct LoadReportTests {
    private func sample(_ change: (inout LoadFigures) -> Void = { _ in }, relay: LoadReport.Relay? = nil) -> LoadSample
    {
        var figures = LoadFigures()
        figures.packetsSent = 1_000
        figures.packetsReceived = 990
        for index in 1...1_000 { figures.latency.record(nanoseconds: UInt64(index) * 10_000) }
        change(&figures)
        return LoadSample(
            figures: figures, seconds: 2.5, relay: relay, generatorThreads: 1, generatorShare: 0.5)
    }

    private func json(_ report: LoadReport) throws -> [String: Any] {
        try #require(try JSONSerialization.jsonObject(with: Data(report.json().utf8)) as? [String: Any])
    }

    @Test func theReportHasExactlyTheKeysOfItsSchema() throws {
        var relay = LoadReport.Relay()
        relay.cpuSeconds = 1
        relay.cores = 0.4
        let object = try json(LoadReport(sample(relay: relay), sessions: 5, established: 4, sessionFailures: ["x"]))
        #expect(
            Set(object.keys) == [
                "schema", "sessions", "established", "failed", "durationSeconds", "packetsSent", "packetsReceived",
                "packetsLost", "lossRate", "packetsRequested", "packetsRepeated", "latencyMicroseconds", "handshakes",
                "connect_ms", "first_rtp_ms", "relay", "generator", "limitedBy", "ok", "failures",
            ])
        let latency = try #require(object["latencyMicroseconds"] as? [String: Any])
        #expect(Set(latency.keys) == ["p50", "p90", "p99", "p999", "max"])
        let server = try #require(object["relay"] as? [String: Any])
        #expect(
            Set(server.keys) == [
                "cpuSeconds", "cores", "busiestThread", "cpuNanosecondsPerPacket", "sessionsPerCore", "residentBytes",
                "bytesPerSession", "residentBytesPerMinute",
            ])
        // Four sessions on 0.4 of a core.
        #expect(server["sessionsPerCore"] as? Double == 10)
        let generator = try #require(object["generator"] as? [String: Any])
        #expect(
            Set(generator.keys) == [
                "threads", "cores", "cpuNanosecondsPerPacket", "latenessMicroseconds", "socketDrops", "sendRefusals",
            ])
        #expect(server["bytesPerSession"] is NSNull)
        #expect(object["schema"] as? String == "lens.load/1")
    }

    @Test func handshakesAndTheirTimesAreReported() throws {
        let report = LoadReport(
            sample { figures in
                figures.handshakesCompleted = 20
                figures.handshakesFailed = 1
                for milliseconds in 1...100 as ClosedRange<UInt64> {
                    figures.connecting.record(nanoseconds: milliseconds * 1_000_000)
                }
                figures.firstMedia.record(nanoseconds: 30_000_000)
            }, sessions: 5, established: 4, sessionFailures: ["x"])
        let object = try json(report)
        #expect(object["handshakes"] as? [String: Int] == ["completed": 20, "failed": 1])
        let connect = try #require(object["connect_ms"] as? [String: Double])
        #expect(Set(connect.keys) == ["p50", "p95", "max"])
        #expect((50...51).contains(connect["p50"] ?? 0) && (95...97).contains(connect["p95"] ?? 0))
        #expect(connect["max"] == 100)
        #expect(object["first_rtp_ms"] as? [String: Double] == ["p50": 30, "p95": 30, "max": 30])
        let decoded = try JSONDecoder().decode(LoadReport.self, from: Data(report.json().utf8))
        #expect(decoded.handshakes == report.handshakes)
        #expect(decoded.firstMediaMilliseconds == report.firstMediaMilliseconds)
    }

    @Test func whatIsNotKnownIsNull() throws {
        let object = try json(LoadReport())
        #expect(object["relay"] is NSNull)
        // Keys in the SDP need no handshakes.
        for key in ["handshakes", "connect_ms", "first_rtp_ms"] { #expect(object[key] is NSNull) }
        let latency = try #require(object["latencyMicroseconds"] as? [String: Any])
        #expect(latency.values.allSatisfy { $0 is NSNull })
    }

    @Test func figuresAreThoseOfTheSample() throws {
        let report = LoadReport(sample(), sessions: 5, established: 4, sessionFailures: ["x"])
        #expect(report.sessions == 5 && report.established == 4 && report.failed == 1)
        #expect(report.durationSeconds == 2.5)
        #expect(report.packetsLost == 10 && report.lossRate == 0.01)
        let p50 = try #require(report.latencyMicroseconds.p50)
        #expect((5_000...5_350).contains(p50))
        #expect(report.latencyMicroseconds.max == 10_000)
        #expect(try JSONDecoder().decode(LoadReport.self, from: Data(report.json().utf8)) == report)
    }

    @Test func lossAndLatencyAreJudgedByTheirLimits() {
        var limits = LoadLimits()
        #expect(limits.failures(of: sample().figures).count == 1)
        limits.maximumLossRate = 0.01
        #expect(limits.failures(of: sample().figures).isEmpty)
        limits.maximumP99Milliseconds = 9
        #expect(limits.failures(of: sample().figures).first?.contains("99 % of the packets") == true)
        limits.maximumP99Milliseconds = 11
        #expect(limits.failures(of: sample().figures).isEmpty)
    }

    @Test func aGeneratorThatIsLateIsNamedAsTheLimit() {
        var limits = LoadLimits()
        limits.maximumLossRate = 1
        let late = sample { figures in for _ in 0..<100 { figures.lateness.record(nanoseconds: 500_000_000) } }
        #expect(limits.failures(of: late.figures).first?.contains("the generator itself") == true)
        let dropped = sample { $0.kernelDrops = 3 }
        limits.maximumLossRate = 0
        #expect(limits.failures(of: dropped.figures).first?.contains("generator's own sockets") == true)
    }

    @Test func whoeverIsOutOfBreathIsNamed() {
        let limits = LoadLimits()
        func relay(_ busiest: Double) -> LoadReport.Relay {
            var relay = LoadReport.Relay()
            (relay.cores, relay.busiestThread) = (busiest + 0.1, busiest)
            return relay
        }
        #expect(sample(relay: relay(0.95)).limit(limits).hasPrefix("the server: its busiest thread used 95 %"))
        #expect(
            sample({ $0.kernelDrops = 7 }, relay: relay(0.95)).limit(limits).hasPrefix("the generator: its sockets"))
        let late = sample { figures in for _ in 0..<100 { figures.lateness.record(nanoseconds: 80_000_000) } }
        #expect(late.limit(limits).hasPrefix("the generator: 1 % of its frames"))
        #expect(sample().limit(limits).hasPrefix("not known"))
        #expect(!late.isDisturbed(limits))
        var starved = late
        for _ in 0..<10 { starved.figures.lateness.record(nanoseconds: 900_000_000) }
        starved.generatorShare = 0.2
        starved.relay = relay(0.3)
        #expect(starved.isDisturbed(limits))
        starved.relay = relay(0.8)
        #expect(!starved.isDisturbed(limits))
        var busy = sample(relay: relay(0.95))
        busy.generatorShare = 0.97
        #expect(busy.limit(limits).hasPrefix("the generator: its 1 threads"))
        busy.generatorThreads = 2
        #expect(busy.limit(limits).hasPrefix("the server"))
    }

    @Test func growthIsJudgedOnlyWhereItIsAskedForAndThenMustBeKnown() {
        var limits = LoadLimits()
        var relay = LoadReport.Relay()
        relay.residentBytesPerMinute = 5 * 1_048_576
        #expect(limits.growthFailures(of: relay).isEmpty)
        limits.maximumGrowth = 6
        #expect(limits.growthFailures(of: relay).isEmpty)
        limits.maximumGrowth = 4
        #expect(limits.growthFailures(of: relay).first?.contains("5.00 MiB a minute") == true)
        relay.residentBytesPerMinute = nil
        #expect(limits.growthFailures(of: relay).count == 1)
        #expect(limits.growthFailures(of: nil).count == 1)
    }

    @Test func aSlopeIsThatOfTheNearestLine() {
        var fit = LinearFit()
        #expect(fit.slope == nil)
        fit.add(3, 10)
        #expect(fit.slope == nil)
        fit.add(5, 20)
        #expect(fit.slope == 5)
        var flat = LinearFit()
        for minute in 0..<100 { flat.add(Double(minute), 5e8) }
        #expect(flat.slope == 0)
        var noisy = LinearFit()
        for minute in 0..<100 { noisy.add(Double(minute), 2e9 + 7 * Double(minute) + (minute % 4 < 2 ? 4 : -4)) }
        #expect(abs((noisy.slope ?? 0) - 7) < 0.05)
    }

    @Test func whatWasCountedBeforeAWindowIsLeftOut() {
        var now = sample { ($0.kernelDrops, $0.damaged, $0.packetsRepeated) = (9, 4, 30) }.figures
        now.leaveOut(sample { ($0.kernelDrops, $0.damaged, $0.packetsRepeated) = (9, 1, 10) }.figures)
        #expect(now.kernelDrops == 0 && now.damaged == 3 && now.packetsRepeated == 20)
        #expect(now.packetsSent == 1_000 && now.latency.count == 1_000)
    }

    @Test func threadsThatComeAndGoCountWithWhatIsKnownOfThem() {
        let used = RelayProcess.used(from: [1: 100, 2: 50, 3: 900], to: [1: 150, 2: 350, 4: 20])
        #expect(used.all == 370 && used.busiest == 300)
    }

    @Test func withoutMediaSessionsHaveAllTheirLegs() throws {
        var settings = LoadSettings(
            server: try ServerAddress("http://127.0.0.1:9"), apiKey: "x", video: "x.ivf", audio: "x.ogg")
        #expect(settings.flowKinds == [.video, .audio])
        settings.sendsMedia = false
        #expect(settings.flowKinds == [.video, .audio, .talkback])
    }

    @Test func wrongPacketsFailWhateverTheLimits() {
        var limits = LoadLimits()
        limits.maximumLossRate = 1
        for change: @Sendable (inout LoadFigures) -> Void in [
            { $0.misplaced = 1 }, { $0.wrongCaptureTimes = 1 }, { $0.damaged = 1 },
            { figures in (figures.packetsSent, figures.packetsReceived) = (0, 0) },
        ] {
            #expect(limits.failures(of: sample(change).figures).count == 1)
        }
    }

    @Test func figuresOfThreadsArePooled() {
        var sum = sample().figures
        sum.add(
            sample { figures in
                figures.duplicates = 2
                figures.handshakesCompleted = 3
                figures.connectionsLost = 4
                figures.connecting.record(nanoseconds: 5)
                figures.firstMedia.record(nanoseconds: 6)
            }.figures)
        #expect(sum.handshakesCompleted == 3 && sum.connectionsLost == 4)
        #expect(sum.connecting.maximumNanoseconds == 5 && sum.firstMedia.maximumNanoseconds == 6)
        #expect(sum.packetsSent == 2_000 && sum.packetsReceived == 1_980 && sum.duplicates == 2)
        #expect(sum.latency.count == 2_000)
    }

    @Test func theOwnProcessHasTimeAndMemory() throws {
        let own = RelayProcess(identifier: getpid())
        #expect(try #require(own.residentBytes) > 1 << 20)
        #expect(try #require(own.threadNanoseconds).values.reduce(0, +) > 0)
        #expect(RelayProcess(identifier: .max).threadNanoseconds == nil)
    }
}
