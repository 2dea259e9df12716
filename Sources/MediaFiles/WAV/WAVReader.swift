/// Reads RIFF WAVE files with 16-bit PCM, plain or WAVE_FORMAT_EXTENSIBLE; other chunks are passed over.
///
/// Files that were written to a pipe have no true size in their header; their samples reach to the end of the file.
/// After an error only `rewind()` makes sense.
public struct WAVReader: ~Copyable, Sendable {
    /// Hz.
    public var sampleRate: Int { header.format.sampleRate }
    public var channels: Int { header.format.channels }
    /// Samples per channel, or nil if the file is a pipe that does not tell.
    public var totalFrames: Int? { header.totalFrames }

    private let header: WAVHeader
    private let firstSample: Int
    private var source: FileSource
    private var framesRead = 0

    /// Opens the file and reads up to its samples. Throws if it is not WAV, is not 16-bit PCM, has over
    /// `MediaFileLimits.channels`, or a chunk is longer than the file.
    public init(path: String) throws(MediaFileError) {
        var source = try FileSource(path: path)
        header = try WAVHeader(from: &source)
        firstSample = source.offset
        self.source = source
    }

    /// The next `frames` samples of every channel, interleaved; fewer at the end, none after it, and never more than
    /// `MediaFileLimits.framesPerRead`. Throws if the file ends too early.
    public mutating func read(frames: Int) throws(MediaFileError) -> [Int16] {
        let frameBytes = header.format.frameBytes
        var wanted = min(max(0, frames), MediaFileLimits.framesPerRead)
        if let totalFrames { wanted = min(wanted, totalFrames - framesRead) }
        let bytes = try source.read(upTo: wanted * frameBytes)
        let isShort = bytes.count < wanted * frameBytes
        guard bytes.count % frameBytes == 0, !isShort || totalFrames == nil else {
            throw source.failure("the file ends inside the samples")
        }
        framesRead += bytes.count / frameBytes
        return stride(from: 0, to: bytes.count - 1, by: 2).map { index in
            Int16(bitPattern: UInt16(bytes[index]) | UInt16(bytes[index + 1]) << 8)
        }
    }

    /// Goes back to the first sample. Throws if the file is a pipe.
    public mutating func rewind() throws(MediaFileError) {
        try source.seek(to: firstSample)
        framesRead = 0
    }
}
