internal import CLinux
internal import Glibc
public import MediaCore
internal import MediaWire

/// Fills a batch with one system call. Its message headers are set up once for the batch's memory.
@safe
public struct DatagramReceiver: ~Copyable {
    private let capacity: Int
    private let messages: UnsafeMutablePointer<lens_message>
    private let vectors: UnsafeMutablePointer<iovec>
    private let names: UnsafeMutablePointer<sockaddr_storage>
    private let controls: UnsafeMutableRawPointer

    /// Datagrams that the kernel dropped because the socket's buffer was full, as far as it has said.
    public private(set) var kernelDrops: UInt32 = 0

    public init(capacity: Int) {
        self.capacity = max(1, capacity)
        unsafe messages = .allocate(capacity: self.capacity)
        unsafe vectors = .allocate(capacity: self.capacity)
        unsafe names = .allocate(capacity: self.capacity)
        unsafe controls = .allocate(byteCount: self.capacity * Int(LENS_CONTROL_SIZE), alignment: 64)
        unsafe messages.initialize(repeating: lens_message(), count: self.capacity)
        unsafe vectors.initialize(repeating: iovec(), count: self.capacity)
        unsafe names.initialize(repeating: sockaddr_storage(), count: self.capacity)
    }

    deinit {
        unsafe messages.deallocate()
        unsafe vectors.deallocate()
        unsafe names.deallocate()
        unsafe controls.deallocate()
    }

    /// Receives what is there, without waiting. Answers the number of datagrams now in the batch.
    public mutating func receive(from socket: borrowing UDPSocket, into batch: inout ReceiveBatch) -> Int {
        let count = min(capacity, batch.capacity)
        for index in 0..<count { unsafe prepare(index, batch.slot(index)) }
        let received = unsafe Int(lens_receive_messages(socket.descriptor, messages, UInt32(count)))
        guard received > 0 else {
            batch.removeAll()
            return 0
        }
        let local = socket.localAddress.address
        for index in 0..<received { batch[index] = describe(index, defaultLocal: local) }
        batch.count = received
        return received
    }

    /// The kernel overwrites these lengths with each receive.
    private func prepare(_ index: Int, _ slot: UnsafeMutableRawPointer) {
        unsafe vectors[index] = iovec(iov_base: slot, iov_len: ReceiveBatch.slotSize)
        unsafe messages[index].header.msg_name = UnsafeMutableRawPointer(names + index)
        unsafe messages[index].header.msg_namelen = socklen_t(MemoryLayout<sockaddr_storage>.size)
        unsafe messages[index].header.msg_iov = vectors + index
        unsafe messages[index].header.msg_iovlen = 1
        unsafe messages[index].header.msg_control = controls + index &* Int(LENS_CONTROL_SIZE)
        unsafe messages[index].header.msg_controllen = Int(LENS_CONTROL_SIZE)
    }

    private mutating func describe(_ index: Int, defaultLocal: IPAddress) -> ReceivedDatagram {
        var source = lens_address()
        var control = lens_control()
        unsafe lens_sockaddr_read(names + index, &source)
        unsafe lens_control_read(&messages[index].header, &control)
        if control.has_overflow != 0 { kernelDrops = control.overflow_count }
        let local = control.has_local != 0 ? IPAddress(control.local) : defaultLocal
        return unsafe ReceivedDatagram(
            path: Path(local: local, remote: SocketAddress(source)),
            length: Int(messages[index].length),
            isTruncated: messages[index].header.msg_flags & Int32(MSG_TRUNC) != 0,
            kernelStamp: control.stamp_nanoseconds)
    }
}
