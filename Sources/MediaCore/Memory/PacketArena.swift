internal import CMemory

/// The last plain packets of a whole shard, in the order of their arrival: a ring that all tracks write to.
///
/// One ring for all, since it is written in a row: that costs caches and page tables least, and the same memory serves few
/// busy tracks and many slow ones. It grows while packets younger than a second would be overwritten, up to its limit, and
/// shrinks when it holds many seconds, since a small ring stays in the caches.
@safe
struct PacketArena: ~Copyable {
    /// Where a packet stands. The zeroed value stands for none.
    struct Place: BitwiseCopyable {
        var lap: UInt32
        var offset: UInt32
    }

    /// Bytes that the ring begins with, and grows by.
    static let initialSize = 2 * 1024 * 1024
    static let step = 2 * 1024 * 1024
    /// Bytes that `populate` makes ready.
    static let populatedSize = 16 * 1024 * 1024
    /// Packets younger than this are kept if there is room, in ns.
    static let retention: Int64 = 1_000_000_000

    let limit: Int
    /// Bytes of the ring now.
    private(set) var size: Int
    private let memory: UnsafeMutableRawPointer
    private var offset = 0
    private var lap: UInt32 = 1
    private var lapBegan: Instant?

    /// - Parameter limit: bytes at most, below 4 GiB.
    init(limit: Int) {
        self.limit = min(max(limit, ReceiveBatch.slotSize), Int(UInt32.max))
        size = min(Self.initialSize, self.limit)
        unsafe memory = .allocate(byteCount: self.limit, alignment: 2 * 1024 * 1024)
    }

    deinit { unsafe memory.deallocate() }

    /// Has the memory of the beginning at hand before packets come, which takes some ms.
    func populate() { unsafe lens_populate(memory, min(Self.populatedSize, limit)) }

    /// Keeps a packet of at most `ReceiveBatch.slotSize` bytes; nil for longer ones.
    @inline(__always)
    mutating func store(_ packet: UnsafeRawBufferPointer, at now: Instant) -> Place? {
        guard let source = packet.baseAddress, packet.count <= ReceiveBatch.slotSize else { return nil }
        if offset &+ packet.count > size { turn(at: now) } else if lapBegan == nil { lapBegan = now }
        let place = Place(lap: lap, offset: UInt32(truncatingIfNeeded: offset))
        unsafe (memory + offset).copyMemory(from: source, byteCount: packet.count)
        offset &+= packet.count
        return place
    }

    /// The end of the ring: it grows or begins anew.
    @inline(never)
    private mutating func turn(at now: Instant) {
        if let lapBegan, now.nanoseconds(since: lapBegan) < Self.retention, size &+ Self.step <= limit {
            size &+= Self.step
            return
        }
        if let lapBegan, now.nanoseconds(since: lapBegan) > 4 &* Self.retention {
            size = max(min(Self.initialSize, limit), size / 2)
        }
        offset = 0
        lap = lap == .max ? 1 : lap &+ 1
        lapBegan = now
    }

    /// The bytes at a place if they have not been overwritten since.
    @unsafe
    func bytes(at place: Place, count: Int) -> UnsafeRawBufferPointer? {
        let start = Int(place.offset)
        let isOfLastLap = place.lap == lap &- 1 && place.lap != 0 && start >= offset
        guard place.lap == lap || isOfLastLap, count >= 0, start &+ count <= size else { return nil }
        return unsafe UnsafeRawBufferPointer(start: memory + start, count: count)
    }
}
