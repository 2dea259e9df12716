/// Puts one VP8 frame together from its payloads (RFC 7741 section 4.5.1) and refuses what cannot be one whole frame.
///
/// The caller orders packets by sequence number, knows that none is missing and groups them by RTP timestamp and
/// marker.
public struct VP8Depacketizer: Sendable {
    /// A frame put together.
    public struct Frame: Sendable, Hashable {
        public var data: [UInt8]
        public var header: VP8FrameHeader
        /// The descriptor of the first payload.
        public var descriptor: VP8PayloadDescriptor
        public var isKeyframe: Bool { header.isKeyframe }
    }

    /// Why payloads do not make a frame.
    public enum Damage: Error, Sendable, Hashable {
        /// A payload that ends within its descriptor or holds nothing behind it.
        case malformedPayload
        /// The first payload does not begin a frame, or there is none.
        case missingStart
        /// A later payload begins a frame, goes back to an earlier partition, or has another picture id.
        case mixedFrames
        /// Over `maximumFrameSize`.
        case tooLarge
        /// The frame header is broken, or its first partition reaches past the end of the frame.
        case malformedFrame
    }

    /// Bytes that a frame may have.
    public let maximumFrameSize: Int
    private var data: [UInt8] = []
    private var first: VP8PayloadDescriptor?
    private var lastPartition: UInt8 = 0

    public init(maximumFrameSize: Int = 4 << 20) { self.maximumFrameSize = maximumFrameSize }

    /// Adds the next payload of the frame. After damage, call `reset()`.
    public mutating func append(_ payload: RawSpan) throws(Damage) {
        guard let descriptor = VP8PayloadDescriptor(payload) else { throw .malformedPayload }
        if let first {
            guard !descriptor.startsFrame, descriptor.partitionIndex >= lastPartition,
                descriptor.pictureID == first.pictureID, descriptor.tl0PictureIndex == first.tl0PictureIndex
            else { throw .mixedFrames }
        } else {
            guard descriptor.startsFrame else { throw .missingStart }
            first = descriptor
        }
        let length = payload.byteCount - descriptor.byteCount
        guard length <= maximumFrameSize - data.count else { throw .tooLarge }
        guard let bytes = payload.slice(at: descriptor.byteCount, count: length) else { throw .malformedPayload }
        bytes.append(to: &data)
        lastPartition = descriptor.partitionIndex
    }

    /// The frame, once its last payload is in. Ready for the next frame afterwards, whatever the outcome.
    public mutating func finish() throws(Damage) -> Frame {
        defer { reset() }
        guard let first else { throw .missingStart }
        guard let header = VP8FrameHeader(data.rawSpan),
            header.firstPartitionSize <= data.count - header.byteCount
        else { throw .malformedFrame }
        return Frame(data: data, header: header, descriptor: first)
    }

    /// Forgets the payloads so far.
    public mutating func reset() {
        data = []
        first = nil
        lastPartition = 0
    }

    /// The frame that `payloads` make, in their order.
    public static func assemble(_ payloads: [[UInt8]], maximumFrameSize: Int = 4 << 20) throws(Damage) -> Frame {
        var depacketizer = VP8Depacketizer(maximumFrameSize: maximumFrameSize)
        for payload in payloads { try depacketizer.append(payload.rawSpan) }
        return try depacketizer.finish()
    }
}

extension VP8Depacketizer {
    /// True if an RTP payload begins a VP8 keyframe; false for everything else, malformed payloads included.
    public static func startsKeyframe(_ payload: RawSpan) -> Bool {
        VP8PayloadDescriptor(payload)?.startsKeyframe(in: payload) ?? false
    }
}
