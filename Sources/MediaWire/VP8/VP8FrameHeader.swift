/// The uncompressed bytes at the start of a VP8 frame (RFC 6386 section 9.1): 3, or 10 for a keyframe.
@frozen
public struct VP8FrameHeader: Sendable, Hashable {
    public var isKeyframe: Bool
    /// Bitstream profile, 0 ... 3 in use.
    public var version: UInt8
    /// False for a frame that only serves as reference.
    public var isShown: Bool
    /// Bytes of the first partition, 19 bits.
    public var firstPartitionSize: Int
    /// Width and height in pixels, 0 ... 16383 each; nil unless a keyframe.
    public var width: Int?
    public var height: Int?

    /// Bytes before the first partition.
    public var byteCount: Int { isKeyframe ? 10 : 3 }

    /// Reads the start of a frame, or of a frame's first payload behind its descriptor. Nil if it is too short, or a
    /// keyframe without its start code.
    public init?(_ frame: RawSpan) {
        guard let low = frame.uint8(at: 0), let middle = frame.uint8(at: 1), let high = frame.uint8(at: 2) else {
            return nil
        }
        let tag = UInt32(low) | UInt32(middle) << 8 | UInt32(high) << 16
        isKeyframe = tag & 1 == 0
        version = UInt8(truncatingIfNeeded: tag >> 1 & 7)
        isShown = tag >> 4 & 1 == 1
        firstPartitionSize = Int(tag >> 5)
        guard isKeyframe else { return }
        guard frame.uint24(at: 3) == 0x9D012A, let width = frame.uint16(at: 6), let height = frame.uint16(at: 8) else {
            return nil
        }
        // Little-endian on the wire; the two high bits scale the picture for display and are not part of its size.
        self.width = Int(width.byteSwapped & 0x3FFF)
        self.height = Int(height.byteSwapped & 0x3FFF)
    }
}

extension VP8PayloadDescriptor {
    /// True if a payload that this descriptor was read from begins a frame: start of partition 0.
    public var startsFrame: Bool { startOfPartition && partitionIndex == 0 }

    /// True if a payload that this descriptor was read from begins a keyframe: the P bit of the VP8 payload header is 0
    /// (RFC 7741 section 4.3).
    public func startsKeyframe(in payload: RawSpan) -> Bool {
        guard startsFrame, let first = payload.uint8(at: byteCount) else { return false }
        return first & 1 == 0
    }

    /// The frame header that a frame's first payload carries; nil for other payloads.
    public func frameHeader(in payload: RawSpan) -> VP8FrameHeader? {
        guard startsFrame, let frame = payload.slice(at: byteCount, count: payload.byteCount &- byteCount) else {
            return nil
        }
        return VP8FrameHeader(frame)
    }
}
