internal import CMemory
internal import MediaWire

/// Which packets of a track are at hand for retransmission, and where in the shard's arena they stand: bounded in packets and
/// age, and by what the arena keeps.
@safe
struct PacketCache: ~Copyable {
    /// Packets older than this are not sent again: the player has gone on.
    static let maximumAgeNanoseconds: Int64 = 2_000_000_000
    /// The same packet is sent again at most once in this time, however often it is asked for.
    static let minimumSpacingNanoseconds: Int64 = 5_000_000

    private let places: UnsafeMutablePointer<PacketArena.Place>
    private let mask: Int

    /// - Parameter packets: remembered at most, rounded up to a power of two.
    /// - Returns: nil if there is no memory: the track goes without.
    init?(packets: Int) {
        var capacity = 16
        while capacity < packets { capacity *= 2 }
        guard let memory = unsafe lens_allocate_zeroed(capacity * MemoryLayout<PacketArena.Place>.stride) else {
            return nil
        }
        // Zeroed places are none.
        unsafe places = memory.bindMemory(to: PacketArena.Place.self, capacity: capacity)
        mask = capacity - 1
    }

    deinit { unsafe lens_free(places) }

    @inline(__always)
    mutating func store(
        _ packet: UnsafeRawBufferPointer, extended: Int64, in arena: inout PacketArena, at now: Instant
    ) {
        guard let place = unsafe arena.store(packet, extended: extended, at: now) else { return }
        unsafe places[index(extended)] = place
    }

    /// Brings near where the place of the next packet will be written.
    @inline(__always)
    func prefetch(_ next: SequenceNumber) {
        unsafe lens_prefetch_write(places + index(Int64(next.rawValue)), MemoryLayout<PacketArena.Place>.stride)
    }

    /// The packet's bytes if they are still there and may be sent again now; remembers that they were. They stay until the
    /// next packet is stored.
    @unsafe
    mutating func take(extended: Int64, from arena: borrowing PacketArena, at now: Instant) -> UnsafeRawBufferPointer? {
        guard let record = unsafe arena.record(at: places[index(extended)]), unsafe record.pointee.extended == extended,
            unsafe now.nanoseconds(since: record.pointee.storedAt) <= Self.maximumAgeNanoseconds,
            unsafe record.pointee.resentAt.nanoseconds == 0
                || now.nanoseconds(since: record.pointee.resentAt) >= Self.minimumSpacingNanoseconds
        else { return nil }
        unsafe record.pointee.resentAt = now
        return unsafe PacketArena.packet(of: record)
    }

    @inline(__always)
    private func index(_ extended: Int64) -> Int { Int(truncatingIfNeeded: extended) & mask }
}
