public import Codecs
public import MediaWire

/// Compares each received picture with the very source picture it came from, found by capture time in the capture log.
public struct SourceComparer: ~Copyable {
    public private(set) var match = PictureMatch()
    private var source: VideoSource
    private let log: CaptureLog
    private var reader: CaptureLogReader?

    /// - Parameters:
    ///   - log: the customer's own, in one process; else what `reader` fills.
    ///   - reader: follows a log file of another process.
    public init(source: consuming VideoSource, log: CaptureLog, reader: CaptureLogReader? = nil) {
        self.source = source
        self.log = log
        self.reader = reader
    }

    /// Compares pictures in the order of their capture.
    /// - Returns: dB, or nil if the picture has no capture time, no source at that time, or another size.
    /// - Throws: where the source or the log cannot be read.
    @discardableResult
    public mutating func compare(_ picture: I420Frame, capturedAt time: NTPTimestamp?) throws -> Double? {
        var number = time.flatMap { log.frame(at: $0) }
        if number == nil, reader != nil {
            try reader?.poll()
            number = time.flatMap { log.frame(at: $0) }
        }
        guard let number else {
            match.recordUnmatched()
            return nil
        }
        guard let psnr = picture.psnrY(against: try source.frame(at: number)) else {
            match.recordUnmatched()
            return nil
        }
        match.record(psnr: psnr)
        return psnr
    }
}
