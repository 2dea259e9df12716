internal import CLinux
internal import Glibc
public import MediaCore
internal import MediaWire

/// Sends a batch with one system call, or a few when the kernel takes only a part at a time.
@safe
public struct DatagramSender: ~Copyable {
    private let capacity: Int
    private let messages: UnsafeMutablePointer<lens_message>
    private let vectors: UnsafeMutablePointer<iovec>
    private let names: UnsafeMutablePointer<sockaddr_storage>
    private let controls: UnsafeMutableRawPointer

    /// Datagrams that the kernel did not take: its buffer was full, or there is no route.
    public private(set) var dropped: UInt64 = 0

    public init(capacity: Int) {
        self.capacity = max(1, capacity)
        unsafe messages = .allocate(capacity: self.capacity)
        unsafe vectors = .allocate(capacity: self.capacity)
        unsafe names = .allocate(capacity: self.capacity)
        unsafe controls = .allocate(byteCount: self.capacity * Int(LENS_CONTROL_SIZE), alignment: 64)
        unsafe messages.initialize(repeating: lens_message(), count: self.capacity)
        unsafe vectors.initialize(repeating: iovec(), count: self.capacity)
        unsafe names.initialize(repeating: sockaddr_storage(), count: self.capacity)
        unsafe controls.initializeMemory(as: UInt8.self, repeating: 0, count: self.capacity * Int(LENS_CONTROL_SIZE))
    }

    deinit {
        unsafe messages.deallocate()
        unsafe vectors.deallocate()
        unsafe names.deallocate()
        unsafe controls.deallocate()
    }

    /// Sends the batch's datagrams in order and empties it. What the kernel refuses is dropped and counted.
    public mutating func send(_ batch: inout SendBatch, through socket: borrowing UDPSocket) {
        var start = 0
        while start < batch.count {
            let count = min(capacity, batch.count &- start)
            for index in 0..<count {
                unsafe prepare(index, batch[start &+ index], batch.slot(start &+ index), socket)
            }
            flush(count, socket.descriptor)
            start &+= count
        }
        batch.removeAll()
    }

    private func prepare(
        _ index: Int, _ datagram: OutgoingDatagram, _ bytes: UnsafeMutableRawPointer, _ socket: borrowing UDPSocket
    ) {
        var remote = lens_address(datagram.path.remote)
        let nameLength = unsafe lens_sockaddr_write(names + index, &remote, socket.isIPv6 ? 1 : 0)
        unsafe vectors[index] = iovec(iov_base: bytes, iov_len: datagram.length)
        unsafe messages[index].header.msg_name = UnsafeMutableRawPointer(names + index)
        unsafe messages[index].header.msg_namelen = nameLength
        unsafe messages[index].header.msg_iov = vectors + index
        unsafe messages[index].header.msg_iovlen = 1
        let control = unsafe controls + index &* Int(LENS_CONTROL_SIZE)
        var controlLength = 0
        if socket.isWildcard {
            var local = lens_address(datagram.path.local)
            controlLength = unsafe lens_control_write_source(control, &local, socket.isIPv6 ? 1 : 0)
        }
        unsafe messages[index].header.msg_control = controlLength > 0 ? control : nil
        unsafe messages[index].header.msg_controllen = controlLength
    }

    private mutating func flush(_ count: Int, _ descriptor: Int32) {
        var sent = 0
        while sent < count {
            let result = unsafe Int(lens_send_messages(descriptor, messages + sent, UInt32(count &- sent)))
            if result > 0 {
                sent &+= result
            } else if errno == EINTR {
                continue
            } else {
                // This one will not go (no buffer, no route, refused by a filter); those behind it may.
                dropped &+= 1
                sent &+= 1
            }
        }
    }
}
