import MediaWire

/// What a packet was made of: enough to compare what comes back with it, and to make the very same packet again.
struct SentPacket: BitwiseCopyable {
    var captureTime: NTPTimestamp
    var timestamp: RTPTimestamp
    /// In the clips.
    var payload: Int32
    var sequence: SequenceNumber
    var pictureID: UInt16
    var isMarked: Bool
}

/// The last packets of one stream, by sequence number. Has no memory before the first one.
@safe
struct LoadHistory: ~Copyable {
    /// A power of two, above a second of video at usual rates, and less than the packets that SRTP still takes again.
    static let capacity = 512

    private var entries: UnsafeMutablePointer<SentPacket>?

    init() { unsafe entries = nil }

    deinit { unsafe entries?.deallocate() }

    @inline(__always)
    mutating func append(_ packet: SentPacket) {
        let entries = unsafe self.entries ?? allocate(packet)
        unsafe entries[Self.place(packet.sequence)] = packet
    }

    /// Nil for a number that is not among the last `capacity` ones.
    @inline(__always)
    func packet(_ sequence: SequenceNumber) -> SentPacket? {
        guard let found = unsafe entries?[Self.place(sequence)], found.sequence == sequence else { return nil }
        return found
    }

    @inline(__always)
    private static func place(_ sequence: SequenceNumber) -> Int { Int(sequence.rawValue) & (capacity &- 1) }

    /// Every place holds the first packet until it gets its own, which no other number finds.
    private mutating func allocate(_ first: SentPacket) -> UnsafeMutablePointer<SentPacket> {
        let memory = UnsafeMutablePointer<SentPacket>.allocate(capacity: Self.capacity)
        unsafe memory.initialize(repeating: first, count: Self.capacity)
        unsafe entries = memory
        return unsafe memory
    }
}
