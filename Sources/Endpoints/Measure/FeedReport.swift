public import MediaIO

/// What a call showed, as the JSON report of schema `lens.feed/1`. Every key is always written: a figure whose source or other
/// side is not at hand is null, never guessed.
public struct FeedReport: Codable, Hashable, Sendable {
    public static let currentSchema = "lens.feed/1"

    public var schema = FeedReport.currentSchema
    /// From the first to the last received media.
    @Nullable public var durationSeconds: Double?
    /// The profile's registered name, as in `AEAD_AES_128_GCM`.
    @Nullable public var srtpProfile: String?
    public var video = Video()
    public var audio = Audio()
    /// The technician's voice, measured at the customer.
    public var talkback = Audio()
    public var latencyMilliseconds = Latencies()
    public var srtp = SRTP()
    public var ok = false
    /// What fell short, one sentence each; empty if `ok`.
    public var failures: [String] = []

    public init() {}

    public struct Video: Codable, Hashable, Sendable {
        @Nullable public var codec: String? = "VP8"
        @Nullable public var width: Int?
        @Nullable public var height: Int?
        /// Frames of the camera, those dropped before encoding included.
        @Nullable public var framesCaptured: Int?
        @Nullable public var framesSent: Int?
        /// Frames that arrived whole.
        @Nullable public var framesReceived: Int?
        @Nullable public var framesDecoded: Int?
        /// Frames missing at the viewer: lost, incomplete or not decodable; the picture before stood still in their place.
        @Nullable public var framesFrozen: Int?
        @Nullable public var keyFrames: Int?
        @Nullable public var packetsReceived: Int?
        /// Packets that never came, neither at first nor as a retransmission.
        @Nullable public var packetsLost: Int?
        /// Packets that came as a retransmission.
        @Nullable public var packetsRecovered: Int?
        /// bit/s of received RTP packets after decryption.
        @Nullable public var bitrate: Double?
        /// dB.
        public var psnrY = Picture()

        public init() {}
    }

    public struct Picture: Codable, Hashable, Sendable {
        @Nullable public var mean: Double?
        @Nullable public var min: Double?

        public init(mean: Double? = nil, min: Double? = nil) {
            _mean = Nullable(wrappedValue: mean)
            _min = Nullable(wrappedValue: min)
        }
    }

    public struct Audio: Codable, Hashable, Sendable {
        @Nullable public var codec: String? = "opus"
        @Nullable public var packetsReceived: Int?
        @Nullable public var packetsLost: Int?
        /// Packets whose sound was made up, by forward error correction or concealment.
        @Nullable public var packetsConcealed: Int?
        /// At one lag for the whole clip, −1 to 1.
        @Nullable public var correlation: Double?

        public init() {}
    }

    public struct Latencies: Codable, Hashable, Sendable {
        public var captureToDecode = Distribution()
        public var relay = RelayLatency()

        public init() {}
    }

    /// Milliseconds.
    public struct Distribution: Codable, Hashable, Sendable {
        @Nullable public var p50: Double?
        @Nullable public var p90: Double?
        @Nullable public var p99: Double?
        @Nullable public var max: Double?

        public init() {}

        public init(_ histogram: LatencyHistogram) {
            p50 = histogram.milliseconds(quantile: 0.5)
            p90 = histogram.milliseconds(quantile: 0.9)
            p99 = histogram.milliseconds(quantile: 0.99)
            max = histogram.maximumMilliseconds
        }
    }

    public struct SRTP: Codable, Hashable, Sendable {
        @Nullable public var authenticationFailures: Int?
        @Nullable public var replays: Int?

        public init() {}
    }
}

/// Milliseconds that packets spent in the relay, from the kernel's receive stamp to the return of the send.
public struct RelayLatency: Codable, Hashable, Sendable {
    @Nullable public var p50: Double?
    @Nullable public var p99: Double?

    public init(p50: Double? = nil, p99: Double? = nil) {
        _p50 = Nullable(wrappedValue: p50)
        _p99 = Nullable(wrappedValue: p99)
    }
}
