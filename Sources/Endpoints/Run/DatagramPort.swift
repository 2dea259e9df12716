import MediaCore
import MediaIO
import MediaWire

/// An endpoint's UDP socket: datagrams in and out as plain bytes.
struct DatagramPort: ~Copyable {
    private static let batchSize = 64

    private let socket: UDPSocket
    private var receiver = DatagramReceiver(capacity: batchSize)
    private var sender = DatagramSender(capacity: batchSize)
    private var incoming = ReceiveBatch(capacity: batchSize)
    private var outgoing = SendBatch(capacity: batchSize)
    /// Datagrams that fit no slot, which no packetiser makes.
    private var oversized: UInt64 = 0

    /// Datagrams that did not go.
    var sendFailures: UInt64 { sender.dropped &+ oversized }
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
        let count = receiver.receive(from: socket, into: &incoming)
        for index in 0..<count where !incoming[index].isTruncated {
            let length = min(incoming[index].length, ReceiveBatch.slotSize)
            let bytes = unsafe [UInt8](UnsafeRawBufferPointer(start: incoming.bytes(index).baseAddress, count: length))
            body(bytes, incoming[index].path.remote)
        }
        return count
    }

    /// Takes a datagram to be sent with the next `flush`.
    mutating func send(_ bytes: [UInt8], to destination: SocketAddress) {
        if outgoing.room == 0 { flush() }
        if !outgoing.append(bytes, to: Path(to: destination)) { oversized &+= 1 }
    }

    /// Sends what was taken.
    mutating func flush() { sender.send(&outgoing, through: socket) }

    /// Sleeps until a datagram comes here or to `second`, the other descriptor is readable, or the time is over; nil waits without end.
    func wait(with second: borrowing DatagramPort?, orReadable other: Int32, nanoseconds: Int64?) {
        let descriptor: Int32 =
            switch second {
            case .some(let port): port.socket.descriptor
            case .none: -1
            }
        socket.wait(orReadable: other, or: descriptor, nanoseconds: nanoseconds)
    }
}
