import Glibc
import MediaIO
import MediaWire
import Testing

@testable import MediaCore

/// UDP_SEGMENT and UDP_GRO on real sockets.
@Suite struct UDPOffloadTests {
    /// A sender's batch with one stream of datagrams of these lengths, each filled with its number.
    private func stream(_ lengths: [Int], to destination: SocketAddress) -> SendBatch {
        var batch = SendBatch(capacity: lengths.count)
        var run = SendRun()
        for (number, length) in lengths.enumerated() {
            guard let slot = batch.nextSlot() else { break }
            slot.copyBytes(from: [UInt8](repeating: UInt8(number), count: length))
            batch.commit(length: length, to: Path(to: destination), run: &run)
        }
        return batch
    }

    /// A stream whose datagrams stand elsewhere: all in a row, except that one byte lies before the datagram `gap`.
    private func row(
        _ lengths: [Int], gap: Int?, in memory: UnsafeMutableRawBufferPointer, to destination: SocketAddress
    ) throws -> SendBatch {
        var batch = SendBatch(capacity: lengths.count)
        var run = SendRun()
        var place = try #require(memory.baseAddress)
        for (number, length) in lengths.enumerated() {
            if number == gap {
                place.storeBytes(of: 0xEE, as: UInt8.self)
                place += 1
            }
            memset(place, Int32(number), length)
            batch.commit(place, length: length, to: Path(to: destination), run: &run)
            place += length
        }
        return batch
    }

    private func socket(_ host: String, _ offload: UDPOffload) throws -> UDPSocket {
        try UDPSocket(bindingTo: try #require(SocketAddress(host)), offload: offload)
    }

    private static let lengths = [1100, 1100, 1100, 1100, 640, 90, 90]

    @Test(arguments: ["127.0.0.1:0", "0.0.0.0:0", "[::1]:0"], UDPOffload.allCases)
    func runsArriveWholeHoweverTheyTravel(_ host: String, _ offload: UDPOffload) throws {
        let here = try socket(host, offload)
        var there = try Loopback(host.replacing("0.0.0.0", with: "127.0.0.1"))
        var sender = DatagramSender(capacity: 64)
        var batch = stream(Self.lengths, to: there.socket.localAddress)
        sender.send(&batch, through: here)
        let received = there.receive(Self.lengths.count)
        #expect(received.map(\.length) == Self.lengths)
        #expect(received.map { $0.bytes.first } == (0..<7).map { UInt8($0) })
        #expect(sender.dropped == 0)
        #expect(sender.segmentedMessages == (offload == .none ? 0 : 2))
        #expect(sender.systemCalls == 1)
        #expect(batch.count == 0)
    }

    /// What stands in a row in memory leaves as one piece of it, and is cut where its datagrams begin all the same.
    @Test(arguments: [nil, 2, 4], UDPOffload.allCases)
    func datagramsInARowArriveAsTheyAre(_ gap: Int?, _ offload: UDPOffload) throws {
        let here = try socket("127.0.0.1:0", offload)
        var there = try Loopback("127.0.0.1:0")
        var sender = DatagramSender(capacity: 64)
        let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: 8192, alignment: 64)
        defer { memory.deallocate() }
        var one: Int32 = 1
        for refuses in [false, true] {
            // Without checksums the kernel does not cut.
            if refuses { #expect(setsockopt(here.descriptor, SOL_SOCKET, SO_NO_CHECK, &one, 4) == 0) }
            var batch = try row(Self.lengths, gap: gap, in: memory, to: there.socket.localAddress)
            sender.send(&batch, through: here)
            let received = there.receive(Self.lengths.count)
            #expect(received.map(\.length) == Self.lengths)
            for (number, datagram) in received.enumerated() {
                #expect(datagram.bytes.allSatisfy { $0 == UInt8(number) })
            }
            #expect(sender.dropped == 0)
        }
    }

    @Test func aMergingSocketTakesARunAsOneMessage() throws {
        let here = try socket("127.0.0.1:0", .full)
        let there = try socket("127.0.0.1:0", .full)
        try #require(there.offload == .full, "this kernel has no UDP_GRO")
        var sender = DatagramSender(capacity: 64)
        var receiver = DatagramReceiver(capacity: 8)
        var incoming = ReceiveBatch(capacity: 8, merged: true)
        for _ in 0..<3 {
            var batch = stream(Self.lengths, to: there.localAddress)
            sender.send(&batch, through: here)
            var lengths: [Int] = []
            var messages = 0
            while lengths.count < Self.lengths.count {
                let count = receiver.receive(from: there, into: &incoming, waits: true)
                lengths += (0..<count).map { incoming[$0].length }
                messages += incoming.messageCount
                for index in 0..<count {
                    let bytes = incoming.bytes(index)
                    #expect(bytes.allSatisfy { $0 == bytes[0] })
                    #expect(incoming[index].path.remote == here.localAddress)
                    #expect(incoming[index].kernelStamp > 0)
                }
            }
            #expect(lengths == Self.lengths)
            #expect(messages == 2)
        }
    }

    /// A kernel that does not cut messages: it refuses to for sockets without checksums.
    @Test func whatTheKernelRefusesToCutLeavesOneByOne() throws {
        let here = try socket("127.0.0.1:0", .full)
        var there = try Loopback("127.0.0.1:0")
        var one: Int32 = 1
        #expect(setsockopt(here.descriptor, SOL_SOCKET, SO_NO_CHECK, &one, 4) == 0)
        var sender = DatagramSender(capacity: 64)
        for _ in 0..<2 {
            var batch = stream(Self.lengths, to: there.socket.localAddress)
            sender.send(&batch, through: here)
            let received = there.receive(Self.lengths.count)
            #expect(received.map(\.length) == Self.lengths)
            #expect(sender.dropped == 0)
        }
        let calls = sender.systemCalls
        var batch = stream(Self.lengths, to: there.socket.localAddress)
        sender.send(&batch, through: here)
        #expect(sender.systemCalls == calls + 1, "it is not tried again")
        #expect(there.receive(Self.lengths.count).map(\.length) == Self.lengths)
    }

    /// A message of more datagrams than one call holds, and more messages than that.
    @Test(arguments: [3, 8]) func smallSendersTakeSeveralCalls(_ capacity: Int) throws {
        let here = try socket("127.0.0.1:0", .send)
        var there = try Loopback("127.0.0.1:0")
        var sender = DatagramSender(capacity: capacity)
        let lengths = [Int](repeating: 200, count: 20) + [100, 300, 300, 300]
        var batch = stream(lengths, to: there.socket.localAddress)
        sender.send(&batch, through: here)
        #expect(there.receive(lengths.count).map(\.length) == lengths)
        #expect(sender.dropped == 0)
    }
}
