/// Writes YUV4MPEG2 files with 8-bit 4:2:0 progressive pictures. Create, `write` …, `finish`.
public struct Y4MWriter: ~Copyable, Sendable {
    /// Pictures written so far.
    public private(set) var frameCount = 0
    private let header: Y4MHeader
    private var sink: FileSink

    /// Creates the file, or empties it. Frames per second = numerator / denominator. Throws if a value is zero,
    /// negative or over its limit.
    public init(
        path: String, width: Int, height: Int, frameRateNumerator: Int = 30, frameRateDenominator: Int = 1
    ) throws(MediaFileError) {
        let sides = 1...MediaFileLimits.pictureSide
        guard sides.contains(width), sides.contains(height) else {
            throw MediaFileError(
                path: path, what: "picture of \(width)x\(height), the limit is 1 to \(sides.upperBound) a side")
        }
        let numbers = 1...Int(Int32.max)
        guard numbers.contains(frameRateNumerator), numbers.contains(frameRateDenominator) else {
            throw MediaFileError(path: path, what: "frame rate of \(frameRateNumerator):\(frameRateDenominator)")
        }
        let header = Y4MHeader(
            width: width, height: height,
            frameRateNumerator: frameRateNumerator, frameRateDenominator: frameRateDenominator)
        var sink = try FileSink(path: path)
        try sink.write(header.line)
        self.header = header
        self.sink = sink
    }

    /// Appends a picture. Throws if a plane has the wrong size or the disk refuses.
    public mutating func write(_ frame: Y4MFrame) throws(MediaFileError) {
        try write(y: frame.y, u: frame.u, v: frame.v)
    }

    /// Appends a picture. Throws if a plane has the wrong size or the disk refuses.
    public mutating func write(y: [UInt8], u: [UInt8], v: [UInt8]) throws(MediaFileError) {
        guard y.count == header.lumaBytes, u.count == header.chromaBytes, v.count == header.chromaBytes else {
            throw sink.failure(
                "planes of \(y.count), \(u.count) and \(v.count) bytes do not make a picture "
                    + "of \(header.width)x\(header.height)")
        }
        try sink.write(Array("FRAME\n".utf8))
        try sink.write(y)
        try sink.write(u)
        try sink.write(v)
        frameCount += 1
    }

    /// Closes the file. Throws if the disk refuses.
    public mutating func finish() throws(MediaFileError) { try sink.finish() }
}
