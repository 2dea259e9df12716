/// Writes big-endian fields into a fixed piece of packet memory. Past its end nothing is written and `overflowed` is set.
@safe
@frozen
public struct PacketWriter {
    @usableFromInline let base: UnsafeMutableRawPointer
    @usableFromInline let capacity: Int
    /// Bytes written so far.
    public private(set) var count = 0
    public private(set) var overflowed = false

    @inlinable
    public init(_ buffer: UnsafeMutableRawBufferPointer) {
        // An empty buffer may have no address; nothing is ever written to the stand-in.
        unsafe base = buffer.baseAddress ?? UnsafeMutableRawPointer(bitPattern: 1).unsafelyUnwrapped
        capacity = buffer.count
    }

    public mutating func write(_ value: UInt8) {
        guard reserve(1) else { return }
        unsafe base.storeBytes(of: value, toByteOffset: count, as: UInt8.self)
        count &+= 1
    }

    public mutating func write(_ value: UInt16) {
        guard reserve(2) else { return }
        unsafe base.storeBytes(of: value.bigEndian, toByteOffset: count, as: UInt16.self)
        count &+= 2
    }

    public mutating func write(_ value: UInt32) {
        guard reserve(4) else { return }
        unsafe base.storeBytes(of: value.bigEndian, toByteOffset: count, as: UInt32.self)
        count &+= 4
    }

    public mutating func write(_ value: UInt64) {
        guard reserve(8) else { return }
        unsafe base.storeBytes(of: value.bigEndian, toByteOffset: count, as: UInt64.self)
        count &+= 8
    }

    public mutating func write(_ bytes: UnsafeRawBufferPointer) {
        guard reserve(bytes.count) else { return }
        if let source = bytes.baseAddress {
            unsafe (base + count).copyMemory(from: source, byteCount: bytes.count)
        }
        count &+= bytes.count
    }

    /// Writes zero bytes up to the next multiple of four.
    public mutating func padToWord() {
        while count & 3 != 0, !overflowed { write(UInt8(0)) }
    }

    /// Overwrites two bytes written before.
    public mutating func patch(_ value: UInt16, at offset: Int) {
        guard offset >= 0, offset &+ 2 <= count else { return }
        unsafe base.storeBytes(of: value.bigEndian, toByteOffset: offset, as: UInt16.self)
    }

    private mutating func reserve(_ length: Int) -> Bool {
        guard length <= capacity &- count else {
            overflowed = true
            return false
        }
        return true
    }
}
