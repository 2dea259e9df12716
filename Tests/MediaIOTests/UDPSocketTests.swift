import MediaIO
import MediaWire
import Testing

@testable import MediaCore

@Suite struct UDPSocketTests {
    @Test(arguments: ["127.0.0.1", "[::1]"]) func datagramsGoThereAndBack(_ host: String) throws {
        var here = try Loopback("\(host):0")
        var there = try Loopback("\(host):0")
        try here.send([[1, 2, 3], [4]], to: "\(host):\(there.port)")
        let received = there.receive(2)
        #expect(received.map(\.bytes) == [[1, 2, 3], [4]])
        #expect(received.allSatisfy { $0.path.remote == here.socket.localAddress && !$0.isTruncated })
        there.send([[9]], along: received[0].path)
        let back = here.receive(1)
        #expect(back.map(\.bytes) == [[9]])
        #expect(back[0].path.remote == there.socket.localAddress)
    }

    /// The relay listens on every address, and must answer from the one that was asked.
    @Test(arguments: ["0.0.0.0:0", "[::]:0"], ["127.0.0.1", "127.0.0.2"])
    func replyLeavesFromTheAddressThatWasAddressed(_ wildcard: String, _ host: String) throws {
        var relay = try Loopback(wildcard)
        var peer = try Loopback("127.0.0.1:0")
        try peer.send([[1]], to: "\(host):\(relay.port)")
        let asked = try #require(relay.receive(1).first)
        #expect(asked.path.local == IPAddress(host))
        #expect(asked.path.remote == peer.socket.localAddress)
        relay.send([[2]], along: asked.path)
        let answer = try #require(peer.receive(1).first)
        #expect(answer.path.remote == SocketAddress("\(host):\(relay.port)"))
        #expect(answer.bytes == [2])
        // Where nothing was addressed yet, the kernel chooses.
        relay.send([[3]], along: Path(to: peer.socket.localAddress))
        #expect(peer.receive(1).map(\.bytes) == [[3]])
    }

    @Test func dualStackSocketTakesBothFamilies() throws {
        var relay = try Loopback("[::]:0")
        var four = try Loopback("127.0.0.1:0")
        var six = try Loopback("[::1]:0")
        try four.send([[4]], to: "127.0.0.1:\(relay.port)")
        let fromFour = try #require(relay.receive(1).first)
        try six.send([[6]], to: "[::1]:\(relay.port)")
        let fromSix = try #require(relay.receive(1).first)
        #expect(fromFour.path.remote == four.socket.localAddress, "IPv4 comes out as IPv4, not mapped")
        #expect(fromSix.path == Path(local: .loopbackV6, remote: six.socket.localAddress))
        relay.send([[4]], along: fromFour.path)
        relay.send([[6]], along: fromSix.path)
        #expect(four.receive(1).map(\.bytes) == [[4]])
        #expect(six.receive(1).map(\.bytes) == [[6]])
    }

    @Test func batchesLargerThanTheCapacityLoseNothing() throws {
        var here = try Loopback("127.0.0.1:0", capacity: 20)
        var there = try Loopback("127.0.0.1:0", capacity: 7)
        let datagrams = (0..<80).map { [UInt8](repeating: UInt8($0), count: 1 + $0 * 17) }
        try here.send(datagrams, to: "127.0.0.1:\(there.port)")
        #expect(here.dropped == 0)
        var received: [Received] = []
        while received.count < 80 {
            let batch = there.receive()
            #expect((1...7).contains(batch.count))
            received += batch
        }
        #expect(received.map(\.bytes) == datagrams)
        #expect(there.receiveNothing() == 0)
    }

    /// A short datagram after a long one: the kernel overwrites lengths, and they are set up anew.
    @Test func longDatagramIsFlaggedAndTheNextIsWhole() throws {
        var here = try Loopback("127.0.0.1:0")
        var there = try Loopback("127.0.0.1:0", capacity: 1)
        // Longer than a receive slot, shorter than a send slot.
        let long = [UInt8](repeating: 7, count: ReceiveBatch.slotSize + 1)
        let whole = [UInt8](repeating: 8, count: ReceiveBatch.slotSize)
        try here.send([long, whole, [1]], to: "127.0.0.1:\(there.port)")
        let received = there.receive(3)
        #expect(received.map(\.isTruncated) == [true, false, false])
        #expect(received.map(\.length) == [ReceiveBatch.slotSize, ReceiveBatch.slotSize, 1])
        #expect(received[1].bytes == whole)
    }

    @Test func kernelStampLiesBetweenSendAndReceive() throws {
        var here = try Loopback("127.0.0.1:0")
        var there = try Loopback("127.0.0.1:0")
        let before = WallClock.unixNanoseconds
        try here.send([[1]], to: "127.0.0.1:\(there.port)")
        let stamp = try #require(there.receive(1).first).kernelStamp
        let after = WallClock.unixNanoseconds
        #expect(before <= stamp && stamp <= after)
    }

    @Test(arguments: ["127.0.0.1", "[::1]"]) func portInUseIsSaidPlainly(_ host: String) throws {
        let first = try Loopback("\(host):0")
        let address = first.socket.localAddress
        do throws(UDPSocketError) {
            _ = try UDPSocket(bindingTo: address)
            Issue.record("bound twice")
        } catch {
            #expect(error.isAddressInUse)
            #expect("\(error)" == "cannot listen on UDP \(address): address already in use")
        }
    }

    @Test func addressOfAnotherMachineCannotBeBound() throws {
        let address = try #require(SocketAddress("192.0.2.77:0"))
        #expect { _ = try UDPSocket(bindingTo: address) } throws: {
            "\($0)".hasPrefix("cannot listen on UDP 192.0.2.77:0: ")
        }
    }

    @Test func whatCannotBeSentIsCountedAndTheRestGoes() throws {
        var here = try Loopback("127.0.0.1:0")
        var there = try Loopback("127.0.0.1:0")
        // An IPv4 socket has no way to an IPv6 address; it must not take a part of it for another one.
        let six = try #require(SocketAddress("[2001:db8::7f00:1]:\(there.port)"))
        here.send([[66]], along: Path(to: six))
        #expect(here.dropped == 1)
        try here.send([[1]], to: "127.0.0.1:\(there.port)")
        #expect(there.receive(1).map(\.bytes) == [[1]])
        #expect(there.receiveNothing() == 0)
    }

    @Test func buffersAreGranted() throws {
        let bound = try Loopback("127.0.0.1:0")
        let granted = (bound.socket.receiveBufferSize, bound.socket.sendBufferSize)
        #expect(granted.0 > 200_000)
        #expect(granted.1 > 200_000)
        let port = bound.port
        #expect(port != 0)
    }
}
