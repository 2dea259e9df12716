import MediaFiles

/// Writes received sound: `NAME.wav` as it was heard and `NAME.ogg` as it came.
public struct AudioRecorder: ~Copyable {
    private var wav: WAVWriter
    private var ogg: OggOpusWriter

    /// The usual lookahead of an Opus encoder at 48 kHz, 6.5 ms: the start that a player drops (RFC 7845 section 4.2).
    private static let preSkip = 312

    /// - Parameters:
    ///   - folder: made if needed.
    ///   - name: of both files, without extension.
    ///   - serial: random; tells Ogg streams apart.
    /// - Throws: `EndpointError.unwritable` or `MediaFileError`.
    public init(folder: String, name: String, channels: Int = 1, serial: UInt32) throws {
        try makeFolder(folder)
        let wav = try WAVWriter(path: "\(folder)/\(name).wav", sampleRate: 48_000, channels: channels)
        ogg = try OggOpusWriter(
            path: "\(folder)/\(name).ogg", channels: channels, preSkip: Self.preSkip, serial: serial)
        self.wav = wav
    }

    /// A packet's place on the timeline.
    /// - Parameters:
    ///   - packet: nil for a lost one.
    ///   - samples: how long it lasts, at 48 kHz per channel.
    ///   - sound: interleaved, what was heard; with the hole before it, if there was one.
    public mutating func record(_ packet: [UInt8]?, samples: Int, sound: [Int16]) throws {
        try wav.write(sound)
        // A packet too damaged to be written leaves its time.
        if let packet, (try? ogg.write(packet, samples48k: samples)) != nil { return }
        try ogg.writeLoss(samples48k: samples / 120 * 120)
    }

    public mutating func finish() throws {
        try wav.finish()
        try ogg.finish()
    }
}
