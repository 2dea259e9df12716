import MediaIO

/// Figures of a measured time.
struct LoadSample: Sendable {
    var figures: LoadFigures
    var seconds: Double
    var relay: LoadReport.Relay?
    var generatorThreads: Int
    /// Cores that the generator's threads kept busy.
    var generatorShare: Double
    /// What the generator itself spends on a packet that goes out and comes back, in ns.
    var generatorNanosecondsPerPacket: Double?

    /// Who is out of breath, in words, judged from what can be seen of both: the generator first, since its own delay and loss
    /// count as the relay's.
    func limit(_ limits: LoadLimits) -> String {
        let lateness = Double(figures.lateness.percentile(0.99) ?? 0) / 1e6
        if figures.kernelDrops > 0 {
            return "the generator: its sockets dropped \(figures.kernelDrops) datagrams before it read them"
        }
        if generatorShare > Self.busy * Double(generatorThreads) {
            return
                "the generator: its \(generatorThreads) threads were busy \(fixed(generatorShare * 100, 0)) % of a core"
        }
        if let relay, relay.busiestThread > Self.busy {
            return "the server: its busiest thread used \(fixed(relay.busiestThread * 100, 0)) % of a core"
        }
        if lateness > limits.maximumP99Milliseconds / 2 {
            return "the generator: 1 % of its frames left over \(fixed(lateness, 2)) ms late"
        }
        let server = relay.map { "\(fixed($0.busiestThread * 100, 0)) %" } ?? "unknown"
        return
            "not known: the server's busiest thread used \(server) of a core, the generator "
            + "\(fixed(generatorShare * 100, 0)) %; something else on the machine, or bursts"
    }

    /// True where the generator was late although both had time to spare: a third used the machine, and the sample says nothing.
    func isDisturbed(_ limits: LoadLimits) -> Bool {
        guard let lateness = figures.lateness.percentile(0.99) else { return false }
        return Double(lateness) / 1e6 > limits.maximumP99Milliseconds
            && generatorShare < Self.idle * Double(generatorThreads) && (relay?.busiestThread ?? 0) < Self.idle
    }

    /// A thread that uses less of a core than this is not what is slow.
    private static let idle = 0.5
    /// A thread that uses more of a core than this has no time left for bursts.
    private static let busy = 0.9
}
