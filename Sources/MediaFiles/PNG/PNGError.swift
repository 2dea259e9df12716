/// Why a picture cannot become a PNG.
public enum PNGError: Error, Equatable, Sendable, CustomStringConvertible {
    /// A side is zero, negative or over `MediaFileLimits.pictureSide`.
    case badSize(width: Int, height: Int)
    /// The pixels are not width × height × 3 bytes.
    case wrongByteCount(expected: Int, got: Int)
    /// zlib gave this status.
    case compressionFailed(status: Int)

    public var description: String {
        switch self {
        case .badSize(let width, let height):
            "a PNG of \(width)x\(height) pixels, the limit is 1 to \(MediaFileLimits.pictureSide) a side"
        case .wrongByteCount(let expected, let got): "\(got) bytes of pixels where \(expected) are needed"
        case .compressionFailed(let status): "zlib failed with status \(status)"
        }
    }
}
