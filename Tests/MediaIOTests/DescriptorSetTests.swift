import MediaCore
import MediaWire
import Testing

@testable import MediaIO

@Suite("Descriptor sets")
struct DescriptorSetTests {
    private func marks(_ set: borrowing DescriptorSet) -> [UInt32] {
        var found: [UInt32] = []
        let count = set.ready { found.append($0) }
        #expect(count == found.count)
        return found.sorted()
    }

    private func send(to address: SocketAddress, through socket: borrowing UDPSocket) {
        var batch = SendBatch(capacity: 1)
        var sender = DatagramSender(capacity: 1)
        let isTaken = batch.append([1, 2, 3], to: Path(to: address))
        #expect(isTaken)
        sender.send(&batch, through: socket)
    }

    @Test func onlySocketsWithSomethingAreTold() throws {
        let set = try DescriptorSet()
        let loopback = SocketAddress(.loopbackV4, port: 0)
        let first = try UDPSocket(bindingTo: loopback)
        let second = try UDPSocket(bindingTo: loopback)
        let third = try UDPSocket(bindingTo: loopback)
        let areAdded = [set.add(first, mark: 7), set.add(second, mark: 4_000_000_000), set.add(third, mark: 0)]
        #expect(areAdded == [true, true, true])
        #expect(marks(set).isEmpty)
        send(to: second.localAddress, through: first)
        #expect(marks(set) == [4_000_000_000])
        send(to: third.localAddress, through: first)
        // What is not read is told again.
        #expect(marks(set) == [0, 4_000_000_000])
        var receiver = DatagramReceiver(capacity: 4)
        var batch = ReceiveBatch(capacity: 4)
        let received = receiver.receive(from: second, into: &batch)
        #expect(received == 1)
        #expect(marks(set) == [0])
        // A socket is in a set once.
        let isAddedTwice = set.add(first, mark: 8)
        #expect(!isAddedTwice)
    }

    @Test func manySocketsAreToldInTurns() throws {
        let set = try DescriptorSet()
        let loopback = SocketAddress(.loopbackV4, port: 0)
        let sender = try UDPSocket(bindingTo: loopback)
        let count = DescriptorSet.most + 20
        let sockets = try (0..<count).map { _ in Holder(try UDPSocket(bindingTo: loopback)) }
        for (mark, holder) in sockets.enumerated() {
            let isAdded = set.add(holder.socket, mark: UInt32(mark))
            #expect(isAdded)
            send(to: holder.socket.localAddress, through: sender)
        }
        let first = marks(set)
        #expect(first.count == DescriptorSet.most)
        // Those that were told go behind the others.
        #expect(Set(first + marks(set)) == Set(0..<UInt32(count)))
    }

    private final class Holder {
        let socket: UDPSocket
        init(_ socket: consuming UDPSocket) { self.socket = socket }
    }
}
