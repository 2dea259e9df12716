internal import CVPX
internal import Glibc

/// A picture in 8-bit YCbCr 4:2:0, three planes. Each plane is packed tightly: its stride is its width.
///
/// The luma plane has `width` x `height` bytes, each chroma plane `chromaWidth` x `chromaHeight`, which round odd sides
/// up.
public struct I420Frame: Equatable, Sendable {
    /// Pixels, 1...`sideLimit`, odd values included.
    public let width: Int
    public let height: Int
    public var y: [UInt8]
    public var u: [UInt8]
    public var v: [UInt8]

    /// The longest side of a picture, in pixels: the most that VP8's 14-bit fields hold (RFC 6386 section 9.1).
    public static let sideLimit = 16_383

    public var chromaWidth: Int { (width + 1) / 2 }
    public var chromaHeight: Int { (height + 1) / 2 }

    /// A black picture (limited range: luma 16, chroma 128). Sides outside 1...`sideLimit` are clamped.
    public init(width: Int, height: Int) {
        self.width = min(max(width, 1), Self.sideLimit)
        self.height = min(max(height, 1), Self.sideLimit)
        let chroma = (self.width + 1) / 2 * ((self.height + 1) / 2)
        y = [UInt8](repeating: 16, count: self.width * self.height)
        u = [UInt8](repeating: 128, count: chroma)
        v = [UInt8](repeating: 128, count: chroma)
    }

    /// Nil if a side is outside 1...`sideLimit` or the size of a plane is wrong.
    public init?(width: Int, height: Int, y: [UInt8], u: [UInt8], v: [UInt8]) {
        guard (1...Self.sideLimit).contains(width), (1...Self.sideLimit).contains(height) else { return nil }
        self.width = width
        self.height = height
        self.y = y
        self.u = u
        self.v = v
        guard hasWholePlanes else { return nil }
    }

    /// False after a plane was replaced by one of another size.
    var hasWholePlanes: Bool {
        let chroma = chromaWidth * chromaHeight
        return y.count == width * height && u.count == chroma && v.count == chroma
    }

    /// Peak signal-to-noise ratio of the luma plane in dB, at most 100 (equal pictures). Nil if the sizes differ.
    public func psnrY(against other: I420Frame) -> Double? {
        guard width == other.width, height == other.height, hasWholePlanes, other.hasWholePlanes else { return nil }
        let error = unsafe y.withUnsafeBufferPointer { mine in
            unsafe other.y.withUnsafeBufferPointer { theirs -> UInt64 in
                guard let a = mine.baseAddress, let b = theirs.baseAddress else { return 0 }
                return unsafe cvpx_squared_error(a, b, mine.count)
            }
        }
        guard error > 0 else { return 100 }
        let meanSquare = Double(error) / Double(y.count)
        return min(100, 10 * log10(255 * 255 / meanSquare))
    }
}
