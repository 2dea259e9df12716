/// Reads the framing of Opus packets, one packet per RTP payload (RFC 6716 section 3.2, RFC 7587 section 4.2).
///
/// Every function checks the whole packet against requirements R1 to R7 of RFC 6716 section 3.4 and answers nil where
/// one of them is not met. Contents of frames are not looked at.
public enum OpusPacket {
    /// Longest audio in one packet: 120 ms in 48 kHz samples.
    public static let maximumSamples = 5760
    /// Longest frame in bytes.
    public static let maximumFrameLength = 1275

    /// Length of the packet's audio in 48 kHz samples per channel, which is also its length in RTP timestamp ticks.
    public static func duration(_ packet: RawSpan) -> Int? {
        guard let toc = toc(packet), let count = walk(packet, visit: { _ in }) else { return nil }
        return count &* toc.samplesPerFrame
    }

    /// 1 or 2, as the packet was coded; a decoder may put out either.
    public static func channelCount(_ packet: RawSpan) -> Int? {
        guard let toc = toc(packet), walk(packet, visit: { _ in }) != nil else { return nil }
        return toc.isStereo ? 2 : 1
    }

    /// Frames in the packet, 1 ... 48.
    public static func frameCount(_ packet: RawSpan) -> Int? { walk(packet) { _ in } }

    /// Where the packet's frames lie. An empty range is a frame that was not sent (DTX or loss).
    public static func frames(_ packet: RawSpan) -> [Range<Int>]? {
        var frames: [Range<Int>] = []
        guard walk(packet, visit: { frames.append($0) }) != nil else { return nil }
        return frames
    }

    /// The first byte, without a look at the rest.
    public static func toc(_ packet: RawSpan) -> OpusTOC? { packet.uint8(at: 0).map(OpusTOC.init(rawValue:)) }

    /// Visits the frames and answers how many there are; a nil answer makes visits before it void.
    private static func walk(_ packet: RawSpan, visit: (Range<Int>) -> Void) -> Int? {
        var reader = ByteReader(packet)
        // R1: at least one byte.
        guard let toc = reader.readUInt8().map(OpusTOC.init(rawValue:)) else { return nil }
        let end = packet.byteCount
        switch toc.frameCountCode {
        case 0:
            return visitEqual(1, reader.position..<end, visit)
        case 1:
            // R3: two frames of the same size.
            return visitEqual(2, reader.position..<end, visit)
        case 2:
            // R4: the first length is whole and fits.
            guard let length = readLength(&reader), length <= reader.remaining else { return nil }
            let middle = reader.position &+ length
            guard end &- middle <= maximumFrameLength else { return nil }
            visit(reader.position..<middle)
            visit(middle..<end)
            return 2
        default:
            return walkCode3(toc, &reader, end: end, visit: visit)
        }
    }

    private static func walkCode3(
        _ toc: OpusTOC, _ reader: inout ByteReader, end: Int, visit: (Range<Int>) -> Void
    ) -> Int? {
        // R6, R7: at least two bytes.
        guard let head = reader.readUInt8() else { return nil }
        let count = Int(head & 0x3F)
        // R5: one frame or more, at most 120 ms.
        guard count > 0, count &* toc.samplesPerFrame <= maximumSamples else { return nil }
        var padding = 0
        if head & 0x40 != 0 {
            guard let length = readPaddingLength(&reader) else { return nil }
            padding = length
        }
        guard padding <= reader.remaining else { return nil }
        let end = end &- padding
        guard head & 0x80 != 0 else { return visitEqual(count, reader.position..<end, visit) }
        // R7: every length is there before the first frame, and the frames fit in front of the padding.
        return visitVariable(count, &reader, end: end, visit: visit)
    }

    private static func visitVariable(
        _ count: Int, _ reader: inout ByteReader, end: Int, visit: (Range<Int>) -> Void
    ) -> Int? {
        // Lengths are read twice, so that no memory is needed for them: once for where the frames start, once for where
        // each ends.
        var lengths = reader
        for _ in 1..<count {
            guard readLength(&lengths) != nil else { return nil }
        }
        var start = lengths.position
        for _ in 1..<count {
            guard let length = readLength(&reader), start &+ length <= end else { return nil }
            visit(start..<(start &+ length))
            start &+= length
        }
        guard start <= end, end &- start <= maximumFrameLength else { return nil }
        visit(start..<end)
        return count
    }

    /// `count` frames of one size. Nil if `range` does not divide (R3, R6) or a frame is longer than 1275 bytes (R2).
    private static func visitEqual(_ count: Int, _ range: Range<Int>, _ visit: (Range<Int>) -> Void) -> Int? {
        let length = range.count / count
        guard length &* count == range.count, length <= maximumFrameLength else { return nil }
        for index in 0..<count {
            let start = range.lowerBound &+ index &* length
            visit(start..<(start &+ length))
        }
        return count
    }

    /// One or two bytes, 0 ... 1275 (RFC 6716 section 3.2.1).
    private static func readLength(_ reader: inout ByteReader) -> Int? {
        guard let first = reader.readUInt8() else { return nil }
        if first < 252 { return Int(first) }
        guard let second = reader.readUInt8() else { return nil }
        return 4 &* Int(second) &+ Int(first)
    }

    /// Each 255 stands for 254 bytes and another length byte (RFC 6716 section 3.2.5).
    private static func readPaddingLength(_ reader: inout ByteReader) -> Int? {
        var padding = 0
        while let byte = reader.readUInt8() {
            if byte < 255 { return padding &+ Int(byte) }
            padding &+= 254
        }
        return nil
    }
}
