internal import MediaWire

/// The header extensions that are of one hop, under the ids that a slot's receiver gave them; 0 for those that it does not want.
struct HopExtensions: BitwiseCopyable {
    /// Transport-wide numbers (draft-holmer-rmcat-transport-wide-cc-extensions-01 section 2).
    private(set) var number: UInt8 = 0
    /// Absolute send times.
    private(set) var sendTime: UInt8 = 0

    /// What both take at most, with the bytes before their data.
    static let length = 7

    init() {}

    init(_ terms: StreamTerms) {
        // What is repeated under the number that it had has to be the same to the last bit, or one nonce would protect two texts.
        guard terms.usesICE, !terms.nack || terms.relayRTX != nil else { return }
        sendTime = terms.extensions.id(of: RTPHeaderExtensionURI.absoluteSendTime) ?? 0
        guard terms.transportWide else { return }
        number = terms.extensions.id(of: RTPHeaderExtensionURI.transportSequenceNumber) ?? 0
    }

    var isUsed: Bool { number | sendTime != 0 }

    /// Writes the elements in one-byte form (RFC 8285 section 4.2) and answers their length. There is room for `length` bytes.
    @inline(__always)
    func write(_ stamp: HopStamp, to place: UnsafeMutableRawPointer) -> Int {
        var count = 0
        if number != 0 {
            unsafe place.storeBytes(of: number << 4 | 1, as: UInt8.self)
            unsafe place.storeBytes(of: stamp.number.bigEndian, toByteOffset: 1, as: UInt16.self)
            count = 3
        }
        if sendTime != 0 {
            let word = UInt32(sendTime << 4 | 2) << 24 | stamp.sendTime & 0xFF_FFFF
            unsafe place.storeBytes(of: word.bigEndian, toByteOffset: count, as: UInt32.self)
            count &+= 4
        }
        return count
    }
}

/// What the hop's extensions say of one packet.
struct HopStamp: BitwiseCopyable {
    var number: UInt16 = 0
    /// In units of 2^-18 s, 24 bits.
    var sendTime: UInt32 = 0

    init() {}

    init(number: UInt16, at now: Instant) {
        self.number = number
        let seconds = now.nanoseconds / 1_000_000_000, rest = now.nanoseconds % 1_000_000_000
        sendTime = UInt32(truncatingIfNeeded: seconds << 18 | (rest << 18) / 1_000_000_000) & 0xFF_FFFF
    }
}
