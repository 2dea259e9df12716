internal import CMemory
internal import MediaWire

/// The last plain packets of a track, for retransmission: bounded in bytes, packets and age, in one block of memory.
///
/// Storing overwrites the oldest. A packet is found by its extended sequence number while it has not been overwritten.
@safe
struct PacketCache: ~Copyable {
    private struct Entry: BitwiseCopyable {
        var extended: Int64
        /// Count of bytes written to the ring before this packet.
        var position: UInt64
        var length: Int
        var storedAt: Instant
        var resentAt: Instant
    }

    /// Packets remembered at most.
    static let maximumPackets = 512
    /// Packets older than this are not sent again: the player has gone on.
    static let maximumAgeNanoseconds: Int64 = 2_000_000_000
    /// The same packet is sent again at most once in this time, however often it is asked for.
    static let minimumSpacingNanoseconds: Int64 = 5_000_000

    private let memory: UnsafeMutableRawPointer
    private let capacity: Int
    private let entries: UnsafeMutablePointer<Entry>
    private var written: UInt64 = 0
    /// `written` within the ring.
    private var offset = 0

    /// - Parameter capacity: bytes of packets to keep.
    init(capacity: Int) {
        self.capacity = max(capacity, ReceiveBatch.slotSize)
        unsafe memory = .allocate(byteCount: self.capacity, alignment: 64)
        // Every page is touched once here, rather than one by one under the first packets that reach it.
        unsafe memory.initializeMemory(as: UInt8.self, repeating: 0, count: self.capacity)
        unsafe entries = .allocate(capacity: Self.maximumPackets)
        let none = Entry(
            extended: .min, position: 0, length: 0, storedAt: Instant(nanoseconds: 0), resentAt: Instant(nanoseconds: 0)
        )
        unsafe entries.initialize(repeating: none, count: Self.maximumPackets)
    }

    deinit {
        unsafe memory.deallocate()
        unsafe entries.deallocate()
    }

    /// Brings the memory near that a packet of this length will be stored in.
    @inline(__always)
    func prefetch(_ length: Int) {
        let place = offset &+ length > capacity ? 0 : offset
        unsafe lens_prefetch_write(memory + place, min(length, capacity))
    }

    mutating func store(_ packet: UnsafeRawBufferPointer, extended: Int64, at now: Instant) {
        guard let source = packet.baseAddress, packet.count <= capacity else { return }
        if offset &+ packet.count > capacity {
            written &+= UInt64(capacity &- offset)
            offset = 0
        }
        unsafe (memory + offset).copyMemory(from: source, byteCount: packet.count)
        unsafe entries[Self.place(extended)] = Entry(
            extended: extended, position: written, length: packet.count, storedAt: now,
            resentAt: Instant(nanoseconds: 0))
        written &+= UInt64(packet.count)
        offset &+= packet.count
    }

    /// The packet's bytes if they are still here and may be sent again now; remembers that they were.
    @unsafe
    mutating func take(extended: Int64, at now: Instant) -> UnsafeRawBufferPointer? {
        let place = Self.place(extended)
        let entry = unsafe entries[place]
        guard entry.extended == extended, written &- entry.position <= UInt64(capacity),
            now.nanoseconds(since: entry.storedAt) <= Self.maximumAgeNanoseconds,
            entry.resentAt.nanoseconds == 0
                || now.nanoseconds(since: entry.resentAt) >= Self.minimumSpacingNanoseconds
        else { return nil }
        unsafe entries[place].resentAt = now
        let offset = Int(truncatingIfNeeded: entry.position % UInt64(capacity))
        return unsafe UnsafeRawBufferPointer(start: memory + offset, count: entry.length)
    }

    @inline(__always)
    private static func place(_ extended: Int64) -> Int {
        Int(truncatingIfNeeded: extended) & (maximumPackets &- 1)
    }
}
