/// The checksum of ITU V.42, which STUN's FINGERPRINT is made of (RFC 8489 section 14.7).
enum CRC32 {
    /// For each byte, what it makes of the eight bits below it; polynomial 0x04C11DB7, bits reversed.
    private static let table: InlineArray<256, UInt32> = InlineArray { index in
        var value = UInt32(truncatingIfNeeded: index)
        for _ in 0..<8 { value = value >> 1 ^ (value & 1 == 0 ? 0 : 0xEDB8_8320) }
        return value
    }

    /// - Parameter count: bytes from the start on; fewer if there are fewer.
    static func checksum(_ bytes: RawSpan, count: Int) -> UInt32 {
        var value: UInt32 = .max
        for offset in 0..<min(max(count, 0), bytes.byteCount) {
            let index = UInt8(truncatingIfNeeded: value) ^ (bytes.uint8(at: offset) ?? 0)
            value = value >> 8 ^ table[Int(index)]
        }
        return ~value
    }
}
