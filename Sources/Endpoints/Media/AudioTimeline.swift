import Codecs
public import MediaWire

/// Decodes a received Opus stream onto one timeline: each packet's sound goes exactly where its RTP timestamp says, so a clean
/// stream comes out with no sample put in or left out, and a hole keeps its length.
public struct AudioTimeline: ~Copyable {
    /// Longest hole that is filled; after a longer one the timeline goes on where it was. Samples at 48 kHz: one minute.
    public static let longestHole = 2_880_000

    /// Samples per channel put out so far.
    public private(set) var position = 0
    public private(set) var packetsDecoded = 0
    /// Packets whose sound was made up: from forward error correction, by concealment, or because they were damaged.
    public private(set) var packetsConcealed = 0
    /// Packets for a time already filled.
    public private(set) var packetsLate = 0

    public let channels: Int
    private var decoder: OpusDecoder
    /// RTP timestamp that the next sample should have.
    private var expected: RTPTimestamp?

    /// - Throws: `CodecError`.
    public init(channels: Int = 1) throws {
        self.channels = channels
        decoder = try OpusDecoder(channels: channels)
    }

    /// Takes the stream's next packet, in order.
    /// - Parameters:
    ///   - data: nil for a packet that was lost.
    ///   - samples: how long it lasts, at 48 kHz per channel; used where `data` does not say.
    ///   - next: the packet after a lost one, which may carry its sound once more (RFC 6716 section 2.1.7).
    /// - Returns: interleaved samples that follow those returned before.
    public mutating func take(
        _ data: [UInt8]?, samples: Int, timestamp: RTPTimestamp, next: [UInt8]? = nil
    ) -> [Int16] {
        var output: [Int16] = []
        let distance = Int(Int32(bitPattern: timestamp.rawValue &- (expected ?? timestamp).rawValue))
        if distance < 0, distance > -Self.longestHole {
            packetsLate += 1
            return []
        }
        if distance > 0, distance <= Self.longestHole {
            output = [Int16](repeating: 0, count: distance * channels)
        }
        let sound = sound(of: data, samples: min(max(samples, 120), 5760), next: next)
        output += sound
        expected = RTPTimestamp(rawValue: timestamp.rawValue &+ UInt32(truncatingIfNeeded: sound.count / channels))
        position += output.count / channels
        return output
    }

    private mutating func sound(of data: [UInt8]?, samples: Int, next: [UInt8]?) -> [Int16] {
        if let data, let pcm = try? decoder.decode(data) {
            packetsDecoded += 1
            return pcm.samples
        }
        packetsConcealed += 1
        if let next, let pcm = try? decoder.decodeFEC(from: next, samplesPerChannel: samples) { return pcm.samples }
        if let pcm = try? decoder.conceal(samplesPerChannel: samples) { return pcm.samples }
        return [Int16](repeating: 0, count: samples * channels)
    }
}
