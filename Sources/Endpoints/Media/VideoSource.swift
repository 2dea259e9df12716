public import Codecs
import MediaFiles

/// Pictures of a video file by number, as a camera in front of that scene would give them: after the last comes the first again.
///
/// Takes VP8 in IVF, decoded on use, and Y4M. One picture is in memory at a time. Numbers should grow: going back starts the file
/// over.
public struct VideoSource: ~Copyable {
    public let path: String
    public let width: Int
    public let height: Int
    public let rate: FrameRate
    /// Pictures in the file; nil until its end was reached once.
    public private(set) var frameCount: Int?

    private var ivf: IVFReader?
    private var decoder: VP8Decoder?
    private var y4m: Y4MReader?
    /// Pictures decoded since the start of the file.
    private var position = 0
    private var current: I420Frame?

    /// - Throws: `EndpointError`, `MediaFileError` or `CodecError`.
    public init(path: String) throws {
        let size: (width: Int, height: Int)
        let rate: FrameRate
        var ivf: IVFReader?
        var decoder: VP8Decoder?
        var y4m: Y4MReader?
        switch try MediaFileKind(path: path) {
        case .ivf:
            var reader = try IVFReader(path: path)
            rate = try reader.frameRate(path: path)
            size = (reader.width, reader.height)
            ivf = consume reader
            decoder = try VP8Decoder()
        case .y4m:
            let reader = try Y4MReader(path: path)
            guard let said = FrameRate(reader.frameRateNumerator, over: reader.frameRateDenominator) else {
                throw EndpointError.unsupportedMedia(path: path, reason: "its frame rate is not between 1 and 240")
            }
            rate = said
            size = (reader.width, reader.height)
            y4m = consume reader
        case .wav, .oggOpus:
            throw EndpointError.unsupportedMedia(path: path, reason: "this is sound; take VP8 in IVF or Y4M for video")
        }
        self.path = path
        (width, height) = size
        self.rate = rate
        self.ivf = ivf
        self.decoder = decoder
        self.y4m = y4m
    }

    /// The picture with this number, counted through all rounds of the file.
    ///
    /// Pictures between the last one asked for and this one are decoded and passed over.
    /// - Throws: `MediaFileError` or `CodecError` where the file is broken, `EndpointError` if it has no picture.
    public mutating func frame(at number: Int) throws -> I420Frame {
        var wanted = frameCount.map { number % $0 } ?? number
        while true {
            if wanted == position - 1, let current { return current }
            if wanted < position { try rewind() }
            while position <= wanted {
                guard let picture = try nextPicture() else { break }
                current = picture
                position += 1
            }
            if position > wanted, let current { return current }
            guard position > 0 else {
                throw EndpointError.unsupportedMedia(path: path, reason: "there is no picture in it")
            }
            frameCount = position
            wanted = number % position
        }
    }

    private mutating func rewind() throws {
        try ivf?.rewind()
        try y4m?.rewind()
        position = 0
        current = nil
    }

    private mutating func nextPicture() throws -> I420Frame? {
        if let frame = try y4m?.next() {
            return I420Frame(width: width, height: height, y: frame.y, u: frame.u, v: frame.v)
        }
        // A frame may be encoded not to be shown; it gives no picture.
        while let frame = try ivf?.next() {
            if let picture = try decoder?.decode(frame.data) { return picture }
        }
        return nil
    }
}

extension IVFReader {
    /// The rate between the first two frames; the time base alone is often only a clock's.
    mutating func frameRate(path: String) throws -> FrameRate {
        guard fourCC == "VP80" else {
            throw EndpointError.unsupportedMedia(
                path: path, reason: "its codec is \(printable(fourCC)); only VP8 is taken")
        }
        guard let first = try next() else {
            throw EndpointError.unsupportedMedia(path: path, reason: "there is no picture in it")
        }
        var ticks: UInt64 = 1
        if let second = try next(), second.timestamp > first.timestamp { ticks = second.timestamp - first.timestamp }
        try rewind()
        let product = Int(exactly: ticks).map { timebaseNumerator.multipliedReportingOverflow(by: $0) }
        guard let product, !product.overflow, let rate = FrameRate(timebaseDenominator, over: product.partialValue)
        else {
            throw EndpointError.unsupportedMedia(path: path, reason: "its frame rate is not between 1 and 240")
        }
        return rate
    }
}
