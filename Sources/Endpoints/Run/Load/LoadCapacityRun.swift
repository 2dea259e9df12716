import MediaCore
import MediaIO

/// Searches the most sessions that a server carries within the limits.
///
/// Sessions are set up once and stay; a probe lets the media of so many of them flow, gives it time to settle, and measures for a
/// few seconds. After it all is silent for a moment, so that one probe's queues are not the next one's delay.
public struct LoadCapacityRun: Sendable {
    private let settings: LoadSettings
    private let maximumSessions: Int
    private let probeSeconds: Double
    private let show: @Sendable (String) -> Void

    /// Over which the streams of a probe begin, and then until it is measured, in s.
    private static let warmUpSeconds = 1.5
    private static let settleSeconds = 0.5
    private static let restSeconds = 0.5

    /// - Parameters:
    ///   - settings: its `sessions` is the first number tried.
    ///   - show: takes a line for each step.
    public init(
        _ settings: LoadSettings, maximumSessions: Int = 20_000, probeSeconds: Double = 4,
        show: @escaping @Sendable (String) -> Void
    ) {
        self.settings = settings
        self.maximumSessions = maximumSessions
        self.probeSeconds = probeSeconds
        self.show = show
    }

    /// - Returns: the report of the best probe, with its number of sessions.
    /// - Throws: as `LoadRun.run`.
    public func run() async throws -> LoadReport {
        let fleet = try LoadFleet(settings)
        var watch = LoadWatch(settings, fleet)
        try await watch.checkServer()
        var search = CapacitySearch(first: settings.sessions, maximum: maximumSessions)
        var best: LoadSample?
        var failuresAt: [Int: [String]] = [:]
        while let count = search.next, !Task.isCancelled {
            let (sample, failures) = await probe(count, fleet, &watch)
            if Task.isCancelled { break }
            show(Self.line(count, sample, failures))
            failuresAt[count] = failures
            // Probes that pass are ever larger.
            if failures.isEmpty { best = sample }
            search.record(passed: failures.isEmpty)
        }
        await fleet.close()
        return conclude(search, best, failuresAt, fleet)
    }

    private func probe(_ count: Int, _ fleet: LoadFleet, _ watch: inout LoadWatch) async -> (LoadSample?, [String]) {
        let before = fleet.failures.count
        if fleet.established < count {
            let missing = count - fleet.established
            await watch.progressing { await fleet.add(missing, startsMedia: false) }
        }
        guard fleet.established >= count else {
            let reason = fleet.failures.dropFirst(before).first ?? "interrupted"
            return (nil, ["\(count - fleet.established) sessions could not be set up; \(reason)"])
        }
        await fleet.play(count, spreadOver: Self.warmUpSeconds)
        try? await Task.sleep(for: .seconds(Self.warmUpSeconds + Self.settleSeconds))
        let sample = await watch.measure(seconds: probeSeconds)
        await fleet.pause()
        try? await Task.sleep(for: .seconds(Self.restSeconds))
        watch.note(sample)
        return (sample, settings.limits.failures(of: sample.figures))
    }

    private func conclude(
        _ search: CapacitySearch, _ best: LoadSample?, _ failuresAt: [Int: [String]], _ fleet: LoadFleet
    ) -> LoadReport {
        let failures = search.failed.flatMap { failuresAt[$0] } ?? []
        guard search.passed > 0, let best else {
            var report = LoadReport()
            report.sessions = settings.sessions
            report.established = fleet.established
            report.failed = fleet.failed
            report.failures = failures.isEmpty ? ["interrupted before the first probe was over"] : failures
            return report
        }
        var report = LoadReport(best, sessions: search.passed, established: search.passed, sessionFailures: [])
        report.ok = true
        if let failed = search.failed { show("at \(failed): \(failures.joined(separator: "; "))") }
        if let share = best.relayShare, share > 0 {
            show(
                "the server used \(fixed(share, 2)) cores, the generator \(fixed(best.generatorShare, 2)); by its CPU time alone "
                    + "the server would carry about \(Int(Double(search.passed) / share)) sessions a core")
        }
        return report
    }

    static func line(_ count: Int, _ sample: LoadSample?, _ failures: [String]) -> String {
        let verdict = failures.isEmpty ? "ok" : "FAILED: " + failures.joined(separator: "; ")
        guard let sample else { return "\(count) sessions  \(verdict)" }
        func milliseconds(_ part: Double) -> String {
            fixed(Double(sample.figures.latency.percentile(part) ?? 0) / 1e6, 2)
        }
        let rate = Double(sample.figures.packetsSent) / max(sample.seconds, 0.001)
        let relay = sample.relayShare.map { "  server \(fixed($0 * 100, 0)) %" } ?? ""
        return "\(count) sessions  \(fixed(rate, 0)) packets/s  \(sample.figures.packetsLost) lost  "
            + "p50 \(milliseconds(0.5)) p99 \(milliseconds(0.99)) max \(milliseconds(1)) ms\(relay)  "
            + "generator \(fixed(sample.generatorShare * 100, 0)) %  \(verdict)"
    }
}
