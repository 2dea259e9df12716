internal import CMemory
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

/// One stream's place in a batch: the message that its next datagram may join. Kept with the stream, forgotten by itself when the
/// batch is emptied.
public struct SendRun: BitwiseCopyable, Sendable {
    fileprivate var epoch: UInt64 = 0
    fileprivate var message: Int32 = 0

    public init() {}
}

/// Datagrams that leave as one: the same way, all of one size but the last, which may be shorter (UDP_SEGMENT).
@frozen
public struct OutgoingMessage: Sendable {
    public var path: Path
    /// Bytes of each datagram but the last.
    public var segmentSize: Int
    /// Bytes of all.
    public var length: Int
    /// Datagrams.
    public var count: Int
    /// The first of them; `SendBatch.next` leads to the others.
    public var first: Int
    @usableFromInline var last: Int
}

/// What one round sends: datagrams in a fixed number of slots, or in memory of others that stays until the batch is emptied.
@safe
public struct SendBatch: ~Copyable {
    /// Bytes of a slot: a received packet, grown by header extensions and the tag.
    public static let slotSize = 2304
    /// Datagrams that leave as one at most, and their bytes: both below every kernel's limit.
    static let maximumRun = 64
    static let maximumRunBytes = 64_000

    public let capacity: Int
    /// Datagrams committed.
    public private(set) var count = 0
    /// Messages that they make up.
    public private(set) var messageCount = 0
    /// Messages among them that go along a TCP connection.
    public private(set) var connectedCount = 0

    @unsafe
    @usableFromInline
    struct Entry {
        @usableFromInline var base: UnsafeMutableRawPointer
        @usableFromInline var length: Int32
        var message: Int32
        /// The next datagram of the message, or -1.
        @usableFromInline var next: Int32
    }

    private var epoch: UInt64 = 1
    private let memory: UnsafeMutableRawPointer
    @usableFromInline let entries: UnsafeMutablePointer<Entry>
    @usableFromInline let messages: UnsafeMutablePointer<OutgoingMessage>

    public init(capacity: Int) {
        self.capacity = max(1, capacity)
        unsafe memory = .allocate(byteCount: self.capacity * Self.slotSize, alignment: 64)
        unsafe entries = .allocate(capacity: self.capacity)
        unsafe messages = .allocate(capacity: self.capacity)
        let none = OutgoingMessage(
            path: Path(to: SocketAddress(.anyV4, port: 0)), segmentSize: 0, length: 0, count: 0, first: 0, last: 0)
        unsafe messages.initialize(repeating: none, count: self.capacity)
    }

    deinit {
        unsafe memory.deallocate()
        unsafe entries.deallocate()
        unsafe messages.deallocate()
    }

    /// Touches all of its memory, which the first long runs of packets would wait for otherwise.
    public mutating func warmUp() {
        unsafe lens_populate(memory, capacity * Self.slotSize)
        unsafe lens_populate(entries, capacity * MemoryLayout<Entry>.stride)
    }

    /// Slots not yet filled.
    public var room: Int { capacity &- count }

    public mutating func removeAll() {
        count = 0
        messageCount = 0
        connectedCount = 0
        epoch &+= 1
    }

    /// Where the bytes of datagram `index` stand; `index` must be below `count`.
    @unsafe
    @inlinable
    public func base(_ index: Int) -> UnsafeMutableRawPointer {
        precondition(index >= 0 && index < count)
        return unsafe entries[index].base
    }

    /// Where datagram `index` goes and how long it is; `index` must be below `count`.
    public subscript(index: Int) -> OutgoingDatagram {
        precondition(index >= 0 && index < count)
        let entry = unsafe entries[index]
        return unsafe OutgoingDatagram(path: messages[Int(entry.message)].path, length: Int(entry.length))
    }

    /// Message `index`, which must be below `messageCount`. Messages stand in the order of their first datagrams.
    @inlinable
    public func message(_ index: Int) -> OutgoingMessage {
        precondition(index >= 0 && index < messageCount)
        return unsafe messages[index]
    }

    /// The datagram behind `index` in its message; nil for the last.
    @inlinable
    public func next(_ index: Int) -> Int? {
        precondition(index >= 0 && index < count)
        let next = unsafe entries[index].next
        return next < 0 ? nil : Int(next)
    }

    /// Bytes of datagram `index`, which must be below `count`.
    @inlinable
    public func length(_ index: Int) -> Int {
        precondition(index >= 0 && index < count)
        return unsafe Int(entries[index].length)
    }

    /// The bytes of datagram `index`, copied: for simulations and tests.
    public func bytes(at index: Int) -> [UInt8] {
        let length = self[index].length
        return unsafe [UInt8](UnsafeRawBufferPointer(start: base(index), count: length))
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
        return unsafe UnsafeMutableRawBufferPointer(start: memory + count &* Self.slotSize, count: Self.slotSize)
    }

    /// Takes the next slot's first `length` bytes as a datagram.
    public mutating func commit(length: Int, to path: Path) {
        guard count < capacity, length > 0, length <= Self.slotSize else { return }
        unsafe begin(memory + count &* Self.slotSize, length, path)
    }

    /// Takes the next slot's first `length` bytes as the next datagram of a stream.
    ///
    /// It joins the stream's datagrams before it where one message can carry them: the order within a stream stays, that
    /// between streams may not.
    public mutating func commit(length: Int, to path: Path, run: inout SendRun) {
        unsafe commit(memory + count &* Self.slotSize, length: length, to: path, run: &run)
    }

    /// As `commit(length:to:run:)`, for a datagram that stands elsewhere and stays there until the batch is emptied.
    @unsafe
    @inline(__always)
    mutating func commit(_ base: UnsafeMutableRawPointer, length: Int, to path: Path, run: inout SendRun) {
        guard count < capacity, length > 0, length <= Self.slotSize else { return }
        if run.epoch == epoch, Int(run.message) < messageCount {
            let message = unsafe messages + Int(run.message)
            if unsafe length <= message.pointee.segmentSize
                && message.pointee.length == message.pointee.segmentSize &* message.pointee.count
                && message.pointee.count < Self.maximumRun && message.pointee.length &+ length <= Self.maximumRunBytes
                && message.pointee.path == path
            {
                unsafe entries[message.pointee.last].next = Int32(truncatingIfNeeded: count)
                unsafe entries[count] = Entry(
                    base: base, length: Int32(truncatingIfNeeded: length), message: run.message, next: -1)
                unsafe message.pointee.length &+= length
                unsafe message.pointee.count &+= 1
                unsafe message.pointee.last = count
                count &+= 1
                return
            }
        }
        run.epoch = epoch
        run.message = Int32(truncatingIfNeeded: messageCount)
        unsafe begin(base, length, path)
    }

    @inline(__always)
    private mutating func begin(_ base: UnsafeMutableRawPointer, _ length: Int, _ path: Path) {
        unsafe entries[count] = Entry(
            base: base, length: Int32(truncatingIfNeeded: length), message: Int32(truncatingIfNeeded: messageCount),
            next: -1)
        unsafe messages[messageCount] = OutgoingMessage(
            path: path, segmentSize: length, length: length, count: 1, first: count, last: count)
        count &+= 1
        messageCount &+= 1
        if path.connection != 0 { connectedCount &+= 1 }
    }
}
