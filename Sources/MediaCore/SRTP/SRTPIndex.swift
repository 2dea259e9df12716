internal import MediaWire

/// The index of an SRTP packet: 48 bits, rollover counter above sequence number (RFC 3711 section 3.3.1).
enum SRTPIndex {
    /// The last index of a key (RFC 3711 section 9.2).
    static let last: UInt64 = 1 << 48 - 1
    /// The last index of SRTCP, which has 31 bits.
    static let lastOfRTCP: UInt32 = 0x7FFF_FFFF

    /// The index that `sequence` most likely stands for (RFC 3711 appendix A), beyond `last` if the counter ran out.
    ///
    /// While the newest index lies in the first half cycle, every number is taken as of the first cycle: nothing can
    /// lie before index 0, where the appendix would let the counter wrap backwards.
    /// - Parameter newest: the highest index so far, 0 before the first packet.
    @inline(__always)
    static func estimate(_ sequence: SequenceNumber, newest: UInt64) -> UInt64 {
        let number = UInt64(sequence.rawValue)
        guard newest > 0x8000 else { return number }
        let cycle = newest & ~0xFFFF
        let latest = newest & 0xFFFF
        if latest < 0x8000 {
            return (number > latest &+ 0x8000 ? cycle &- 0x1_0000 : cycle) | number
        }
        return (number < latest &- 0x8000 ? cycle &+ 0x1_0000 : cycle) | number
    }
}
