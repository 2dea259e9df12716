internal import CMemory

/// The last plain packets of a whole shard, in the order of their arrival: a ring that all tracks write to.
///
/// One ring for all, since it is written in a row: that costs caches and page tables least, and the same memory serves few
/// busy tracks and many slow ones. It grows while packets younger than a second would be overwritten, up to its limit, and
/// shrinks when it holds many seconds, since a small ring stays in the caches.
@safe
struct PacketArena: ~Copyable {
    /// Where a record stands. The zeroed value stands for none.
    struct Place: BitwiseCopyable {
        var lap: UInt32
        var offset: UInt32
    }

    /// What stands in front of a packet. It is here and not in the tracks' indices, so that a packet touches little more than
    /// the memory that is written in a row anyway.
    struct Record: BitwiseCopyable {
        /// The packet's number without wrap.
        var extended: Int64
        var storedAt: Instant
        var resentAt: Instant
        var length: Int
    }

    /// Bytes that the ring begins with, grows by, and has made ready at a time.
    static let step = 2 * 1024 * 1024
    /// Packets younger than this are kept if there is room, in ns.
    static let retention: Int64 = 1_000_000_000

    let limit: Int
    /// Bytes of the ring now.
    private(set) var size: Int
    private let memory: UnsafeMutableRawPointer
    /// Records begin with a cache line.
    private static let line = 64
    private var offset = 0
    private var lap: UInt32 = 1
    private var lapBegan: Instant?
    private var prepared = 0

    /// - Parameter limit: bytes at most, below 4 GiB.
    init(limit: Int) {
        self.limit = min(max(limit, 2 * ReceiveBatch.slotSize), Int(UInt32.max))
        size = min(Self.step, self.limit)
        unsafe memory = .allocate(byteCount: self.limit, alignment: 2 * 1024 * 1024)
        unsafe lens_prefer_large_pages(memory, self.limit)
    }

    deinit { unsafe memory.deallocate() }

    /// Has the next piece of memory at hand before packets come, which may take some ms: the first touch of memory costs more
    /// than everything else that a packet does. False when all of it is.
    mutating func prepare() -> Bool {
        guard prepared < limit else { return false }
        let length = min(Self.step, limit &- prepared)
        unsafe lens_populate(memory + prepared, length)
        prepared &+= length
        return true
    }

    /// Keeps a packet of at most `ReceiveBatch.slotSize` bytes; nil for longer ones.
    @inline(__always)
    mutating func store(_ packet: UnsafeRawBufferPointer, extended: Int64, at now: Instant) -> Place? {
        guard let source = packet.baseAddress, packet.count <= ReceiveBatch.slotSize else { return nil }
        let room = (MemoryLayout<Record>.size &+ packet.count &+ Self.line &- 1) & ~(Self.line &- 1)
        if offset &+ room > size { turn(at: now) } else if lapBegan == nil { lapBegan = now }
        let place = Place(lap: lap, offset: UInt32(truncatingIfNeeded: offset))
        var record = Record(extended: extended, storedAt: now, resentAt: Instant(nanoseconds: 0), length: packet.count)
        unsafe lens_store_record(memory + offset, &record, source, packet.count)
        offset &+= room
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
            size = max(min(Self.step, limit), (size / 2) & ~(Self.line &- 1))
        }
        offset = 0
        lap = lap == .max ? 1 : lap &+ 1
        lapBegan = now
    }

    /// The record at a place, its packet behind it, if it has not been overwritten since.
    @unsafe
    func record(at place: Place) -> UnsafeMutablePointer<Record>? {
        let start = Int(place.offset)
        let isOfLastLap = place.lap == lap &- 1 && place.lap != 0 && start >= offset
        guard place.lap == lap || isOfLastLap, start % Self.line == 0, start &+ MemoryLayout<Record>.size <= size else {
            return nil
        }
        let record = unsafe (memory + start).assumingMemoryBound(to: Record.self)
        let length = unsafe record.pointee.length
        guard length >= 0, length <= size &- start &- MemoryLayout<Record>.size else { return nil }
        return unsafe record
    }

    /// The packet of a record.
    @unsafe
    static func packet(of record: UnsafeMutablePointer<Record>) -> UnsafeRawBufferPointer {
        unsafe UnsafeRawBufferPointer(start: UnsafeRawPointer(record + 1), count: record.pointee.length)
    }
}
