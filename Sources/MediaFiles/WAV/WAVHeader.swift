/// What stands before the samples of a WAV file.
struct WAVHeader: Equatable, Sendable {
    let format: WAVFormat
    /// Samples per channel, nil if not known.
    let totalFrames: Int?

    /// Sizes that mean "not known": 0, what ffmpeg puts there, and what sox and espeak-ng put there.
    private static let unknownSizes: Set<UInt32> = [0, 0xFFFF_FFFF, 0x7FFF_F000]

    /// Reads the header and leaves `source` at the first sample.
    init(from source: inout FileSource) throws(MediaFileError) {
        let magic = try source.read(upTo: 12)
        guard magic.spells("RIFF"), magic.spells("WAVE", at: 8) else {
            throw source.failure("not a WAV file: it does not begin with RIFF and WAVE", at: 0)
        }
        var found: WAVFormat?
        for _ in 0..<MediaFileLimits.chunks {
            let start = source.offset
            let what = "a chunk header, before any samples"
            let name = try source.read(exactly: 4, of: what)
            let length: UInt32 = try source.readLittleEndian(of: what)
            if name.spells("data") {
                guard let found else { throw source.failure("the samples come before the format chunk", at: start) }
                format = found
                totalFrames = try Self.frames(dataSize: length, format: found, in: source)
                return
            }
            if name.spells("fmt ") {
                guard (16...1024).contains(length) else {
                    throw source.failure("format chunk of \(length) bytes, not 16 to 1024", at: start)
                }
                let chunk = try source.read(exactly: Int(length), of: "the format chunk")
                found = try WAVFormat(chunk: chunk, path: source.path, offset: start + 8)
            } else {
                try source.skip(Int(length), of: "a chunk")
            }
            // Chunks begin at even offsets.
            if length % 2 == 1 { try source.skip(1, of: "a chunk's padding") }
        }
        throw source.failure("more than \(MediaFileLimits.chunks) chunks and no samples")
    }

    private static func frames(
        dataSize: UInt32, format: WAVFormat, in source: borrowing FileSource
    ) throws(MediaFileError) -> Int? {
        let rest = source.byteCount.map { max(0, $0 - source.offset) }
        guard let bytes = unknownSizes.contains(dataSize) ? rest : Int(dataSize) else { return nil }
        if let rest, bytes > rest {
            throw source.failure("data chunk of \(bytes) bytes, but only \(rest) follow", at: source.offset - 8)
        }
        guard bytes % format.frameBytes == 0 else {
            throw source.failure(
                "data chunk of \(bytes) bytes, not whole frames of \(format.frameBytes)", at: source.offset - 8)
        }
        return bytes / format.frameBytes
    }
}
