/// The `fmt ` chunk of a WAV file, as far as 16-bit PCM needs it.
struct WAVFormat: Equatable, Sendable {
    /// Hz.
    let sampleRate: Int
    let channels: Int

    /// Bytes of one sample of every channel.
    var frameBytes: Int { channels * 2 }

    private static let pcm: UInt16 = 1
    private static let extensible: UInt16 = 0xFFFE
    /// The tail of every sub-format GUID that stands for a plain format tag (KSDATAFORMAT_SUBTYPE).
    private static let guidTail: [UInt8] = [0, 0, 0, 0, 0x10, 0, 0x80, 0, 0, 0xAA, 0, 0x38, 0x9B, 0x71]

    /// Parses the chunk's body, which begins at `offset` of the file at `path`.
    init(chunk: [UInt8], path: String, offset: Int) throws(MediaFileError) {
        func failed(_ place: Int, _ what: String) -> MediaFileError {
            MediaFileError(path: path, offset: offset + place, what: what)
        }
        guard var tag: UInt16 = chunk.littleEndian(at: 0), let channels: UInt16 = chunk.littleEndian(at: 2),
            let rate: UInt32 = chunk.littleEndian(at: 4), let frameBytes: UInt16 = chunk.littleEndian(at: 12),
            let bits: UInt16 = chunk.littleEndian(at: 14)
        else { throw failed(0, "format chunk of \(chunk.count) bytes, less than 16") }

        var validBits = bits
        if tag == Self.extensible {
            guard let valid: UInt16 = chunk.littleEndian(at: 18), let inner: UInt16 = chunk.littleEndian(at: 24),
                chunk.count >= 40
            else { throw failed(0, "extensible format chunk of \(chunk.count) bytes, less than 40") }
            guard Array(chunk[26..<40]) == Self.guidTail else { throw failed(24, "unknown sample format") }
            tag = inner
            // 0 means that all bits count.
            if valid != 0 { validBits = valid }
        }
        guard tag == Self.pcm, bits == 16, validBits == 16 else {
            let kind = tag == Self.pcm ? "\(min(bits, validBits))-bit PCM" : "format \(tag)"
            throw failed(
                tag == Self.pcm ? 14 : 0,
                "\(kind) is not supported; convert to 16-bit PCM (ffmpeg: -c:a pcm_s16le)")
        }
        guard (1...MediaFileLimits.channels).contains(Int(channels)) else {
            throw failed(2, "\(channels) channels, the limit is 1 to \(MediaFileLimits.channels)")
        }
        guard (1...MediaFileLimits.sampleRate).contains(Int(rate)) else {
            throw failed(4, "sample rate of \(rate) Hz, the limit is 1 to \(MediaFileLimits.sampleRate)")
        }
        guard Int(frameBytes) == Int(channels) * 2 else {
            throw failed(12, "frames of \(frameBytes) bytes do not fit \(channels) channels of 16 bits")
        }
        sampleRate = Int(rate)
        self.channels = Int(channels)
    }
}
