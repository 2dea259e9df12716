extension OpusEncoder {
    /// The length of sound in one packet (RFC 6716 section 2.1.4).
    public enum FrameDuration: CaseIterable, Sendable {
        case ms2_5, ms5, ms10, ms20, ms40, ms60

        /// Samples of each channel at 48 kHz.
        public var samplesPerChannel: Int {
            switch self {
            case .ms2_5: 120
            case .ms5: 240
            case .ms10: 480
            case .ms20: 960
            case .ms40: 1920
            case .ms60: 2880
            }
        }

        public var milliseconds: Double { Double(samplesPerChannel) / 48 }
    }

    /// What the sound is tuned for.
    public enum Application: Sendable {
        /// Speech over a network: tuned to be understood. The lowest tones are filtered out, so the waveform changes.
        case voip
        /// Music and faithful sound: the waveform stays close to the input.
        case audio
    }

    /// How to encode. Values outside their range are refused by `OpusEncoder.init`.
    public struct Configuration: Equatable, Sendable {
        /// 1 or 2.
        public var channels: Int
        public var frameDuration: FrameDuration
        /// Bit/s, 6,000...510,000 (RFC 6716 section 2.1.1).
        public var bitrate: Int
        /// 0...10: higher sounds better and costs more.
        public var complexity: Int
        /// Each packet may carry a coarse copy of the one before (RFC 6716 section 2.1.7). Comes into force with frames
        /// of 10 ms or more, a bit rate that leaves room, and `expectedLossPercent` over 0.
        public var inBandFEC: Bool
        /// 0...100.
        public var expectedLossPercent: Int
        /// Silence becomes packets of at most 2 bytes, most of which need not be sent.
        public var dtx: Bool
        public var application: Application

        public init(
            channels: Int = 1, frameDuration: FrameDuration = .ms20, bitrate: Int = 32_000, complexity: Int = 5,
            inBandFEC: Bool = true, expectedLossPercent: Int = 0, dtx: Bool = false, application: Application = .voip
        ) {
            self.channels = channels
            self.frameDuration = frameDuration
            self.bitrate = bitrate
            self.complexity = complexity
            self.inBandFEC = inBandFEC
            self.expectedLossPercent = expectedLossPercent
            self.dtx = dtx
            self.application = application
        }

        func validate() throws(CodecError) {
            try Self.check(channels, 1...2, "channel count")
            try Self.check(bitrate, 6_000...510_000, "bit rate in bit/s")
            try Self.check(complexity, 0...10, "complexity")
            try Self.check(expectedLossPercent, 0...100, "expected loss in percent")
        }

        private static func check(_ value: Int, _ range: ClosedRange<Int>, _ name: String) throws(CodecError) {
            guard !range.contains(value) else { return }
            throw .invalidArgument("\(name) \(value) is outside \(range.lowerBound) to \(range.upperBound)")
        }
    }
}
