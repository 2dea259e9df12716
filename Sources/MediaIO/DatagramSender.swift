internal import CLinux
internal import Glibc
public import MediaCore
internal import MediaWire

/// Sends a batch with one system call, or a few when the kernel takes only a part at a time.
@safe
public struct DatagramSender: ~Copyable {
    private let memory: MessageMemory

    /// Datagrams that the kernel did not take: its buffer was full, or there is no route.
    public private(set) var dropped: UInt64 = 0

    public init(capacity: Int) { memory = MessageMemory(capacity: capacity) }

    /// Sends the batch's datagrams in order and empties it. What the kernel refuses is dropped and counted.
    public mutating func send(_ batch: inout SendBatch, through socket: borrowing UDPSocket) {
        var start = 0
        while start < batch.count {
            let count = min(memory.capacity, batch.count &- start)
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
        let nameLength = unsafe lens_sockaddr_write(memory.names + index, &remote, socket.isIPv6 ? 1 : 0)
        var controlLength = 0
        if socket.isWildcard {
            var local = lens_address(datagram.path.local)
            controlLength = unsafe lens_control_write_source(memory.control(index), &local, socket.isIPv6 ? 1 : 0)
        }
        unsafe memory.prepare(
            index, bytes: bytes, length: datagram.length, nameLength: nameLength, controlLength: controlLength)
    }

    private mutating func flush(_ count: Int, _ descriptor: Int32) {
        var sent = 0
        while sent < count {
            let result = unsafe Int(lens_send_messages(descriptor, memory.messages + sent, UInt32(count &- sent)))
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
