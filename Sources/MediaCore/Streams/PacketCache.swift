internal import CMemory
internal import MediaWire

/// Which packets of a track are at hand for retransmission, and where in the shard's arena they stand: bounded in packets and
/// age, and by what the arena keeps.
@safe
struct PacketCache: ~Copyable {
    private struct Entry: BitwiseCopyable {
        var extended: Int64
        var storedAt: Instant
        var resentAt: Instant
        var place: PacketArena.Place
        var length: Int32
    }

    /// Packets older than this are not sent again: the player has gone on.
    static let maximumAgeNanoseconds: Int64 = 2_000_000_000
    /// The same packet is sent again at most once in this time, however often it is asked for.
    static let minimumSpacingNanoseconds: Int64 = 5_000_000

    private let entries: UnsafeMutablePointer<Entry>
    private let mask: Int

    /// - Parameter packets: remembered at most, rounded up to a power of two.
    /// - Returns: nil if there is no memory: the track goes without.
    init?(packets: Int) {
        var capacity = 16
        while capacity < packets { capacity *= 2 }
        guard let memory = unsafe lens_allocate_zeroed(capacity * MemoryLayout<Entry>.stride) else { return nil }
        // Zeroed entries stand at no place.
        unsafe entries = memory.bindMemory(to: Entry.self, capacity: capacity)
        mask = capacity - 1
    }

    deinit { unsafe lens_free(entries) }

    @inline(__always)
    mutating func store(
        _ packet: UnsafeRawBufferPointer, extended: Int64, in arena: inout PacketArena, at now: Instant
    ) {
        guard let place = unsafe arena.store(packet, at: now) else { return }
        unsafe entries[index(extended)] = Entry(
            extended: extended, storedAt: now, resentAt: Instant(nanoseconds: 0), place: place,
            length: Int32(truncatingIfNeeded: packet.count))
    }

    /// The packet's bytes if they are still there and may be sent again now; remembers that they were. They stay until the
    /// next packet is stored.
    @unsafe
    mutating func take(extended: Int64, from arena: borrowing PacketArena, at now: Instant) -> UnsafeRawBufferPointer? {
        let index = index(extended)
        let entry = unsafe entries[index]
        guard entry.extended == extended, now.nanoseconds(since: entry.storedAt) <= Self.maximumAgeNanoseconds,
            entry.resentAt.nanoseconds == 0
                || now.nanoseconds(since: entry.resentAt) >= Self.minimumSpacingNanoseconds,
            let bytes = unsafe arena.bytes(at: entry.place, count: Int(entry.length))
        else { return nil }
        unsafe entries[index].resentAt = now
        return unsafe bytes
    }

    @inline(__always)
    private func index(_ extended: Int64) -> Int { Int(truncatingIfNeeded: extended) & mask }
}
