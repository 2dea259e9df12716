/// Reads IVF, the container of libvpx: a header of 32 bytes, then frames with a header of 12 bytes each, little-endian.
///
/// One frame is in memory at a time. After an error only `rewind()` makes sense.
public struct IVFReader: ~Copyable, Sendable {
    /// The codec's name: "VP80".
    public var fourCC: String { header.fourCC }
    /// Pixels. The frames themselves have the last word.
    public var width: Int { header.width }
    public var height: Int { header.height }
    /// A timestamp counts units of numerator / denominator seconds.
    public var timebaseNumerator: Int { header.timebaseNumerator }
    public var timebaseDenominator: Int { header.timebaseDenominator }
    /// The number of frames as the header tells it, nil where it does not. Some writers put the duration here, so it is
    /// a hint; the end of the file decides.
    public var frameCount: Int? { header.frameCount }

    private let header: IVFHeader
    private let firstFrame: Int
    private var source: FileSource

    /// Opens the file and reads its header. Throws if it is not IVF, or its picture is empty or over
    /// `MediaFileLimits.pictureSide`, or its time base has a zero.
    public init(path: String) throws(MediaFileError) {
        var source = try FileSource(path: path)
        header = try IVFHeader(from: &source)
        firstFrame = source.offset
        self.source = source
    }

    /// The next frame, or nil after the last. Throws if the file ends inside a frame or a frame is over
    /// `MediaFileLimits.frameBytes`.
    public mutating func next() throws(MediaFileError) -> IVFFrame? {
        guard try !source.isAtEnd() else { return nil }
        let start = source.offset
        let size: UInt32 = try source.readLittleEndian(of: "a frame header")
        guard size <= MediaFileLimits.frameBytes else {
            throw source.failure(
                "frame of \(size) bytes, more than the limit of \(MediaFileLimits.frameBytes)", at: start)
        }
        let timestamp: UInt64 = try source.readLittleEndian(of: "a frame header")
        let data = try source.read(exactly: Int(size), of: "the frame that begins at byte \(start)")
        return IVFFrame(data: data, timestamp: timestamp)
    }

    /// Goes back to the first frame. Throws if the file is a pipe.
    public mutating func rewind() throws(MediaFileError) {
        try source.seek(to: firstFrame)
    }
}
