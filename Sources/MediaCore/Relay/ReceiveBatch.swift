public import MediaWire

/// One datagram of a batch: where it came from and went to, and its bytes' place.
@frozen
public struct ReceivedDatagram: Sendable {
    public var path: Path
    /// Bytes received.
    public var length: Int
    /// The datagram was longer than the slot.
    public var isTruncated: Bool
    /// Kernel receive stamp, nanoseconds since 1970; 0 where there is none. Only measured with, never decided on.
    public var kernelStamp: UInt64

    @inlinable
    public init(path: Path, length: Int, isTruncated: Bool = false, kernelStamp: UInt64 = 0) {
        self.path = path
        self.length = length
        self.isTruncated = isTruncated
        self.kernelStamp = kernelStamp
    }
}

/// Packet memory for what one receive brings: a fixed number of slots, allocated once.
@safe
public struct ReceiveBatch: ~Copyable {
    /// Bytes of a slot. Media datagrams stay below the path's MTU; longer ones are truncated, dropped and counted.
    public static let slotSize = 2048

    /// Slots in this batch.
    public let capacity: Int
    /// Datagrams in it now.
    public var count = 0
    private let memory: UnsafeMutableRawPointer
    private let entries: UnsafeMutablePointer<ReceivedDatagram>

    public init(capacity: Int) {
        self.capacity = max(1, capacity)
        unsafe memory = .allocate(byteCount: max(1, capacity) * Self.slotSize, alignment: 64)
        unsafe entries = .allocate(capacity: max(1, capacity))
        let empty = ReceivedDatagram(path: Path(to: SocketAddress(.anyV4, port: 0)), length: 0)
        unsafe entries.initialize(repeating: empty, count: max(1, capacity))
    }

    deinit {
        unsafe memory.deallocate()
        unsafe entries.deallocate()
    }

    public mutating func removeAll() { count = 0 }

    /// The memory of slot `index`, which must be below `capacity`.
    @unsafe
    public func slot(_ index: Int) -> UnsafeMutableRawPointer {
        unsafe memory + index &* Self.slotSize
    }

    /// What is known of datagram `index`, which must be below `capacity`.
    public subscript(index: Int) -> ReceivedDatagram {
        get {
            precondition(index >= 0 && index < capacity)
            return unsafe entries[index]
        }
        set {
            precondition(index >= 0 && index < capacity)
            unsafe entries[index] = newValue
        }
    }

    /// Copies a datagram in, for simulations. False when the batch is full. Longer ones are truncated, as the kernel does it.
    public mutating func append(_ bytes: [UInt8], from source: SocketAddress, to local: SocketAddress? = nil) -> Bool {
        guard count < capacity else { return false }
        let length = min(bytes.count, Self.slotSize)
        unsafe bytes.withUnsafeBytes { source in
            if let address = source.baseAddress { unsafe slot(count).copyMemory(from: address, byteCount: length) }
        }
        let path = Path(local: local?.address ?? Path(to: source).local, remote: source)
        self[count] = ReceivedDatagram(path: path, length: length, isTruncated: bytes.count > length)
        count += 1
        return true
    }
}
