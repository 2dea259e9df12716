/// The descriptor in front of every VP8 RTP payload (RFC 7741 section 4.2).
///
/// Plain values; where its fields lie in the payload follows from which of them are there.
@frozen
public struct VP8PayloadDescriptor: Sendable, Hashable {
    /// N: no other frame refers to this one, so it may be dropped.
    public var nonReference: Bool
    /// S: the payload begins a VP8 partition.
    public var startOfPartition: Bool
    /// PID: the partition that the payload's first byte belongs to, 0 ... 7.
    public var partitionIndex: UInt8
    /// 7 or 15 bits, one up per frame, wraps.
    public var pictureID: UInt16?
    /// Which of the two lengths the picture id has on the wire.
    public var pictureIDIs15Bit: Bool
    /// Counts the frames of temporal layer 0, wraps.
    public var tl0PictureIndex: UInt8?
    /// TID, 0 ... 3.
    public var temporalLayer: UInt8?
    /// Y: the frame depends on layer 0 alone, so a receiver may switch up to its layer here. Only sent with
    /// `temporalLayer`.
    public var layerSync: Bool
    /// KEYIDX, 0 ... 31, wraps.
    public var keyIndex: UInt8?
    /// X is set though no extension field follows, which the RFC allows.
    public var hasEmptyExtension: Bool

    public init(
        nonReference: Bool = false, startOfPartition: Bool, partitionIndex: UInt8 = 0, pictureID: UInt16? = nil,
        pictureIDIs15Bit: Bool = true, tl0PictureIndex: UInt8? = nil, temporalLayer: UInt8? = nil,
        layerSync: Bool = false, keyIndex: UInt8? = nil
    ) {
        self.nonReference = nonReference
        self.startOfPartition = startOfPartition
        self.partitionIndex = partitionIndex
        self.pictureID = pictureID
        self.pictureIDIs15Bit = pictureIDIs15Bit
        self.tl0PictureIndex = tl0PictureIndex
        self.temporalLayer = temporalLayer
        self.layerSync = layerSync
        self.keyIndex = keyIndex
        hasEmptyExtension = false
    }

    /// Reads the descriptor at the start of an RTP payload. Nil if the payload ends within it or holds nothing behind
    /// it. Reserved bits are ignored.
    public init?(_ payload: RawSpan) {
        var reader = ByteReader(payload)
        guard let first = reader.readUInt8() else { return nil }
        self.init(
            nonReference: first & 0x20 != 0, startOfPartition: first & 0x10 != 0, partitionIndex: first & 0x07,
            pictureIDIs15Bit: false)
        if first & 0x80 != 0 {
            guard let flags = reader.readUInt8(), readExtension(flags, &reader) else { return nil }
        }
        if reader.isAtEnd { return nil }
    }

    private mutating func readExtension(_ flags: UInt8, _ reader: inout ByteReader) -> Bool {
        if flags & 0x80 != 0 {
            guard let high = reader.readUInt8() else { return false }
            pictureID = UInt16(high & 0x7F)
            if high & 0x80 != 0 {
                guard let low = reader.readUInt8() else { return false }
                pictureIDIs15Bit = true
                pictureID = UInt16(high & 0x7F) << 8 | UInt16(low)
            }
        }
        if flags & 0x40 != 0 {
            guard let index = reader.readUInt8() else { return false }
            tl0PictureIndex = index
        }
        if flags & 0x30 != 0 {
            guard let layers = reader.readUInt8() else { return false }
            if flags & 0x20 != 0 {
                temporalLayer = layers >> 6
                layerSync = layers & 0x20 != 0
            }
            if flags & 0x10 != 0 { keyIndex = layers & 0x1F }
        }
        hasEmptyExtension = flags & 0xF0 == 0
        return true
    }

    /// X: the extension byte is on the wire.
    public var isExtended: Bool {
        pictureID != nil || tl0PictureIndex != nil || hasLayerByte || hasEmptyExtension
    }

    private var hasLayerByte: Bool { temporalLayer != nil || keyIndex != nil }
    private var pictureIDLength: Int { pictureID == nil ? 0 : pictureIDIs15Bit ? 2 : 1 }

    /// Bytes before the VP8 data, 1 ... 6.
    public var byteCount: Int {
        guard isExtended else { return 1 }
        return 2 &+ pictureIDLength &+ (tl0PictureIndex == nil ? 0 : 1) &+ (hasLayerByte ? 1 : 0)
    }

    /// Offset of the picture id's 1 or 2 bytes from the payload's start.
    public var pictureIDOffset: Int? { pictureID == nil ? nil : 2 }

    /// Offset of TL0PICIDX from the payload's start.
    public var tl0PictureIndexOffset: Int? { tl0PictureIndex == nil ? nil : 2 &+ pictureIDLength }

    /// Offset of the byte with TID, Y and KEYIDX from the payload's start.
    public var layerByteOffset: Int? {
        hasLayerByte ? 2 &+ pictureIDLength &+ (tl0PictureIndex == nil ? 0 : 1) : nil
    }

    /// Writes the descriptor; too large values lose their high bits.
    public func write(to writer: inout ByteWriter) {
        let first = (nonReference ? 0x20 : 0) | (startOfPartition ? 0x10 : 0) | partitionIndex & 0x07
        guard isExtended else { return writer.write(first) }
        writer.write(0x80 | first)
        writer.write(
            (pictureID == nil ? 0 : 0x80) | (tl0PictureIndex == nil ? 0 : 0x40) | (temporalLayer == nil ? 0 : 0x20)
                | (keyIndex == nil ? 0 : 0x10) as UInt8)
        if let pictureID {
            if pictureIDIs15Bit {
                writer.write(0x8000 | pictureID)
            } else {
                writer.write(UInt8(truncatingIfNeeded: pictureID & 0x7F))
            }
        }
        if let tl0PictureIndex { writer.write(tl0PictureIndex) }
        if hasLayerByte {
            let layer = (temporalLayer ?? 0) << 6 | (temporalLayer != nil && layerSync ? 0x20 : 0)
            writer.write(layer | (keyIndex ?? 0) & 0x1F)
        }
    }
}
