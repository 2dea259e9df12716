/// Reads YUV4MPEG2 files with 8-bit 4:2:0 progressive pictures. One picture is in memory at a time.
///
/// After an error only `rewind()` makes sense.
public struct Y4MReader: ~Copyable, Sendable {
    /// Pixels.
    public var width: Int { header.width }
    public var height: Int { header.height }
    /// Frames per second = numerator / denominator.
    public var frameRateNumerator: Int { header.frameRateNumerator }
    public var frameRateDenominator: Int { header.frameRateDenominator }

    private let header: Y4MHeader
    private let firstFrame: Int
    private var source: FileSource

    /// Opens the file and reads its header line. Throws if it is not Y4M, has no frame rate, is interlaced, in another
    /// colour space, or over `MediaFileLimits.pictureSide`.
    public init(path: String) throws(MediaFileError) {
        var source = try FileSource(path: path)
        let start = try source.read(upTo: 10)
        guard start.spells("YUV4MPEG2 ") else {
            throw source.failure("not a Y4M file: it does not begin with YUV4MPEG2", at: 0)
        }
        let rest = try source.readLine(of: "the Y4M header")
        guard let rest else { throw source.failure("the file ends inside the Y4M header") }
        do {
            header = try Y4MHeader(line: start + rest)
        } catch {
            throw source.failure(error.what, at: error.offset)
        }
        firstFrame = source.offset
        self.source = source
    }

    /// The next picture, or nil after the last. Throws if there is no FRAME line where one must be, or the file ends
    /// inside a picture.
    public mutating func next() throws(MediaFileError) -> Y4MFrame? {
        let start = source.offset
        guard let line = try source.readLine(of: "a FRAME line") else { return nil }
        guard line.spells("FRAME"), line.count == 5 || line.spells(" ", at: 5) else {
            throw source.failure("a picture does not begin with FRAME", at: start)
        }
        let what = "the picture that begins at byte \(start)"
        return Y4MFrame(
            y: try source.read(exactly: header.lumaBytes, of: what),
            u: try source.read(exactly: header.chromaBytes, of: what),
            v: try source.read(exactly: header.chromaBytes, of: what))
    }

    /// Goes back to the first picture. Throws if the file is a pipe.
    public mutating func rewind() throws(MediaFileError) {
        try source.seek(to: firstFrame)
    }
}
