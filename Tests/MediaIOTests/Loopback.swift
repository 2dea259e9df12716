import Glibc
import MediaIO
import MediaWire
import Testing

@testable import MediaCore

/// A received datagram, copied out of its batch.
struct Received: Sendable {
    let bytes: [UInt8]
    let path: Path
    let length: Int
    let isTruncated: Bool
    let kernelStamp: UInt64
}

/// A socket with its batches, for one test.
struct Loopback: ~Copyable {
    let socket: UDPSocket
    private var receiver: DatagramReceiver
    private var sender: DatagramSender
    private var incoming: ReceiveBatch
    private var outgoing: SendBatch

    init(_ address: String, capacity: Int = 32) throws {
        let parsed = try #require(SocketAddress(address))
        socket = try UDPSocket(bindingTo: parsed)
        receiver = DatagramReceiver(capacity: capacity)
        sender = DatagramSender(capacity: capacity)
        incoming = ReceiveBatch(capacity: capacity)
        outgoing = SendBatch(capacity: capacity * 4)
    }

    var port: UInt16 { socket.localAddress.port }

    var dropped: UInt64 { sender.dropped }

    /// Sends datagrams along a path in one batch.
    mutating func send(_ datagrams: [[UInt8]], along path: Path) {
        for bytes in datagrams {
            guard outgoing.append(bytes, to: path) else {
                Issue.record("no room in the batch")
                return
            }
        }
        sender.send(&outgoing, through: socket)
    }

    mutating func send(_ datagrams: [[UInt8]], to text: String) throws {
        send(datagrams, along: Path(to: try #require(SocketAddress(text))))
    }

    /// Waits until something is there, and takes one batch.
    mutating func receive() -> [Received] {
        var poller = pollfd(fd: socket.descriptor, events: Int16(POLLIN), revents: 0)
        while poll(&poller, 1, -1) < 0 && errno == EINTR {}
        let count = receiver.receive(from: socket, into: &incoming)
        return (0..<count).map { index in
            let datagram = incoming[index]
            let bytes = [UInt8](
                UnsafeRawBufferPointer(start: incoming.bytes(index).baseAddress, count: datagram.length))
            return Received(
                bytes: bytes, path: datagram.path, length: datagram.length, isTruncated: datagram.isTruncated,
                kernelStamp: datagram.kernelStamp)
        }
    }

    /// Takes `count` datagrams, in as many batches as they come.
    mutating func receive(_ count: Int) -> [Received] {
        var all: [Received] = []
        while all.count < count { all += receive() }
        return all
    }

    /// Takes a batch without waiting.
    mutating func receiveNothing() -> Int { receiver.receive(from: socket, into: &incoming) }
}
