internal import CMemory
public import MediaWire

/// One datagram of a batch: where it came from and went to, and how long it is.
@frozen
public struct ReceivedDatagram: Sendable {
    public var path: Path
    /// Bytes received.
    public var length: Int
    /// The datagram was longer than the memory for it.
    public var isTruncated: Bool
    /// Kernel receive stamp, nanoseconds since 1970; 0 where there is none.
    public var kernelStamp: UInt64

    @inlinable
    public init(path: Path, length: Int, isTruncated: Bool = false, kernelStamp: UInt64 = 0) {
        self.path = path
        self.length = length
        self.isTruncated = isTruncated
        self.kernelStamp = kernelStamp
    }
}

/// Packet memory for what one receive brings, allocated once.
///
/// The kernel fills *messages*. With UDP_GRO one message holds several datagrams of one source and of equal size, the last of
/// which may be shorter; `add` splits them, so that everybody else sees datagrams only.
@safe
public struct ReceiveBatch: ~Copyable {
    /// Bytes of the longest datagram taken. Media datagrams stay below the path's MTU; longer ones are dropped and counted.
    public static let slotSize = 2048
    /// Bytes of a message that the kernel may merge.
    static let mergedSize = 65_536
    /// Datagrams that one merged message is split into at most; the kernel merges 64 of a network card's.
    static let maximumMerged = 128

    /// Messages in this batch at most.
    public let capacity: Int
    /// Bytes of memory for each message.
    public let messageSize: Int
    /// Datagrams in it now.
    public private(set) var count = 0
    /// Messages in it now.
    public private(set) var messageCount = 0

    private struct Datagram: BitwiseCopyable {
        var offset: UInt32
        var length: UInt32
        var message: UInt32
    }

    private let stride: Int
    private let datagramCapacity: Int
    private let memory: UnsafeMutableRawPointer
    private let datagrams: UnsafeMutablePointer<Datagram>
    private let messages: UnsafeMutablePointer<ReceivedDatagram>

    /// - Parameters:
    ///   - capacity: messages at most.
    ///   - merged: whether the socket lets the kernel merge datagrams.
    public init(capacity: Int, merged: Bool = false) {
        self.capacity = max(1, capacity)
        messageSize = merged ? Self.mergedSize : Self.slotSize
        // Some lines more than a power of two, so that the beginnings of messages do not all fall into the same sets of the
        // caches.
        stride = merged ? Self.mergedSize + 5 * 64 : Self.slotSize
        datagramCapacity = self.capacity * (merged ? Self.maximumMerged : 1)
        unsafe memory = .allocate(byteCount: self.capacity * stride, alignment: 64)
        unsafe datagrams = .allocate(capacity: datagramCapacity)
        unsafe messages = .allocate(capacity: self.capacity)
        let empty = ReceivedDatagram(path: Path(to: SocketAddress(.anyV4, port: 0)), length: 0)
        unsafe messages.initialize(repeating: empty, count: self.capacity)
    }

    deinit {
        unsafe memory.deallocate()
        unsafe datagrams.deallocate()
        unsafe messages.deallocate()
    }

    /// Touches all of its memory, which the first long runs of packets would wait for otherwise.
    public mutating func warmUp() {
        unsafe lens_prefer_large_pages(memory, capacity * stride)
        unsafe lens_populate(memory, capacity * stride)
        unsafe lens_populate(datagrams, datagramCapacity * MemoryLayout<Datagram>.stride)
    }

    public mutating func removeAll() {
        count = 0
        messageCount = 0
    }

    /// The memory of message `index`, which must be below `capacity`: `messageSize` bytes.
    @unsafe
    public func message(_ index: Int) -> UnsafeMutableRawPointer {
        precondition(index >= 0 && index < capacity)
        return unsafe memory + index &* stride
    }

    /// Takes what stands in the next message's memory.
    ///
    /// - Parameters:
    ///   - segmentSize: bytes of each datagram in it but the last, 0 where the kernel has merged nothing.
    public mutating func add(_ received: ReceivedDatagram, segmentSize: Int = 0) {
        guard messageCount < capacity else { return }
        let total = min(received.length, messageSize)
        let size = segmentSize > 0 && segmentSize < total ? segmentSize : max(1, total)
        var start = 0
        repeat {
            guard count < datagramCapacity else { break }
            unsafe datagrams[count] = Datagram(
                offset: UInt32(truncatingIfNeeded: messageCount &* stride &+ start),
                length: UInt32(truncatingIfNeeded: min(size, total &- start)),
                message: UInt32(truncatingIfNeeded: messageCount))
            count &+= 1
            start &+= size
        } while start < total
        unsafe messages[messageCount] = received
        messageCount &+= 1
    }

    /// The bytes of datagram `index`, which must be below `count`. Its neighbours may follow without a gap.
    @unsafe
    @inline(__always)
    public func bytes(_ index: Int) -> UnsafeMutableRawBufferPointer {
        precondition(index >= 0 && index < count)
        let datagram = unsafe datagrams[index]
        return unsafe UnsafeMutableRawBufferPointer(start: memory + Int(datagram.offset), count: Int(datagram.length))
    }

    /// What is known of datagram `index`, which must be below `count`.
    public subscript(index: Int) -> ReceivedDatagram {
        precondition(index >= 0 && index < count)
        var description = unsafe messages[Int(datagrams[index].message)]
        description.length = unsafe Int(datagrams[index].length)
        return description
    }

    @inline(__always)
    func path(_ index: Int) -> Path {
        precondition(index >= 0 && index < count)
        return unsafe messages[Int(datagrams[index].message)].path
    }

    /// True for a datagram that was cut, or is longer than packets may be.
    @inline(__always)
    func isOversized(_ index: Int) -> Bool {
        precondition(index >= 0 && index < count)
        let datagram = unsafe datagrams[index]
        return unsafe datagram.length > UInt32(Self.slotSize) || messages[Int(datagram.message)].isTruncated
    }

    /// Kernel receive stamp, in ns since 1970, of message `index`, which must be below `messageCount`.
    public func stamp(ofMessage index: Int) -> UInt64 {
        precondition(index >= 0 && index < messageCount)
        return unsafe messages[index].kernelStamp
    }

    /// Copies a datagram in, for simulations. False when the batch is full. Longer ones are truncated, as the kernel does it.
    public mutating func append(_ bytes: [UInt8], from source: SocketAddress, to local: SocketAddress? = nil) -> Bool {
        append(bytes.rawSpan, along: Path(local: local?.address ?? Path(to: source).local, remote: source))
    }

    /// Copies a datagram in that a connection has brought.
    public mutating func append(_ bytes: borrowing RawSpan, along path: Path) -> Bool {
        guard messageCount < capacity else { return false }
        let length = min(bytes.byteCount, messageSize)
        unsafe bytes.withUnsafeBytes { source in
            if let address = source.baseAddress {
                unsafe message(messageCount).copyMemory(from: address, byteCount: length)
            }
        }
        add(ReceivedDatagram(path: path, length: length, isTruncated: bytes.byteCount > length))
        return true
    }
}
