import Foundation
import Logging
import MediaCore
import MediaIO

/// Looks on while a load runs: a line each second, and the server's process before and after.
struct LoadWatch {
    private let settings: LoadSettings
    private let fleet: LoadFleet
    private let relay: RelayProcess?
    private let residentBefore: UInt64?
    private let first = MonotonicClock.now
    // At the beginning of what is measured.
    private var start = MonotonicClock.now
    private var cpuBefore: [Int32: UInt64]?
    private var before = LoadFigures()
    /// What had been counted when a measured window began; nothing for a whole run.
    private var earlier = LoadFigures()
    private var growth = LinearFit()

    /// After this long, what has not come counts as lost, in s.
    private static let drainSeconds = 1.0
    /// The server's memory is still filling its pools before, in s; a slope needs as long again.
    private static let fillSeconds = 60.0
    /// Before a measured window, so that the thread's figures are of it, in s.
    private static let leadSeconds = 0.2

    init(_ settings: LoadSettings, _ fleet: LoadFleet) {
        self.settings = settings
        self.fleet = fleet
        relay = settings.relayProcess.map(RelayProcess.init(identifier:)) ?? RelayProcess(listeningAt: settings.server)
        residentBefore = relay?.residentBytes
        cpuBefore = relay?.threadNanoseconds
    }

    /// - Throws: `LensClientError` if there is no server or it does not take the key; `EndpointError.unreadable` for a process
    ///   that was named and is not there.
    func checkServer() async throws {
        if let process = settings.relayProcess, cpuBefore == nil {
            throw EndpointError.unreadable(
                path: "/proc/\(process)", reason: "there is no such process, or it is not yours; check --relay-pid")
        }
        _ = try await LensClient(server: settings.server, token: settings.apiKey).sessions(status: "Waiting")
    }

    /// Runs `body` with a progress line each second.
    func progressing(_ body: @escaping @Sendable () async -> Void) async {
        await withTaskGroup(of: Bool.self) { group in
            group.addTask {
                await body()
                return true
            }
            group.addTask {
                await showProgress(seconds: .infinity)
                return false
            }
            while let isDone = await group.next() {
                if isDone { group.cancelAll() }
            }
        }
    }

    /// Waits with a progress line each second; less if the task is cancelled. The server's memory is read as often.
    mutating func wait(seconds: Double) async {
        var readings = LinearFit()
        await showProgress(seconds: seconds) { passed in
            guard passed >= Self.fillSeconds, let resident = relay?.residentBytes else { return }
            readings.add(passed / 60, Double(resident))
        }
        growth = seconds >= 2 * Self.fillSeconds ? readings : LinearFit()
    }

    private func showProgress(seconds: Double, each: (Double) -> Void = { _ in }) async {
        var line = ProgressLine(isEnabled: settings.showsProgress)
        var meter = RateMeter()
        _ = meter.step(fleet.figures.packetsSent)
        let begin = MonotonicClock.now
        while !Task.isCancelled {
            let passed = Double(MonotonicClock.now.nanoseconds(since: begin)) / 1e9
            each(passed)
            guard passed < seconds else { break }
            try? await Task.sleep(for: .seconds(min(1, seconds - passed)))
            let rate = meter.step(fleet.figures.packetsSent)
            line.show(text(rate: rate))
        }
        line.finish()
    }

    private func text(rate: UInt64) -> String {
        let figures = fleet.figures
        let elapsed = Double(MonotonicClock.now.nanoseconds(since: first)) / 1e9
        let failed = fleet.failed > 0 ? ", \(fleet.failed) failed" : ""
        let p99 = figures.latency.percentile(0.99).map { "\(fixed(Double($0) / 1e6, 2)) ms" } ?? "-"
        // What is under way is not lost: the last hundredth of a second is left out.
        let missing = figures.packetsLost > rate / 100 ? figures.packetsLost : 0
        return "\(fixed(elapsed, 0)) s  \(fleet.established) sessions\(failed)  \(rate) packets/s  "
            + "\(missing) missing  p99 \(p99)"
    }

    // MARK: - Measuring

    /// All sessions are there: CPU times and the duration count from now on. Packets have counted since the first.
    mutating func begin() {
        start = MonotonicClock.now
        cpuBefore = relay?.threadNanoseconds
        before = fleet.figures
    }

    /// Counts anew from here for `seconds`, and answers the figures once everything of that time has come or is lost.
    mutating func measure(seconds: Double) async -> LoadSample {
        // All threads begin anew before the window does.
        let begin = WallClock.unixNanoseconds + UInt64(Self.leadSeconds * 1e9)
        await fleet.measure(begin..<(begin + UInt64(seconds * 1e9)))
        try? await Task.sleep(for: .seconds(Self.leadSeconds))
        self.begin()
        before.packetsReceived = 0
        earlier = before
        try? await Task.sleep(for: .seconds(seconds))
        let (elapsed, relayCPU, generatorCPU) = (elapsed, relay?.threadNanoseconds, fleet.figures.cpuNanoseconds)
        await fleet.drain(atMost: Self.drainSeconds)
        return await sample(seconds: seconds, elapsed: elapsed, relayCPU: relayCPU, generatorCPU: generatorCPU)
    }

    /// Stops all media and answers the figures of the whole run.
    func finish() async -> LoadSample {
        let (elapsed, relayCPU, generatorCPU) = (elapsed, relay?.threadNanoseconds, fleet.figures.cpuNanoseconds)
        return await Task {
            await fleet.pause()
            await fleet.drain(atMost: Self.drainSeconds)
            return await sample(seconds: elapsed, elapsed: elapsed, relayCPU: relayCPU, generatorCPU: generatorCPU)
        }.value
    }

    private var elapsed: Double { Double(MonotonicClock.now.nanoseconds(since: start)) / 1e9 }

    private func sample(
        seconds: Double, elapsed: Double, relayCPU: [Int32: UInt64]?, generatorCPU: UInt64
    ) async -> LoadSample {
        var figures = await fleet.collect()
        figures.leaveOut(earlier)
        let packets =
            figures.packetsReceived > before.packetsReceived ? figures.packetsReceived - before.packetsReceived : 0
        var usage: LoadReport.Relay?
        if let relayCPU, let cpuBefore, let resident = relay?.residentBytes {
            let used = RelayProcess.used(from: cpuBefore, to: relayCPU)
            var found = LoadReport.Relay()
            found.cpuSeconds = Double(used.all) / 1e9
            found.cores = Double(used.all) / 1e9 / max(elapsed, 0.001)
            found.busiestThread = Double(used.busiest) / 1e9 / max(elapsed, 0.001)
            found.cpuNanosecondsPerPacket = packets > 0 ? Double(used.all) / Double(packets) : nil
            found.residentBytes = resident
            if let residentBefore, fleet.established > 0 {
                found.bytesPerSession = (Double(resident) - Double(residentBefore)) / Double(fleet.established)
            }
            found.residentBytesPerMinute = growth.slope
            usage = found
        }
        let generated = generatorCPU >= before.cpuNanoseconds ? generatorCPU - before.cpuNanoseconds : 0
        return LoadSample(
            figures: figures, seconds: seconds, relay: usage, generatorThreads: max(1, settings.threads),
            generatorShare: Double(generated) / 1e9 / max(elapsed, 0.001),
            generatorNanosecondsPerPacket: packets > 0 ? Double(generated) / Double(packets) : nil)
    }

    /// A few figures that are in no report, for whoever asks what the limit was.
    func note(_ sample: LoadSample) {
        let figures = sample.figures
        settings.logger.debug(
            "load",
            metadata: [
                "generatorCPU": "\(fixed(sample.generatorShare * 100, 1)) %",
                "generatorNanosecondsPerPacket": "\(fixed(sample.generatorNanosecondsPerPacket ?? 0, 0))",
                "relayCPU": "\(fixed((sample.relay?.cores ?? 0) * 100, 1)) %",
                "latenessP99": "\(fixed(Double(figures.lateness.percentile(0.99) ?? 0) / 1e6, 3)) ms",
                "duplicates": "\(figures.duplicates)", "strangers": "\(figures.strangers)",
                "kernelDrops": "\(figures.kernelDrops)", "sendRefusals": "\(figures.sendRefusals)",
                "reportsSent": "\(figures.reportsSent)", "senderReports": "\(figures.senderReportsReceived)",
                "receiverReports": "\(figures.receiverReportsReceived)",
                "keyframeRequests": "\(figures.keyframeRequests)", "packetsRequested": "\(figures.packetsRequested)",
                "packetsRepeated": "\(figures.packetsRepeated)",
            ])
    }
}
