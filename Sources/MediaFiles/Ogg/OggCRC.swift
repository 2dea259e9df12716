/// The checksum of an Ogg page: CRC-32 with polynomial 0x04C11DB7, no reflection, starting at 0 (RFC 3533 §6, item 7).
enum OggCRC {
    private static let table: [UInt32] = (0..<256).map { index in
        var value = UInt32(index) << 24
        for _ in 0..<8 { value = value & 0x8000_0000 != 0 ? value << 1 ^ 0x04C1_1DB7 : value << 1 }
        return value
    }

    /// The checksum of `bytes` after what gave `start`.
    static func checksum(_ bytes: [UInt8], continuing start: UInt32 = 0) -> UInt32 {
        let table = table
        var value = start
        for byte in bytes { value = value << 8 ^ table[Int(UInt8(truncatingIfNeeded: value >> 24) ^ byte)] }
        return value
    }
}
