/// Plain sound: 16-bit samples, channels interleaved (left, right, left, right, …).
public struct PCMBuffer: Equatable, Sendable {
    public var samples: [Int16]
    public let channels: Int
    /// Hz.
    public let sampleRate: Int

    public init(samples: [Int16], channels: Int = 1, sampleRate: Int = 48_000) {
        self.samples = samples
        self.channels = channels
        self.sampleRate = sampleRate
    }

    /// Samples of each channel.
    public var samplesPerChannel: Int { channels > 0 ? samples.count / channels : 0 }

    /// Length in seconds.
    public var seconds: Double { sampleRate > 0 ? Double(samplesPerChannel) / Double(sampleRate) : 0 }
}
