internal import CLinux
internal import Glibc
public import MediaCore
internal import MediaWire

/// Fills a batch with one system call. It owns the message headers.
@safe
public struct DatagramReceiver: ~Copyable {
    private let memory: MessageMemory
    /// Messages whose headers are as the kernel wants them; it overwrites those that it fills.
    private var prepared = 0
    /// Messages asked for last.
    private var asked = 1
    /// Every message has something to say in its control data: where it was sent to, or how it was merged.
    private var needsControl = true
    private static let stampSpacing = 8

    /// Datagrams that the kernel dropped because the socket's buffer was full, as far as it has said.
    public private(set) var kernelDrops: UInt32 = 0
    /// Calls to the kernel, for figures.
    public private(set) var systemCalls: UInt64 = 0

    /// - Parameter capacity: messages of one call; use it with batches of that capacity.
    public init(capacity: Int) { memory = MessageMemory(capacity: capacity) }

    /// Receives what is there. Answers the number of datagrams now in the batch.
    /// - Parameters:
    ///   - most: messages to take at most; nil for as many as there is room for.
    ///   - waits: sleeps until there is something, at most `UDPSocket.longestWait`.
    public mutating func receive(
        from socket: borrowing UDPSocket, into batch: inout ReceiveBatch, most: Int? = nil, waits: Bool = false
    ) -> Int {
        let count = min(memory.capacity, batch.capacity)
        let needed = socket.isWildcard || socket.offload.merges
        if needed != needsControl {
            needsControl = needed
            prepared = 0
        }
        if prepared < count {
            for index in prepared..<count { prepare(index, batch) }
            prepared = count
        }
        batch.removeAll()
        // Each receive gets the same memory, so headers are made once.
        if unsafe memory.vectors[0].iov_base != batch.message(0) || memory.vectors[0].iov_len != batch.messageSize {
            for index in 0..<count { prepare(index, batch) }
        }
        systemCalls &+= 1
        asked = max(1, min(count, most ?? count))
        let received = unsafe Int(
            lens_receive_messages(socket.descriptor, memory.messages, UInt32(asked), waits ? 1 : 0))
        guard received > 0 else { return 0 }
        let local = socket.localAddress.address
        for index in 0..<received {
            take(index, defaultLocal: local, into: &batch)
            // The kernel has overwritten these lengths.
            unsafe memory.messages[index].header.msg_namelen = Self.nameLength
            unsafe memory.messages[index].header.msg_controllen = controlLength(index)
        }
        return batch.count
    }

    /// True if the last receive brought as many messages as it might: there may be more.
    public func isFull(_ batch: borrowing ReceiveBatch) -> Bool { batch.messageCount >= asked }

    private static var nameLength: socklen_t { socklen_t(MemoryLayout<sockaddr_storage>.size) }

    private func prepare(_ index: Int, _ batch: borrowing ReceiveBatch) {
        unsafe memory.vectors[index] = iovec(iov_base: batch.message(index), iov_len: batch.messageSize)
        memory.prepare(
            index, vectors: index, count: 1, nameLength: Self.nameLength, controlLength: controlLength(index))
    }

    /// Where control data brings nothing but stamps and drops, one message in a few is asked for them: writing them costs the
    /// kernel a fifth of a receive.
    @inline(__always)
    private func controlLength(_ index: Int) -> Int {
        needsControl || index % Self.stampSpacing == 0 ? Int(LENS_CONTROL_SIZE) : 0
    }

    private mutating func take(_ index: Int, defaultLocal: IPAddress, into batch: inout ReceiveBatch) {
        var source = lens_address()
        var control = lens_control()
        unsafe lens_sockaddr_read(memory.names + index, &source)
        if unsafe memory.messages[index].header.msg_controllen > 0 {
            unsafe lens_control_read(&memory.messages[index].header, &control)
        }
        if control.has_overflow != 0 { kernelDrops = control.overflow_count }
        let local = control.has_local != 0 ? IPAddress(control.local) : defaultLocal
        batch.add(
            unsafe ReceivedDatagram(
                path: Path(local: local, remote: SocketAddress(source)),
                length: Int(memory.messages[index].length),
                isTruncated: memory.messages[index].header.msg_flags & Int32(MSG_TRUNC) != 0,
                kernelStamp: control.stamp_nanoseconds),
            segmentSize: Int(control.segment_size))
    }
}
