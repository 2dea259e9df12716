/// One Opus packet of an Ogg Opus file.
public struct OggOpusPacket: Equatable, Sendable {
    /// As the encoder made it (RFC 6716 §3).
    public var data: [UInt8]
    /// Samples at 48 kHz per channel that the decoder gives for it.
    public var samples: Int
    /// Which of those samples belong to the recording: less than all where the pre-skip cuts the start or the last page
    /// cuts the end (RFC 7845 §4.2, §4.4).
    public var keep: Range<Int>
    /// Samples at 48 kHz from the start of the stream, pre-skip included, to the end of this packet; given for the last
    /// packet of a page only.
    public var granulePosition: Int64?

    public init(data: [UInt8], samples: Int, keep: Range<Int>, granulePosition: Int64? = nil) {
        self.data = data
        self.samples = samples
        self.keep = keep
        self.granulePosition = granulePosition
    }
}
