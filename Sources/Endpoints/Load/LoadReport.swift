import FoundationEssentials
import MediaIO

/// What a load run found: the report `lens.load/1`.
public struct LoadReport: Codable, Hashable, Sendable {
    public var schema = "lens.load/1"
    /// Sessions wanted; with a search, the most that kept within the limits.
    public var sessions = 0
    public var established = 0
    public var failed = 0
    /// Of media with all sessions there. Packets and latencies count from the first session's first one.
    public var durationSeconds = 0.0
    /// RTP packets of all streams.
    public var packetsSent: UInt64 = 0
    public var packetsReceived: UInt64 = 0
    public var packetsLost: UInt64 = 0
    /// 0 to 1.
    public var lossRate = 0.0
    public var latencyMicroseconds = Latency()
    /// What the server's process used; null where that is not known.
    @Nullable public var relay: Relay?
    public var ok = false
    /// What is not good, one line each.
    public var failures: [String] = []

    /// From a packet's capture time to its arrival, in µs; null without packets. Quantiles are at most 7 % too high.
    public struct Latency: Codable, Hashable, Sendable {
        @Nullable public var p50: Double?
        @Nullable public var p90: Double?
        @Nullable public var p99: Double?
        @Nullable public var p999: Double?
        @Nullable public var max: Double?

        public init() {
            _p50 = Nullable(wrappedValue: nil)
            _p90 = Nullable(wrappedValue: nil)
            _p99 = Nullable(wrappedValue: nil)
            _p999 = Nullable(wrappedValue: nil)
            _max = Nullable(wrappedValue: nil)
        }
    }

    /// The server's process during the measured time.
    public struct Relay: Codable, Hashable, Sendable {
        public var cpuSeconds: Double
        /// CPU time per packet that came out; null without packets.
        @Nullable public var cpuNanosecondsPerPacket: Double?
        /// At the end of the measured time.
        public var residentBytes: UInt64
        /// Growth since before the first session, by session.
        @Nullable public var bytesPerSession: Double?

        public init(
            cpuSeconds: Double, cpuNanosecondsPerPacket: Double?, residentBytes: UInt64, bytesPerSession: Double?
        ) {
            self.cpuSeconds = cpuSeconds
            _cpuNanosecondsPerPacket = Nullable(wrappedValue: cpuNanosecondsPerPacket)
            self.residentBytes = residentBytes
            _bytesPerSession = Nullable(wrappedValue: bytesPerSession)
        }
    }

    public init() { _relay = Nullable(wrappedValue: nil) }

    init(_ sample: LoadSample, sessions: Int, established: Int, sessionFailures: [String]) {
        self.init()
        let figures = sample.figures
        self.sessions = sessions
        self.established = established
        failed = sessionFailures.count
        durationSeconds = (sample.seconds * 1000).rounded() / 1000
        packetsSent = figures.packetsSent
        packetsReceived = figures.packetsReceived
        packetsLost = figures.packetsLost
        lossRate = figures.lossRate
        func microseconds(_ part: Double) -> Double? { figures.latency.percentile(part).map { Double($0) / 1000 } }
        latencyMicroseconds.p50 = microseconds(0.5)
        latencyMicroseconds.p90 = microseconds(0.9)
        latencyMicroseconds.p99 = microseconds(0.99)
        latencyMicroseconds.p999 = microseconds(0.999)
        latencyMicroseconds.max = microseconds(1)
        relay = sample.relay
    }

    /// The report as indented JSON text with sorted keys, ending in a newline.
    public func json() throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(self), as: UTF8.self) + "\n"
    }

    /// Writes `json()` to a file.
    /// - Throws: `EndpointError.unwritable`.
    public func write(to path: String) throws(EndpointError) {
        do {
            try Data(json().utf8).write(to: URL(filePath: path), options: .atomic)
        } catch {
            throw .unwritable(path: path, reason: "\(error)")
        }
    }
}

/// Figures of a measured time.
struct LoadSample: Sendable {
    var figures: LoadFigures
    var seconds: Double
    var relay: LoadReport.Relay?
    /// Cores that the server's process, and the generator's threads, kept busy.
    var relayShare: Double?
    var generatorShare: Double
    /// What the generator itself spends on a packet that goes out and comes back, in ns.
    var generatorNanosecondsPerPacket: Double?
}
