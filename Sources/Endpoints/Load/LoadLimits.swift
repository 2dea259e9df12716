import MediaIO

/// What counts as good.
public struct LoadLimits: Sendable, Hashable {
    /// Packets lost, of those sent: 0 to 1.
    public var maximumLossRate = 0.0
    /// From capture to arrival, 99 of 100 packets, in ms.
    public var maximumP99Milliseconds = 100.0
    /// Growth of the server's memory after the first minute, in MiB a minute; nil: not judged.
    public var maximumGrowth: Double?

    public init() {}

    /// What is not good about the server's memory: also that it is not known.
    func growthFailures(of relay: LoadReport.Relay?) -> [String] {
        guard let maximumGrowth else { return [] }
        guard let growth = relay?.residentBytesPerMinute else {
            return ["the growth of the server's memory is not known: it takes two minutes and a server on this machine"]
        }
        guard growth / 1_048_576 > maximumGrowth else { return [] }
        return [
            "the server's memory grew by \(fixed(growth / 1_048_576, 2)) MiB a minute after the first one; "
                + "at most \(fixed(maximumGrowth, 2)) are allowed"
        ]
    }

    /// What is not good about connections that had been made.
    func connectionFailures(of figures: LoadFigures) -> [String] {
        guard figures.connectionsLost > 0 else { return [] }
        return [
            "\(figures.connectionsLost) connections were lost: the server closed them, or answered no check for 30 s"
        ]
    }

    /// What is not good, one line each.
    func failures(of figures: LoadFigures) -> [String] {
        var lines: [String] = []
        if figures.packetsSent == 0 { lines.append("no packet was sent") }
        if figures.lossRate > maximumLossRate {
            var line =
                "\(figures.packetsLost) of \(figures.packetsSent) packets were lost "
                + "(\(fixed(figures.lossRate * 100, 3)) %); at most \(fixed(maximumLossRate * 100, 3)) % are allowed"
            if figures.kernelDrops > 0 {
                line +=
                    "; the generator's own sockets dropped \(figures.kernelDrops): it is the limit, give it --threads"
            }
            lines.append(line)
        }
        if let p99 = figures.latency.percentile(0.99), Double(p99) / 1e6 > maximumP99Milliseconds {
            lines.append(
                "99 % of the packets took up to \(fixed(Double(p99) / 1e6, 2)) ms; "
                    + "at most \(fixed(maximumP99Milliseconds, 2)) ms are allowed")
        }
        if let p99 = figures.lateness.percentile(0.99), Double(p99) / 1e6 > maximumP99Milliseconds {
            lines.append(
                "the generator itself sent 1 % of the frames over \(fixed(Double(p99) / 1e6, 2)) ms late: it is the limit, "
                    + "not the relay; give it --threads, a core of its own or another machine")
        }
        lines += connectionFailures(of: figures)
        func refuse(_ count: UInt64, _ what: String) { if count > 0 { lines.append("\(count) \(what)") } }
        refuse(figures.misplaced, "packets had a sequence number that was not sent")
        refuse(figures.wrongCaptureTimes, "packets had no capture time, or another than they were sent with")
        refuse(figures.damaged, "packets failed authentication or were malformed")
        return lines
    }
}
