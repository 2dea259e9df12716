public import MediaWire

/// One datagram to send: where to, and how long.
@frozen
public struct OutgoingDatagram: Sendable {
    public var path: Path
    /// Bytes to send.
    public var length: Int

    @inlinable
    public init(path: Path, length: Int) {
        self.path = path
        self.length = length
    }
}

/// Packet memory for what one round sends: a fixed number of slots, filled in order, emptied whole.
@safe
public struct SendBatch: ~Copyable {
    /// Bytes of a slot: a received packet, grown by header extensions and the tag.
    public static let slotSize = 2304

    public let capacity: Int
    /// Datagrams committed.
    public private(set) var count = 0
    private let memory: UnsafeMutableRawPointer
    private let entries: UnsafeMutablePointer<OutgoingDatagram>

    public init(capacity: Int) {
        self.capacity = max(1, capacity)
        unsafe memory = .allocate(byteCount: max(1, capacity) * Self.slotSize, alignment: 64)
        unsafe entries = .allocate(capacity: max(1, capacity))
        let empty = OutgoingDatagram(path: Path(to: SocketAddress(.anyV4, port: 0)), length: 0)
        unsafe entries.initialize(repeating: empty, count: max(1, capacity))
    }

    deinit {
        unsafe memory.deallocate()
        unsafe entries.deallocate()
    }

    /// Slots not yet filled.
    public var room: Int { capacity &- count }

    public mutating func removeAll() { count = 0 }

    /// The memory of slot `index`, which must be below `capacity`.
    @unsafe
    public func slot(_ index: Int) -> UnsafeMutableRawPointer {
        unsafe memory + index &* Self.slotSize
    }

    /// Where datagram `index` goes and how long it is; `index` must be below `count`.
    public subscript(index: Int) -> OutgoingDatagram {
        precondition(index >= 0 && index < count)
        return unsafe entries[index]
    }

    /// The bytes of datagram `index`, copied: for simulations and tests.
    public func bytes(at index: Int) -> [UInt8] {
        let length = self[index].length
        return unsafe [UInt8](UnsafeRawBufferPointer(start: slot(index), count: length))
    }

    public func destination(at index: Int) -> SocketAddress { self[index].path.remote }

    /// Copies a datagram in. False when the batch is full or the datagram longer than a slot.
    public mutating func append(_ bytes: [UInt8], to path: Path) -> Bool {
        guard let slot = unsafe nextSlot(), bytes.count <= slot.count, !bytes.isEmpty else { return false }
        unsafe slot.copyBytes(from: bytes)
        commit(length: bytes.count, to: path)
        return true
    }

    /// The next free slot's memory, or nil when the batch is full. Nothing is sent of it until `commit`.
    @unsafe
    public func nextSlot() -> UnsafeMutableRawBufferPointer? {
        guard count < capacity else { return nil }
        return unsafe UnsafeMutableRawBufferPointer(start: slot(count), count: Self.slotSize)
    }

    /// Takes the next slot's first `length` bytes as a datagram.
    public mutating func commit(length: Int, to path: Path) {
        guard count < capacity, length > 0, length <= Self.slotSize else { return }
        unsafe entries[count] = OutgoingDatagram(path: path, length: length)
        count &+= 1
    }
}
