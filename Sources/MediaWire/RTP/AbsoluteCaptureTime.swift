/// The abs-capture-time header extension: when the first sample of a frame was captured, on the capturing system's
/// clock.
///
/// Source: webrtc.org/experiments/rtp-hdrext/abs-capture-time. 8 bytes, or 16 with the clock offset.
@frozen
public struct AbsoluteCaptureTime: Sendable, Hashable {
    public var captureTime: NTPTimestamp
    /// How far the capturing system's clock is ahead of the sender's, in units of 2^-32 s; nil in the short form.
    public var clockOffset: Int64?

    public static let shortLength = 8
    public static let extendedLength = 16

    public init(captureTime: NTPTimestamp, clockOffset: Int64? = nil) {
        self.captureTime = captureTime
        self.clockOffset = clockOffset
    }

    /// Reads an extension element's data. Nil unless it is 8 or 16 bytes long.
    public init?(_ data: RawSpan) {
        guard data.byteCount == Self.shortLength || data.byteCount == Self.extendedLength,
            let time = data.uint64(at: 0)
        else { return nil }
        captureTime = NTPTimestamp(rawValue: time)
        clockOffset = data.uint64(at: 8).map(Int64.init(bitPattern:))
    }

    public func write(to writer: inout ByteWriter) {
        writer.write(captureTime.rawValue)
        if let clockOffset { writer.write(UInt64(bitPattern: clockOffset)) }
    }

    /// The element's data.
    public func serialized() -> [UInt8] {
        var writer = ByteWriter(reservingCapacity: Self.extendedLength)
        write(to: &writer)
        return writer.bytes
    }
}
