import MediaCore
import MediaIO

/// Searches the most sessions that a server carries within the limits.
///
/// A probe lets the media of so many sessions flow, gives it time to settle, and measures for a few seconds. After it all is
/// silent for a moment, so that one probe's queues are not the next one's delay. After a probe that failed all sessions are
/// ended, and the next one has fresh ones.
public struct LoadCapacityRun: Sendable {
    private let settings: LoadSettings
    private let maximumSessions: Int
    private let probeSeconds: Double
    private let show: @Sendable (String) -> Void

    /// Over which the streams of a probe begin, and then until it is measured, in s.
    private static let warmUpSeconds = 1.5
    private static let settleSeconds = 0.5
    private static let restSeconds = 0.5
    /// After a failed probe, and how long at most the server may refuse new sessions because it was overloaded.
    private static let recoverySeconds = 2.0
    private static let patienceSeconds = 15.0
    /// Probes of a search that count for nothing because the machine was busy with something else.
    private static let maximumDisturbances = 5

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
        var failed: [Int: (failures: [String], limit: String?)] = [:]
        var disturbances = 0
        while let count = search.next, !Task.isCancelled {
            let (sample, failures) = await probe(count, fleet, &watch)
            if Task.isCancelled { break }
            show(Self.line(count, sample, failures))
            if !failures.isEmpty {
                failed[count] = (failures, sample?.limit(settings.limits))
                await fleet.clear()
                try? await Task.sleep(for: .seconds(Self.recoverySeconds))
                await fleet.waitUntilOpen(atMost: Self.patienceSeconds)
            }
            if let sample, !failures.isEmpty, sample.isDisturbed(settings.limits),
                disturbances < Self.maximumDisturbances
            {
                disturbances += 1
                show("something else used the machine: this probe does not count")
                continue
            }
            // Probes that pass are ever larger.
            if failures.isEmpty { best = sample }
            search.record(passed: failures.isEmpty)
        }
        await fleet.close()
        return conclude(search, best, search.failed.flatMap { failed[$0] }, fleet)
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
        _ search: CapacitySearch, _ best: LoadSample?, _ failed: (failures: [String], limit: String?)?,
        _ fleet: LoadFleet
    ) -> LoadReport {
        guard search.passed > 0, let best else {
            var report = LoadReport()
            report.sessions = settings.sessions
            report.failed = fleet.failed
            report.failures = failed?.failures ?? ["interrupted before the first probe was over"]
            report.limitedBy = failed?.limit
            return report
        }
        var report = LoadReport(best, sessions: search.passed, established: search.passed, sessionFailures: [])
        report.ok = true
        report.limitedBy = failed?.limit
        if let number = search.failed, let failed {
            show("at \(number): \(failed.failures.joined(separator: "; "))")
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
        let relay = sample.relay.map { "  server \(fixed($0.cores * 100, 0)) %" } ?? ""
        return "\(count) sessions  \(fixed(rate, 0)) packets/s  \(sample.figures.packetsLost) lost  "
            + "p50 \(milliseconds(0.5)) p99 \(milliseconds(0.99)) max \(milliseconds(1)) ms\(relay)  "
            + "generator \(fixed(sample.generatorShare * 100, 0)) %, late p99 "
            + "\(fixed(Double(sample.figures.lateness.percentile(0.99) ?? 0) / 1e6, 2)) ms  \(verdict)"
    }
}
