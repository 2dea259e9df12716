/// What the readers take at most. A header that asks for more is refused before anything is allocated for it.
public enum MediaFileLimits {
    /// Bytes of one compressed frame, and of the comment header of Ogg Opus.
    public static let frameBytes = 8_388_608
    /// Pixels of a picture's width, and of its height.
    public static let pictureSide = 4096
    /// Bytes of a text line in a Y4M file.
    public static let lineBytes = 1024
    /// Audio channels.
    public static let channels = 8
    /// Hz.
    public static let sampleRate = 384_000
    /// Chunks before the samples of a WAV file.
    public static let chunks = 1024
    /// Audio frames handed out by one read of a WAV file.
    public static let framesPerRead = 1_048_576
    /// Bytes of one Opus packet (RFC 7845 §6).
    public static let opusPacketBytes = 61_440
}
