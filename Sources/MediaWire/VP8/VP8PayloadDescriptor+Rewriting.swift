// The relay gives every player continuous picture ids, so it changes them in place in the packet on its way out.
extension VP8PayloadDescriptor {
    /// Overwrites the picture id in a payload that this descriptor was read from, keeping its length: 7-bit ids take
    /// the low 7 bits of `value`, 15-bit ids the low 15. Does nothing if there is none or the payload is too short.
    public mutating func rewritePictureID(_ value: UInt16, in payload: inout MutableRawSpan) {
        guard let offset = pictureIDOffset, offset &+ pictureIDWidth <= payload.byteCount else { return }
        if pictureIDIs15Bit {
            payload.storeBytes(of: (0x8000 | value).bigEndian, toByteOffset: offset, as: UInt16.self)
            pictureID = value & 0x7FFF
        } else {
            payload.storeBytes(of: UInt8(truncatingIfNeeded: value & 0x7F), toByteOffset: offset, as: UInt8.self)
            pictureID = value & 0x7F
        }
    }

    /// Overwrites TL0PICIDX likewise.
    public mutating func rewriteTL0PictureIndex(_ value: UInt8, in payload: inout MutableRawSpan) {
        guard let offset = tl0PictureIndexOffset, offset < payload.byteCount else { return }
        payload.storeBytes(of: value, toByteOffset: offset, as: UInt8.self)
        tl0PictureIndex = value
    }

    /// As above, for packet memory that is held as a pointer.
    public mutating func rewritePictureID(_ value: UInt16, in payload: UnsafeMutableRawBufferPointer) {
        var span = unsafe payload.mutableBytes
        rewritePictureID(value, in: &span)
    }

    /// As above, for packet memory that is held as a pointer.
    public mutating func rewriteTL0PictureIndex(_ value: UInt8, in payload: UnsafeMutableRawBufferPointer) {
        var span = unsafe payload.mutableBytes
        rewriteTL0PictureIndex(value, in: &span)
    }

    private var pictureIDWidth: Int { pictureIDIs15Bit ? 2 : 1 }
}
