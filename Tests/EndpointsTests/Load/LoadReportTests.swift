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
        return LoadSample(figures: figures, seconds: 2.5, relay: relay, relayShare: nil, generatorShare: 0.5)
    }

    private func json(_ report: LoadReport) throws -> [String: Any] {
        try #require(try JSONSerialization.jsonObject(with: Data(report.json().utf8)) as? [String: Any])
    }

    @Test func theReportHasExactlyTheKeysOfItsSchema() throws {
        let relay = LoadReport.Relay(
            cpuSeconds: 1, cpuNanosecondsPerPacket: 1_000, residentBytes: 5_000, bytesPerSession: nil)
        let object = try json(LoadReport(sample(relay: relay), sessions: 5, established: 4, sessionFailures: ["x"]))
        #expect(
            Set(object.keys) == [
                "schema", "sessions", "established", "failed", "durationSeconds", "packetsSent", "packetsReceived",
                "packetsLost", "lossRate", "latencyMicroseconds", "relay", "ok", "failures",
            ])
        let latency = try #require(object["latencyMicroseconds"] as? [String: Any])
        #expect(Set(latency.keys) == ["p50", "p90", "p99", "p999", "max"])
        let server = try #require(object["relay"] as? [String: Any])
        #expect(Set(server.keys) == ["cpuSeconds", "cpuNanosecondsPerPacket", "residentBytes", "bytesPerSession"])
        #expect(server["bytesPerSession"] is NSNull)
        #expect(object["schema"] as? String == "lens.load/1")
    }

    @Test func whatIsNotKnownIsNull() throws {
        let object = try json(LoadReport())
        #expect(object["relay"] is NSNull)
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
        sum.add(sample { $0.duplicates = 2 }.figures)
        #expect(sum.packetsSent == 2_000 && sum.packetsReceived == 1_980 && sum.duplicates == 2)
        #expect(sum.latency.count == 2_000)
    }

    @Test func theOwnProcessHasTimeAndMemory() throws {
        let own = RelayProcess(identifier: getpid())
        #expect(try #require(own.residentBytes) > 1 << 20)
        #expect(try #require(own.cpuNanoseconds) > 0)
        #expect(RelayProcess(identifier: .max).cpuNanoseconds == nil)
    }
}
