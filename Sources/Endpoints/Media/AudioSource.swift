import Codecs
import MediaFiles

/// Samples of a sound file, as a microphone in front of it would give them: mono, 48 kHz, after the end from the start again.
///
/// Takes 16-bit WAV at 48 kHz and Opus in Ogg, decoded on use. More channels are mixed to one.
public struct AudioSource: ~Copyable {
    public static let sampleRate = 48_000

    public let path: String
    private let channels: Int
    private var wav: WAVReader?
    private var ogg: OggOpusReader?
    private var decoder: OpusDecoder?
    /// Mono samples read from the file and not yet given out.
    private var ready: [Int16] = []
    private var samplesThisRound = 0

    /// - Throws: `EndpointError`, `MediaFileError` or `CodecError`.
    public init(path: String) throws {
        let channels: Int
        var wav: WAVReader?
        var ogg: OggOpusReader?
        var decoder: OpusDecoder?
        switch try MediaFileKind(path: path) {
        case .wav:
            let reader = try WAVReader(path: path)
            guard reader.sampleRate == Self.sampleRate else {
                throw EndpointError.unsupportedMedia(
                    path: path, reason: "its sample rate is \(reader.sampleRate) Hz; convert it to 48000 Hz")
            }
            channels = reader.channels
            wav = consume reader
        case .oggOpus:
            let reader = try OggOpusReader(path: path)
            channels = reader.channels
            decoder = try OpusDecoder(channels: channels)
            ogg = consume reader
        case .ivf, .y4m:
            throw EndpointError.unsupportedMedia(
                path: path, reason: "this is video; take 48 kHz WAV or Opus in Ogg for sound")
        }
        self.path = path
        self.channels = channels
        self.wav = wav
        self.ogg = ogg
        self.decoder = decoder
    }

    /// The next `count` samples; always as many as asked for.
    /// - Throws: `MediaFileError` or `CodecError` where the file is broken, `EndpointError` if there is no sample in it.
    public mutating func read(_ count: Int) throws -> [Int16] {
        while ready.count < count {
            let more = try nextBlock()
            if more.isEmpty {
                try rewind()
            } else {
                ready += more
                samplesThisRound += more.count
            }
        }
        defer { ready.removeFirst(count) }
        return Array(ready[..<count])
    }

    private mutating func rewind() throws {
        guard samplesThisRound > 0 else {
            throw EndpointError.unsupportedMedia(path: path, reason: "there is no sound in it")
        }
        samplesThisRound = 0
        try wav?.rewind()
        try ogg?.rewind()
        // A decoder carries sound over; each round starts as the first did.
        if ogg != nil { decoder = try OpusDecoder(channels: channels) }
    }

    /// Some samples, mixed to one channel; empty at the end.
    private mutating func nextBlock() throws -> [Int16] {
        if let samples = try wav?.read(frames: 4800), !samples.isEmpty { return mono(samples) }
        while let packet = try ogg?.next() {
            guard let pcm = try decoder?.decode(packet.data) else { break }
            let keep = packet.keep.clamped(to: 0..<pcm.samplesPerChannel)
            if !keep.isEmpty {
                return mono(Array(pcm.samples[keep.lowerBound * channels..<keep.upperBound * channels]))
            }
        }
        return []
    }

    private func mono(_ samples: [Int16]) -> [Int16] {
        guard channels > 1 else { return samples }
        return (0..<samples.count / channels).map { index in
            let sum = samples[index * channels..<(index + 1) * channels].reduce(0) { $0 + Int32($1) }
            return Int16(truncatingIfNeeded: sum / Int32(channels))
        }
    }
}
