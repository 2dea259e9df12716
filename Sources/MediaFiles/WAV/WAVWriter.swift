/// Writes RIFF WAVE files with 16-bit PCM. Create, `write` …, `finish`; the sizes are put into the header by `finish`.
/// Until then they stand for "to the end of the file", so that a file cut short can still be read.
public struct WAVWriter: ~Copyable, Sendable {
    /// Samples per channel written so far.
    public private(set) var frameCount = 0
    private let channels: Int
    private var sink: FileSink

    /// Creates the file, or empties it. `sampleRate` in Hz. Throws if a value is over `MediaFileLimits`.
    public init(path: String, sampleRate: Int, channels: Int) throws(MediaFileError) {
        guard (1...MediaFileLimits.sampleRate).contains(sampleRate) else {
            throw MediaFileError(
                path: path, what: "sample rate of \(sampleRate) Hz, the limit is 1 to \(MediaFileLimits.sampleRate)")
        }
        guard (1...MediaFileLimits.channels).contains(channels) else {
            throw MediaFileError(
                path: path, what: "\(channels) channels, the limit is 1 to \(MediaFileLimits.channels)")
        }
        var header: [UInt8] = []
        header.append(ascii: "RIFF")
        header.appendLittleEndian(UInt32.max)
        header.append(ascii: "WAVEfmt ")
        header.appendLittleEndian(UInt32(16))
        header.appendLittleEndian(UInt16(1))
        header.appendLittleEndian(UInt16(channels))
        header.appendLittleEndian(UInt32(sampleRate))
        header.appendLittleEndian(UInt32(sampleRate * channels * 2))
        header.appendLittleEndian(UInt16(channels * 2))
        header.appendLittleEndian(UInt16(16))
        header.append(ascii: "data")
        header.appendLittleEndian(UInt32.max)
        var sink = try FileSink(path: path)
        try sink.write(header)
        self.channels = channels
        self.sink = sink
    }

    /// Appends interleaved samples. Throws if they are not whole frames, the file would pass 2 GiB, or the disk
    /// refuses.
    public mutating func write(_ samples: [Int16]) throws(MediaFileError) {
        guard samples.count % channels == 0 else {
            throw sink.failure("\(samples.count) samples are not whole frames of \(channels) channels")
        }
        // Larger sizes are read as "not known" or as negative by several programs.
        guard samples.count <= (Int(Int32.max) - 8192 - sink.offset) / 2 else {
            throw sink.failure("is full: a WAV file holds 2 GiB")
        }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(samples.count * 2)
        for sample in samples { bytes.appendLittleEndian(UInt16(bitPattern: sample)) }
        try sink.write(bytes)
        frameCount += samples.count / channels
    }

    /// Puts the sizes into the header and closes the file. Throws if the disk refuses.
    public mutating func finish() throws(MediaFileError) {
        var size: [UInt8] = []
        size.appendLittleEndian(UInt32(clamping: sink.offset - 8))
        try sink.patch(size, at: 4)
        size.removeAll()
        size.appendLittleEndian(UInt32(clamping: sink.offset - 44))
        try sink.patch(size, at: 40)
        try sink.finish()
    }
}
