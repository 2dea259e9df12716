import Glibc
import MediaCore
import MediaWire
import Testing

@testable import MediaIO

/// A TCP client of the test, which waits for what it reads.
private final class Client {
    private let descriptor: Int32

    init?(_ address: MediaWire.SocketAddress) {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var name = sockaddr_in()
        name.sin_family = sa_family_t(AF_INET)
        name.sin_port = in_port_t(address.port).bigEndian
        name.sin_addr.s_addr = in_addr_t(INADDR_LOOPBACK).bigEndian
        var patience = timeval(tv_sec: 5, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
        let status = withUnsafePointer(to: &name) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        if status != 0 { return nil }
    }

    deinit { close(descriptor) }

    func send(_ bytes: [UInt8]) { _ = Glibc.send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL)) }

    /// Exactly so many bytes, or fewer if the other side closes.
    func read(_ count: Int) -> [UInt8] {
        var found: [UInt8] = []
        while found.count < count {
            var part = [UInt8](repeating: 0, count: count - found.count)
            let length = recv(descriptor, &part, part.count, 0)
            guard length > 0 else { break }
            found += part[..<length]
        }
        return found
    }

    /// The other side has closed, with nothing left to read.
    var isClosed: Bool { read(1).isEmpty }
}

@Suite struct StreamSocketsTests {
    private let start = Instant(nanoseconds: 1_000_000_000)

    private func listening() throws -> StreamSockets {
        try StreamSockets(bindingTo: SocketAddress(.loopbackV4, port: 0))
    }

    /// Everything that comes until `count` datagrams are there.
    private func receive(
        _ count: Int, _ sockets: inout StreamSockets, at now: Instant
    ) -> [(bytes: [UInt8], path: Path)] {
        var batch = ReceiveBatch(capacity: 64)
        var found: [(bytes: [UInt8], path: Path)] = []
        for _ in 0..<2_000 where found.count < count {
            sockets.poll(at: now)
            while sockets.receive(into: &batch, at: now) {
                for index in 0..<batch.count {
                    found.append((Array(batch.bytes(index)), batch[index].path))
                }
            }
            if found.count < count { usleep(1_000) }
        }
        return found
    }

    /// Looks until all clients have been taken.
    private func take(_ count: Int, _ sockets: inout StreamSockets, at now: Instant) {
        for _ in 0..<2_000 where sockets.count < count {
            sockets.poll(at: now)
            usleep(1_000)
        }
        #expect(sockets.count == count)
    }

    private func fill(_ batch: inout SendBatch, _ bytes: [UInt8], _ path: Path) {
        let isTaken = batch.append(bytes, to: path)
        #expect(isTaken)
    }

    @Test func datagramsComeAndGoWithTheirLengths() throws {
        var sockets = try listening()
        let one = try #require(Client(sockets.localAddress))
        let two = try #require(Client(sockets.localAddress))
        one.send([0, 3, 1, 2, 3, 0, 2, 9])
        // The second frame comes in two parts.
        let first = receive(1, &sockets, at: start)
        #expect(first.map(\.bytes) == [[1, 2, 3]])
        one.send([8])
        two.send([0, 1, 7])
        let next = receive(2, &sockets, at: start)
        #expect(Set(next.map(\.bytes)) == [[9, 8], [7]])
        let paths = Set((first + next).map(\.path))
        #expect(paths.count == 2 && paths.allSatisfy { $0.connection != 0 && $0.remote.address == .loopbackV4 })

        var batch = SendBatch(capacity: 8)
        let path = try #require(first.first?.path)
        let elsewhere = Path(to: SocketAddress(.loopbackV4, port: 9))
        let datagrams: [(bytes: [UInt8], path: Path)] = [([5, 6], path), ([7], path), ([1], elsewhere)]
        for (bytes, path) in datagrams {
            fill(&batch, bytes, path)
        }
        #expect(batch.connectedCount == 2)
        sockets.send(batch)
        #expect(one.read(7) == [0, 2, 5, 6, 0, 1, 7])
        #expect(sockets.dropped == 0)
    }

    @Test func aFrameThatCannotBeMediaEndsTheConnection() throws {
        var sockets = try listening()
        let client = try #require(Client(sockets.localAddress))
        take(1, &sockets, at: start)
        client.send([0xFF, 0xFF, 0])
        var batch = ReceiveBatch(capacity: 4)
        for _ in 0..<2_000 where !sockets.isEmpty {
            sockets.poll(at: start)
            while sockets.receive(into: &batch, at: start) {}
            usleep(1_000)
        }
        #expect(sockets.isEmpty && client.isClosed)
    }

    @Test func whoSendsHalfAFrameAndWaitsIsClosed() throws {
        var sockets = try listening()
        let idle = try #require(Client(sockets.localAddress))
        let proven = try #require(Client(sockets.localAddress))
        idle.send([0, 100, 1])
        proven.send([0, 1, 1])
        let path = try #require(receive(1, &sockets, at: start).first?.path)
        take(2, &sockets, at: start)
        var batch = SendBatch(capacity: 4)
        fill(&batch, [2], path)
        sockets.send(batch)
        #expect(proven.read(3) == [0, 1, 2])
        // Nothing more comes, but somebody has to look after them.
        let due = sockets.nextTimeout
        #expect(try #require(due) <= start.advanced(byNanoseconds: 2_000_000_000))
        sockets.poll(at: start.advanced(byNanoseconds: StreamSockets.provingTime - 1_000_000_000))
        #expect(sockets.count == 2)
        sockets.poll(at: start.advanced(byNanoseconds: StreamSockets.provingTime + 1_000_000_000))
        #expect(sockets.count == 1 && idle.isClosed)
        sockets.poll(at: start.advanced(byNanoseconds: StreamSockets.idleTime + 1_000_000_000))
        let last = sockets.nextTimeout
        #expect(sockets.isEmpty && proven.isClosed && last == nil)
    }

    @Test func strangersCannotKeepPeersOut() throws {
        var sockets = try listening()
        var clients: [Client] = []
        for _ in 0..<StreamSockets.maximumConnections {
            clients.append(try #require(Client(sockets.localAddress)))
            if clients.count % 64 == 0 { take(clients.count, &sockets, at: start) }
        }
        let late = start.advanced(byNanoseconds: 1_000_000)
        let peer = try #require(Client(sockets.localAddress))
        peer.send([0, 1, 5])
        #expect(receive(1, &sockets, at: late).map(\.bytes) == [[5]])
        #expect(sockets.count == StreamSockets.maximumConnections)
    }

    /// What a slow reader does not take waits up to a limit; whole frames are dropped beyond it, and none is torn.
    @Test func aSlowReaderLosesWholeFrames() throws {
        var sockets = try listening()
        let client = try #require(Client(sockets.localAddress))
        client.send([0, 1, 1])
        let path = try #require(receive(1, &sockets, at: start).first?.path)
        let frame = [UInt8](repeating: 0xAB, count: 1_000)
        var batch = SendBatch(capacity: 4)
        var sent = 0
        while sockets.dropped == 0, sent < 100_000 {
            batch.removeAll()
            fill(&batch, frame, path)
            sockets.send(batch)
            sent += 1
        }
        #expect(sockets.dropped == 1)
        var whole = 0
        while whole < sent - 1 {
            var next = client.read(2)
            // The rest goes when there is room.
            for _ in 0..<2_000 where next.count < 2 { next += client.read(2 - next.count) }
            guard next == [0x03, 0xE8] else { break }
            var body = client.read(frame.count)
            if body.count < frame.count { body += client.read(frame.count - body.count) }
            guard body == frame else { break }
            whole += 1
            var received = ReceiveBatch(capacity: 4)
            sockets.poll(at: start)
            while sockets.receive(into: &received, at: start) {}
        }
        #expect(whole == sent - 1)
    }

    @Test func aPortInUseIsSaid() throws {
        let sockets = try listening()
        let address = sockets.localAddress
        let error = #expect(throws: UDPSocketError.self) { try StreamSockets(bindingTo: address) }
        #expect(error?.isAddressInUse == true)
        #expect("\(error?.description ?? "")".contains("TCP"))
    }
}
