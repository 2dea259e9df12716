/// Reads big-endian fields from untrusted bytes. Every read is bounds-checked and answers nil past the end; nothing
/// traps.
///
/// A failed read leaves the position where it was. This file holds all raw loads of `MediaWire`.
@frozen
public struct ByteReader: ~Escapable {
    @usableFromInline let bytes: RawSpan
    /// Offset of the next byte to read, counted from the start of the span.
    @inlinable public var position: Int { offset }
    @usableFromInline var offset: Int

    @inlinable
    @_lifetime(copy bytes)
    public init(_ bytes: RawSpan) {
        self.bytes = bytes
        self.offset = 0
    }

    /// Bytes not read yet.
    @inlinable public var remaining: Int { bytes.byteCount &- offset }
    @inlinable public var isAtEnd: Bool { offset == bytes.byteCount }

    @inlinable
    @_lifetime(self: copy self)
    public mutating func readUInt8() -> UInt8? {
        guard let value = bytes.uint8(at: offset) else { return nil }
        offset &+= 1
        return value
    }

    @inlinable
    @_lifetime(self: copy self)
    public mutating func readUInt16() -> UInt16? {
        guard let value = bytes.uint16(at: offset) else { return nil }
        offset &+= 2
        return value
    }

    @inlinable
    @_lifetime(self: copy self)
    public mutating func readUInt24() -> UInt32? {
        guard let value = bytes.uint24(at: offset) else { return nil }
        offset &+= 3
        return value
    }

    @inlinable
    @_lifetime(self: copy self)
    public mutating func readUInt32() -> UInt32? {
        guard let value = bytes.uint32(at: offset) else { return nil }
        offset &+= 4
        return value
    }

    @inlinable
    @_lifetime(self: copy self)
    public mutating func readUInt64() -> UInt64? {
        guard let value = bytes.uint64(at: offset) else { return nil }
        offset &+= 8
        return value
    }

    /// Moves on by `count` bytes, or answers nil and stays if there are not that many.
    @inlinable
    @_lifetime(self: copy self)
    public mutating func skip(_ count: Int) -> Void? {
        guard count >= 0, count <= remaining else { return nil }
        offset &+= count
        return ()
    }

    /// The next `count` bytes as a view, or nil if there are not that many.
    @inlinable
    @_lifetime(copy self)
    public mutating func readSpan(_ count: Int) -> RawSpan? {
        guard count >= 0, count <= remaining else { return nil }
        let view = bytes.extracting(offset..<(offset &+ count))
        offset &+= count
        return view
    }
}

extension RawSpan {
    /// The byte at `offset`, or nil outside the span.
    @inlinable
    public func uint8(at offset: Int) -> UInt8? {
        guard offset >= 0, offset < byteCount else { return nil }
        return unsafe unsafeLoadUnaligned(fromUncheckedByteOffset: offset, as: UInt8.self)
    }

    /// A big-endian 16-bit field at `offset`, or nil if it does not lie whole within the span.
    @inlinable
    public func uint16(at offset: Int) -> UInt16? {
        guard offset >= 0, offset <= byteCount &- 2 else { return nil }
        return UInt16(bigEndian: unsafe unsafeLoadUnaligned(fromUncheckedByteOffset: offset, as: UInt16.self))
    }

    /// A big-endian 24-bit field at `offset`, or nil if it does not lie whole within the span.
    @inlinable
    public func uint24(at offset: Int) -> UInt32? {
        guard let high = uint8(at: offset), let low = uint16(at: offset &+ 1) else { return nil }
        return UInt32(high) << 16 | UInt32(low)
    }

    /// A big-endian 32-bit field at `offset`, or nil if it does not lie whole within the span.
    @inlinable
    public func uint32(at offset: Int) -> UInt32? {
        guard offset >= 0, offset <= byteCount &- 4 else { return nil }
        return UInt32(bigEndian: unsafe unsafeLoadUnaligned(fromUncheckedByteOffset: offset, as: UInt32.self))
    }

    /// A big-endian 64-bit field at `offset`, or nil if it does not lie whole within the span.
    @inlinable
    public func uint64(at offset: Int) -> UInt64? {
        guard offset >= 0, offset <= byteCount &- 8 else { return nil }
        return UInt64(bigEndian: unsafe unsafeLoadUnaligned(fromUncheckedByteOffset: offset, as: UInt64.self))
    }

    /// The bytes of `range`, or nil if it does not lie whole within the span.
    @inlinable
    @_lifetime(copy self)
    public func slice(_ range: Range<Int>) -> RawSpan? {
        guard range.lowerBound >= 0, range.upperBound <= byteCount else { return nil }
        return extracting(range)
    }

    /// `count` bytes from `offset` on, or nil if they do not lie whole within the span.
    @inlinable
    @_lifetime(copy self)
    public func slice(at offset: Int, count: Int) -> RawSpan? {
        guard offset >= 0, count >= 0, offset <= byteCount, count <= byteCount &- offset else { return nil }
        return extracting(offset..<(offset &+ count))
    }

    /// A copy of the bytes, for signalling and tests.
    public func toArray() -> [UInt8] {
        unsafe withUnsafeBytes { unsafe [UInt8]($0) }
    }

    /// Appends the bytes to `array`.
    public func append(to array: inout [UInt8]) {
        unsafe withUnsafeBytes { unsafe array.append(contentsOf: $0) }
    }
}

extension Array where Element == UInt8 {
    /// The array's bytes as a view that the parsers of this module take.
    public var rawSpan: RawSpan {
        @_lifetime(borrow self)
        get { unsafe span.bytes }
    }
}

extension ArraySlice where Element == UInt8 {
    /// The slice's bytes as a view that the parsers of this module take.
    public var rawSpan: RawSpan {
        @_lifetime(borrow self)
        get { unsafe span.bytes }
    }
}
