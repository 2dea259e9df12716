internal import MediaWire

/// What a packet is recognised by before any key is tried: its source address and its SSRC.
struct SourceKey: Hashable, BitwiseCopyable {
    let high: UInt64
    let low: UInt64
    /// Family, port and SSRC in one word.
    let rest: UInt64

    @inline(__always)
    init(_ source: SocketAddress, _ ssrc: SSRC) {
        high = source.address.high
        low = source.address.low
        rest = (source.address.isIPv6 ? 1 << 48 : 0) | UInt64(source.port) << 32 | UInt64(ssrc.rawValue)
    }
}

/// A track or a slot, by its index in the shard's slab.
struct StreamReference: Hashable, BitwiseCopyable {
    private let value: UInt32

    static func track(_ index: Int) -> StreamReference { StreamReference(value: UInt32(truncatingIfNeeded: index)) }
    static func slot(_ index: Int) -> StreamReference {
        StreamReference(value: UInt32(truncatingIfNeeded: index) | 0x8000_0000)
    }
    private init(value: UInt32) { self.value = value }

    @inline(__always) var isSlot: Bool { value & 0x8000_0000 != 0 }
    @inline(__always) var index: Int { Int(value & 0x7FFF_FFFF) }
}

/// (source address, SSRC) → stream, for sources that have passed authentication. Open addressing with linear probing; the
/// hash is keyed, so that nobody can choose addresses that collide.
@safe
struct SourceTable: ~Copyable {
    /// One cache line.
    private struct Entry: BitwiseCopyable {
        let key: SourceKey
        var reference: StreamReference
        var isUsed = true
        var trail = PacketTrail()
    }

    private var entries: UnsafeMutablePointer<Entry>
    private var mask: Int
    private let seed: UInt64
    private(set) var count = 0

    init(seed: UInt64, initialCapacity: Int = 64) {
        self.seed = seed | 1
        var size = 16
        while size < initialCapacity { size *= 2 }
        mask = size - 1
        unsafe entries = Self.allocate(size)
    }

    deinit { unsafe entries.deallocate() }

    private static func allocate(_ size: Int) -> UnsafeMutablePointer<Entry> {
        let memory = unsafe UnsafeMutableRawPointer.allocate(
            byteCount: size * MemoryLayout<Entry>.stride, alignment: 64
        ).bindMemory(to: Entry.self, capacity: size)
        let key = SourceKey(SocketAddress(.anyV4, port: 0), SSRC(0))
        unsafe memory.initialize(repeating: Entry(key: key, reference: .track(0), isUsed: false), count: size)
        return unsafe memory
    }

    @inline(__always)
    private func home(_ key: SourceKey) -> Int {
        // Two rounds of multiply and fold over the seeded words, as in wyhash.
        var hash = Self.fold(key.high ^ seed, key.low ^ 0xE703_7ED1_A0B4_28DB)
        hash = Self.fold(hash ^ key.rest, seed ^ 0x8EBC_6AF0_9C88_C6E3)
        return Int(truncatingIfNeeded: hash) & mask
    }

    @inline(__always)
    private static func fold(_ a: UInt64, _ b: UInt64) -> UInt64 {
        let product = a.multipliedFullWidth(by: b)
        return product.high ^ product.low
    }

    func find(_ key: SourceKey) -> StreamReference? {
        place(of: key).map { unsafe entries[$0].reference }
    }

    /// As `find(_:)`, with the trail that was left for the source.
    @inline(__always)
    func follow(_ key: SourceKey) -> (reference: StreamReference, trail: PacketTrail)? {
        guard let index = place(of: key) else { return nil }
        return unsafe (entries[index].reference, entries[index].trail)
    }

    /// Leaves a trail for a source that is in the table.
    mutating func leave(_ trail: PacketTrail, for key: SourceKey) {
        guard let index = place(of: key) else { return }
        unsafe entries[index].trail = trail
    }

    @inline(__always)
    private func place(of key: SourceKey) -> Int? {
        var index = home(key)
        while unsafe entries[index].isUsed {
            if unsafe entries[index].key == key { return index }
            index = (index &+ 1) & mask
        }
        return nil
    }

    mutating func insert(_ key: SourceKey, _ reference: StreamReference) {
        if (count + 1) * 2 > mask { grow() }
        var index = home(key)
        while unsafe entries[index].isUsed {
            if unsafe entries[index].key == key {
                unsafe entries[index].reference = reference
                unsafe entries[index].trail = PacketTrail()
                return
            }
            index = (index &+ 1) & mask
        }
        unsafe entries[index] = Entry(key: key, reference: reference)
        count += 1
    }

    /// Removes `key` if it stands for `reference`.
    mutating func remove(_ key: SourceKey, _ reference: StreamReference) {
        var index = home(key)
        while unsafe entries[index].isUsed, unsafe entries[index].key != key { index = (index &+ 1) & mask }
        guard unsafe entries[index].isUsed, unsafe entries[index].reference == reference else { return }
        // Close the gap, so that no probe ends too early.
        var gap = index
        var next = (gap &+ 1) & mask
        while unsafe entries[next].isUsed {
            let distance = (next &- home(unsafe entries[next].key)) & mask
            if distance >= (next &- gap) & mask {
                unsafe entries[gap] = entries[next]
                gap = next
            }
            next = (next &+ 1) & mask
        }
        unsafe entries[gap].isUsed = false
        count -= 1
    }

    private mutating func grow() {
        let size = mask + 1
        let old = unsafe entries
        mask = size * 2 - 1
        unsafe entries = Self.allocate(size * 2)
        count = 0
        for index in 0..<size where unsafe old[index].isUsed {
            unsafe insert(old[index].key, old[index].reference)
            unsafe leave(old[index].trail, for: old[index].key)
        }
        unsafe old.deallocate()
    }
}
