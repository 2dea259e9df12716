// IVF, WAV and Ogg are little-endian; PNG alone is big-endian.

extension Array where Element == UInt8 {
    /// A little-endian field at `offset`, or nil if it does not lie whole within the array.
    func littleEndian<Value: FixedWidthInteger & UnsignedInteger>(
        _: Value.Type = Value.self, at offset: Int
    ) -> Value? {
        let size = Value.bitWidth / 8
        guard offset >= 0, offset <= count - size else { return nil }
        var value: Value = 0
        for index in (offset..<offset + size).reversed() { value = value << 8 | Value(self[index]) }
        return value
    }

    /// Appends the bytes of `value`, lowest first.
    mutating func appendLittleEndian<Value: FixedWidthInteger & UnsignedInteger>(_ value: Value) {
        for shift in stride(from: 0, to: Value.bitWidth, by: 8) { append(UInt8(truncatingIfNeeded: value >> shift)) }
    }

    /// Appends the bytes of `value`, highest first.
    mutating func appendBigEndian(_ value: UInt32) {
        for shift in [24, 16, 8, 0] { append(UInt8(truncatingIfNeeded: value >> UInt32(shift))) }
    }

    /// Appends an ASCII word such as a chunk name.
    mutating func append(ascii text: StaticString) {
        for byte in text.description.utf8 { append(byte) }
    }

    /// Whether the bytes from `offset` on spell `text`.
    func spells(_ text: StaticString, at offset: Int = 0) -> Bool {
        let word = Array(text.description.utf8)
        guard offset >= 0, offset <= count - word.count else { return false }
        return self[offset..<offset + word.count].elementsEqual(word)
    }
}
