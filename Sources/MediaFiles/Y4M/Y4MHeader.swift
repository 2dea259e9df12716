/// The first line of a Y4M file: `YUV4MPEG2 W640 H480 F30:1 Ip A1:1 C420jpeg`.
struct Y4MHeader: Equatable, Sendable {
    var width: Int
    var height: Int
    var frameRateNumerator: Int
    var frameRateDenominator: Int

    /// Bytes of the luma plane, and of each chroma plane.
    var lumaBytes: Int { width * height }
    var chromaBytes: Int { ((width + 1) / 2) * ((height + 1) / 2) }

    /// What is wrong with a header line, and where in it.
    struct Failure: Error {
        var offset: Int
        var what: String
    }

    init(width: Int, height: Int, frameRateNumerator: Int, frameRateDenominator: Int) {
        self.width = width
        self.height = height
        self.frameRateNumerator = frameRateNumerator
        self.frameRateDenominator = frameRateDenominator
    }

    /// Parses the line without its line feed. Unknown parameters are passed over.
    init(line: [UInt8]) throws(Failure) {
        guard line.spells("YUV4MPEG2") else {
            throw Failure(offset: 0, what: "not a Y4M file: it does not begin with YUV4MPEG2")
        }
        var width: Int?
        var height: Int?
        var rate: (Int, Int)?
        for field in line.split(separator: UInt8(ascii: " ")).dropFirst() {
            guard let tag = field.first else { continue }
            let value = String(decoding: field.dropFirst(), as: UTF8.self)
            switch tag {
            case UInt8(ascii: "W"): width = try Self.side(value, "width", at: field.startIndex)
            case UInt8(ascii: "H"): height = try Self.side(value, "height", at: field.startIndex)
            case UInt8(ascii: "F"): rate = try Self.rate(value, at: field.startIndex)
            case UInt8(ascii: "I"):
                guard value == "p" || value == "?" else {
                    throw Failure(
                        offset: field.startIndex,
                        what: "interlaced pictures (I\(value)) are not supported, only progressive ones")
                }
            case UInt8(ascii: "C"):
                guard ["420", "420jpeg", "420mpeg2", "420paldv"].contains(value) else {
                    throw Failure(
                        offset: field.startIndex,
                        what: "colour space C\(value) is not supported; "
                            + "convert to 8-bit 4:2:0 (ffmpeg: -pix_fmt yuv420p)")
                }
            default: break
            }
        }
        guard let width, let height else {
            throw Failure(offset: line.count, what: "the header names no \(width == nil ? "width (W)" : "height (H)")")
        }
        guard let rate else { throw Failure(offset: line.count, what: "the header names no frame rate (F)") }
        self.init(width: width, height: height, frameRateNumerator: rate.0, frameRateDenominator: rate.1)
    }

    /// The line with its line feed.
    var line: [UInt8] {
        Array("YUV4MPEG2 W\(width) H\(height) F\(frameRateNumerator):\(frameRateDenominator) Ip A1:1 C420jpeg\n".utf8)
    }

    private static func side(_ value: String, _ name: String, at offset: Int) throws(Failure) -> Int {
        guard let side = Int(value), (1...MediaFileLimits.pictureSide).contains(side) else {
            throw Failure(
                offset: offset, what: "\(name) \"\(value)\", the limit is 1 to \(MediaFileLimits.pictureSide)")
        }
        return side
    }

    private static func rate(_ value: String, at offset: Int) throws(Failure) -> (Int, Int) {
        let parts = value.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 2, let numerator = Int32(parts[0]), let denominator = Int32(parts[1]),
            numerator > 0, denominator > 0
        else { throw Failure(offset: offset, what: "frame rate \"\(value)\", not two numbers above zero like 30:1") }
        return (Int(numerator), Int(denominator))
    }
}
