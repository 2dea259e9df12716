internal import CLinux
internal import Glibc
public import MediaCore
internal import MediaWire

/// Fills a batch with one system call. It owns the message headers.
@safe
public struct DatagramReceiver: ~Copyable {
    private let memory: MessageMemory

    /// Datagrams that the kernel dropped because the socket's buffer was full, as far as it has said.
    public private(set) var kernelDrops: UInt32 = 0

    public init(capacity: Int) { memory = MessageMemory(capacity: capacity) }

    /// Receives what is there, without waiting. Answers the number of datagrams now in the batch.
    public mutating func receive(from socket: borrowing UDPSocket, into batch: inout ReceiveBatch) -> Int {
        let count = min(memory.capacity, batch.capacity)
        // The kernel overwrites lengths with each receive.
        for index in 0..<count {
            unsafe memory.prepare(
                index, bytes: batch.slot(index), length: ReceiveBatch.slotSize,
                nameLength: socklen_t(MemoryLayout<sockaddr_storage>.size), controlLength: Int(LENS_CONTROL_SIZE))
        }
        let received = unsafe Int(lens_receive_messages(socket.descriptor, memory.messages, UInt32(count)))
        guard received > 0 else {
            batch.removeAll()
            return 0
        }
        let local = socket.localAddress.address
        for index in 0..<received { batch[index] = describe(index, defaultLocal: local) }
        batch.count = received
        return received
    }

    private mutating func describe(_ index: Int, defaultLocal: IPAddress) -> ReceivedDatagram {
        var source = lens_address()
        var control = lens_control()
        unsafe lens_sockaddr_read(memory.names + index, &source)
        unsafe lens_control_read(&memory.messages[index].header, &control)
        if control.has_overflow != 0 { kernelDrops = control.overflow_count }
        let local = control.has_local != 0 ? IPAddress(control.local) : defaultLocal
        return unsafe ReceivedDatagram(
            path: Path(local: local, remote: SocketAddress(source)),
            length: Int(memory.messages[index].length),
            isTruncated: memory.messages[index].header.msg_flags & Int32(MSG_TRUNC) != 0,
            kernelStamp: control.stamp_nanoseconds)
    }
}
