import MediaCore
import MediaIO

/// `lens load`: many whole sessions at once, measured.
public struct LoadRun: Sendable {
    private let settings: LoadSettings

    public init(_ settings: LoadSettings) { self.settings = settings }

    /// Sets the sessions up, lets their media flow, ends them.
    /// - Returns: the report, judged by the limits.
    /// - Throws: `EndpointError`, `MediaFileError`, `LensClientError` if nothing could be measured at all.
    public func run() async throws -> LoadReport {
        let fleet = try LoadFleet(settings)
        var watch = LoadWatch(settings, fleet)
        try await watch.checkServer()
        await watch.progressing { await fleet.add(settings.sessions, startsMedia: settings.sendsMedia) }
        watch.begin()
        if fleet.established > 0 { await watch.wait(seconds: settings.durationSeconds) }
        let sample = await watch.finish()
        await fleet.close()
        return judge(sample, fleet, watch)
    }

    private func judge(_ sample: LoadSample, _ fleet: LoadFleet, _ watch: LoadWatch) -> LoadReport {
        var report = LoadReport(
            sample, sessions: settings.sessions, established: fleet.established, sessionFailures: fleet.failures)
        if fleet.failed > 0 {
            report.failures.append("\(fleet.failed) of \(settings.sessions) sessions could not be set up")
            report.failures += fleet.failures.prefix(3)
        }
        if fleet.established > 0 {
            report.failures +=
                settings.sendsMedia
                ? settings.limits.failures(of: sample.figures)
                : settings.limits.connectionFailures(of: sample.figures)
        }
        report.failures += settings.limits.growthFailures(of: sample.relay)
        if settings.sendsMedia, !report.failures.isEmpty { report.limitedBy = sample.limit(settings.limits) }
        let missing = settings.sessions - fleet.established - fleet.failed
        if missing > 0 { report.failures.append("interrupted before \(missing) of the sessions were set up") }
        report.ok = report.failures.isEmpty
        watch.note(sample)
        return report
    }
}
