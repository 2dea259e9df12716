import Glibc
import MediaCore
import MediaIO
import MediaWire

/// An endpoint's UDP socket: datagrams in and out as plain bytes.
struct DatagramPort: ~Copyable {
    private let socket: UDPSocket
    private var receiver = DatagramReceiver(capacity: 64)
    private var batch = ReceiveBatch(capacity: 64)
    /// Datagrams that the kernel refused.
    private(set) var sendFailures = 0

    var localAddress: SocketAddress { socket.localAddress }

    /// - Throws: `EndpointError.socket`.
    init(bindingTo address: SocketAddress) throws(EndpointError) {
        do {
            socket = try UDPSocket(bindingTo: address)
        } catch {
            throw .socket("\(error)")
        }
    }

    /// Hands over what has come, without waiting.
    mutating func receive(_ body: (_ bytes: [UInt8], _ source: SocketAddress) -> Void) -> Int {
        let count = receiver.receive(from: socket, into: &batch)
        for index in 0..<count where !batch[index].isTruncated {
            let length = min(batch[index].length, ReceiveBatch.slotSize)
            let bytes = unsafe [UInt8](UnsafeRawBufferPointer(start: batch.slot(index), count: length))
            body(bytes, batch[index].path.remote)
        }
        return count
    }

    mutating func send(_ bytes: [UInt8], to destination: SocketAddress) {
        var address = SocketStorage(destination)
        if !address.send(bytes, through: socket.descriptor) { sendFailures += 1 }
    }

    /// Sleeps until a datagram comes, the other descriptor is readable, or the time is over; nil waits without end.
    func wait(orReadable other: Int32, nanoseconds: Int64?) {
        var descriptors = (
            pollfd(fd: socket.descriptor, events: Int16(POLLIN), revents: 0),
            pollfd(fd: other, events: Int16(POLLIN), revents: 0)
        )
        // Rounded up: waking early would only come back here.
        let milliseconds = nanoseconds.map { Int32(clamping: ($0 + 999_999) / 1_000_000) } ?? -1
        _ = unsafe withUnsafeMutablePointer(to: &descriptors) { pointer in
            unsafe pointer.withMemoryRebound(to: pollfd.self, capacity: 2) { unsafe poll($0, 2, milliseconds) }
        }
    }
}
