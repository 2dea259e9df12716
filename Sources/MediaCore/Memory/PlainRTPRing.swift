internal import Synchronization

/// A bounded queue of plain RTP packets between two threads, one that writes and one that reads: the way in and out of a shard
/// for a recorder, a mixer, a transcoder or another node.
///
/// Memory is allocated once. Full means that the packet is dropped and counted; nobody ever waits.
// Sendable: a slot's bytes and length are touched by the writer only while its number lies in [tail, head + capacity), and by
// the reader only while it lies in [head, tail). Each side moves its own end with a releasing store after its last touch, and
// sees the other's with an acquiring load before its first. Everything else is atomic or never changes.
@safe
public final class PlainRTPRing: @unchecked Sendable {
    /// Bytes of the longest packet.
    public static let packetSize = 2048
    /// Packets that a ring may hold at most.
    public static let maximumCapacity = 4096

    /// Packets that it holds at most: a power of two.
    public let capacity: Int
    private let memory: UnsafeMutableRawPointer
    private let lengths: UnsafeMutablePointer<Int>
    /// Packets read so far, moved by the reader.
    private let head = Atomic<Int>(0)
    /// Packets written so far, moved by the writer.
    private let tail = Atomic<Int>(0)
    private let drops = Atomic<UInt64>(0)
    private let wantsKeyframe = Atomic<Bool>(false)
    private let closed = Atomic<Bool>(false)

    /// - Parameter capacity: packets, rounded up to a power of two, at most `maximumCapacity`.
    public init(capacity: Int) {
        var size = 1
        while size < min(capacity, Self.maximumCapacity) { size *= 2 }
        self.capacity = size
        unsafe memory = .allocate(byteCount: size * Self.packetSize, alignment: 64)
        unsafe lengths = .allocate(capacity: size)
        unsafe lengths.initialize(repeating: 0, count: size)
    }

    deinit {
        unsafe memory.deallocate()
        unsafe lengths.deallocate()
    }

    /// Packets dropped because the ring was full or closed, or the packet too long.
    public var dropped: UInt64 { drops.load(ordering: .relaxed) }

    /// Packets in it now.
    public var count: Int { tail.load(ordering: .acquiring) &- head.load(ordering: .acquiring) }

    /// True once nothing more will be written, or read, on the shard's side.
    public var isClosed: Bool { closed.load(ordering: .acquiring) }

    public func close() { closed.store(true, ordering: .releasing) }

    // MARK: Writer

    /// Where the next packet goes, `packetSize` bytes, or nil, counted, if there is no room. `commit` hands it over.
    @unsafe
    func reserve() -> UnsafeMutableRawBufferPointer? {
        let end = tail.load(ordering: .relaxed)
        guard !isClosed, end &- head.load(ordering: .acquiring) < capacity else {
            countDrop()
            return nil
        }
        return unsafe UnsafeMutableRawBufferPointer(start: slot(end), count: Self.packetSize)
    }

    /// Hands the reserved place over with its first `length` bytes.
    func commit(length: Int) {
        let end = tail.load(ordering: .relaxed)
        unsafe lengths[end & (capacity &- 1)] = min(max(0, length), Self.packetSize)
        tail.store(end &+ 1, ordering: .releasing)
    }

    func countDrop() { drops.wrappingAdd(1, ordering: .relaxed) }

    /// Writes a packet. False, counted, if there is no room.
    @discardableResult
    public func push(_ packet: [UInt8]) -> Bool {
        guard packet.count <= Self.packetSize else {
            countDrop()
            return false
        }
        guard let place = unsafe reserve() else { return false }
        unsafe place.copyBytes(from: packet)
        commit(length: packet.count)
        return true
    }

    /// True once after each time that the reader has asked for a keyframe.
    public func takeKeyframeRequest() -> Bool {
        guard wantsKeyframe.load(ordering: .relaxed) else { return false }
        return wantsKeyframe.exchange(false, ordering: .acquiringAndReleasing)
    }

    // MARK: Reader

    /// The oldest packet's bytes, in place, or nil if there is none. They stay until `release`.
    @unsafe
    func peek() -> UnsafeMutableRawBufferPointer? {
        let start = head.load(ordering: .relaxed)
        guard start != tail.load(ordering: .acquiring) else { return nil }
        return unsafe UnsafeMutableRawBufferPointer(start: slot(start), count: lengths[start & (capacity &- 1)])
    }

    /// Gives the oldest packet's place back; only after `peek` has answered one.
    func release() { head.wrappingAdd(1, ordering: .releasing) }

    /// Takes the oldest packet.
    public func pop() -> [UInt8]? {
        guard let packet = unsafe peek() else { return nil }
        defer { release() }
        return unsafe [UInt8](packet)
    }

    /// The reader cannot go on without a keyframe.
    public func requestKeyframe() { wantsKeyframe.store(true, ordering: .releasing) }

    @unsafe
    private func slot(_ number: Int) -> UnsafeMutableRawPointer {
        unsafe memory + (number & (capacity &- 1)) &* Self.packetSize
    }
}
