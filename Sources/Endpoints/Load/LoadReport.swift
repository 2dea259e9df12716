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
    /// Packets that the server asked for again, and those sent again: lost on the way there, and late instead.
    public var packetsRequested: UInt64 = 0
    public var packetsRepeated: UInt64 = 0
    public var latencyMicroseconds = Latency()
    /// Of all legs, over ICE and DTLS; null where keys stand in the SDP.
    @Nullable public var handshakes: Handshakes?
    /// Of publishing legs, from sending the offer (WHIP) to the end of the handshake; null where there is none.
    @Nullable public var connectMilliseconds: Duration?
    /// Of publishing legs, from sending the offer (WHIP) to the arrival of the first forwarded packet at the player; null where there
    /// is no handshake, or no media that begins at once.
    @Nullable public var firstMediaMilliseconds: Duration?
    /// What the server's process used; null where that is not known.
    @Nullable public var relay: Relay?
    public var generator = Generator()
    /// After a search: what kept it from more sessions, in words; null where nothing did.
    @Nullable public var limitedBy: String?
    public var ok = false
    /// What is not good, one line each.
    public var failures: [String] = []

    private enum CodingKeys: String, CodingKey {
        case schema, sessions, established, failed, durationSeconds, packetsSent, packetsReceived, packetsLost, lossRate
        case packetsRequested, packetsRepeated, latencyMicroseconds, handshakes
        case connectMilliseconds = "connect_ms"
        case firstMediaMilliseconds = "first_rtp_ms"
        case relay, generator, limitedBy, ok, failures
    }

    /// How attempts to connect ended.
    public struct Handshakes: Codable, Hashable, Sendable {
        public var completed: UInt64 = 0
        public var failed: UInt64 = 0

        public init() {}
    }

    /// In ms. Quantiles are at most 2 % too high.
    public struct Duration: Codable, Hashable, Sendable {
        @Nullable public var p50: Double?
        @Nullable public var p95: Double?
        @Nullable public var max: Double?

        public init() {
            _p50 = Nullable(wrappedValue: nil)
            _p95 = Nullable(wrappedValue: nil)
            _max = Nullable(wrappedValue: nil)
        }
    }

    /// From a packet's capture time to its arrival, in µs; null without packets. Quantiles are at most 2 % too high.
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
        public var cpuSeconds = 0.0
        /// Cores kept busy on average, and those of them by the busiest thread.
        public var cores = 0.0
        public var busiestThread = 0.0
        /// CPU time per packet that came out; null without packets.
        @Nullable public var cpuNanosecondsPerPacket: Double?
        /// Sessions that one core would carry by this CPU time alone; null without CPU time.
        @Nullable public var sessionsPerCore: Double?
        /// At the end of the measured time.
        public var residentBytes: UInt64 = 0
        /// Growth since before the first session, by session.
        @Nullable public var bytesPerSession: Double?
        /// Growth of its memory after the first minute, by a straight line through one reading a second; null under two minutes.
        @Nullable public var residentBytesPerMinute: Double?

        public init() {
            _cpuNanosecondsPerPacket = Nullable(wrappedValue: nil)
            _sessionsPerCore = Nullable(wrappedValue: nil)
            _bytesPerSession = Nullable(wrappedValue: nil)
            _residentBytesPerMinute = Nullable(wrappedValue: nil)
        }
    }

    /// The generator itself during the measured time: whether it could keep its own pace.
    public struct Generator: Codable, Hashable, Sendable {
        public var threads = 0
        /// Cores that its threads kept busy on average.
        public var cores = 0.0
        /// CPU time per packet that went out and came back; null without packets.
        @Nullable public var cpuNanosecondsPerPacket: Double?
        /// From a frame's due time to its sending, in µs.
        public var latenessMicroseconds = Latency()
        /// Datagrams that its sockets dropped because it did not read them in time.
        public var socketDrops: UInt64 = 0
        /// Datagrams that its kernel did not take for sending.
        public var sendRefusals: UInt64 = 0

        public init() { _cpuNanosecondsPerPacket = Nullable(wrappedValue: nil) }
    }

    public init() {
        _handshakes = Nullable(wrappedValue: nil)
        _connectMilliseconds = Nullable(wrappedValue: nil)
        _firstMediaMilliseconds = Nullable(wrappedValue: nil)
        _relay = Nullable(wrappedValue: nil)
        _limitedBy = Nullable(wrappedValue: nil)
    }

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
        packetsRequested = figures.packetsRequested
        packetsRepeated = figures.packetsRepeated
        latencyMicroseconds = Latency(figures.latency)
        if figures.handshakesCompleted + figures.handshakesFailed > 0 {
            var found = Handshakes()
            (found.completed, found.failed) = (figures.handshakesCompleted, figures.handshakesFailed)
            handshakes = found
        }
        connectMilliseconds = Duration(figures.connecting)
        firstMediaMilliseconds = Duration(figures.firstMedia)
        relay = sample.relay
        if let cores = relay?.cores, cores > 0, figures.packetsReceived > 0 {
            relay?.sessionsPerCore = (Double(established) / cores).rounded()
        }
        generator.threads = sample.generatorThreads
        generator.cores = sample.generatorShare
        generator.cpuNanosecondsPerPacket = sample.generatorNanosecondsPerPacket
        generator.latenessMicroseconds = Latency(figures.lateness)
        generator.socketDrops = figures.kernelDrops
        generator.sendRefusals = figures.sendRefusals
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

extension LoadReport.Latency {
    init(_ histogram: LatencyHistogram) {
        self.init()
        func microseconds(_ part: Double) -> Double? { histogram.percentile(part).map { Double($0) / 1000 } }
        p50 = microseconds(0.5)
        p90 = microseconds(0.9)
        p99 = microseconds(0.99)
        p999 = microseconds(0.999)
        max = microseconds(1)
    }
}

extension LoadReport.Duration {
    /// Nil for an empty histogram.
    init?(_ histogram: LatencyHistogram) {
        guard histogram.count > 0 else { return nil }
        self.init()
        p50 = histogram.milliseconds(quantile: 0.5)
        p95 = histogram.milliseconds(quantile: 0.95)
        max = histogram.maximumMilliseconds
    }
}
