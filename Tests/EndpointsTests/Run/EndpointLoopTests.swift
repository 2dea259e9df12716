import MediaCore
import MediaWire
import Testing

@testable import Endpoints

/// On real sockets of loopback.
@Suite struct EndpointLoopTests {
    @Test(arguments: [IPAddress.loopbackV4, .loopbackV6])
    func datagramsArriveWithTheirSource(address: IPAddress) throws {
        var a = try DatagramPort(bindingTo: SocketAddress(address, port: 0))
        var b = try DatagramPort(bindingTo: SocketAddress(address, port: 0))
        let sent: [[UInt8]] = [[1], Array(repeating: 0xAB, count: 1400), [0x80, 0x60]]
        for bytes in sent { a.send(bytes, to: b.localAddress) }
        a.flush()
        var (received, sources): ([[UInt8]], [SocketAddress]) = ([], [])
        while received.count < sent.count {
            b.wait(with: nil, orReadable: -1, nanoseconds: 1_000_000_000)
            _ = b.receive { bytes, source in
                received.append(bytes)
                sources.append(source)
            }
        }
        #expect(received == sent)
        #expect(sources.allSatisfy { $0 == a.localAddress })
        let failures = a.sendFailures
        #expect(failures == 0)
    }

    @Test func addressTowardsTheServerIsTheOneItSees() throws {
        #expect(try LocalAddress.towards(ServerAddress("http://127.0.0.1:8080")) == .loopbackV4)
        #expect(try LocalAddress.towards(ServerAddress("http://localhost:8080")) == .loopbackV4)
        #expect(try LocalAddress.towards(ServerAddress("http://[::1]:8080")) == .loopbackV6)
        #expect(throws: EndpointError.self) { try LocalAddress.towards(ServerAddress("http://no-such-host.invalid")) }
    }

    @Test func noiseFromStrangersIsCountedAndTheLoopGoesOn() async throws {
        let loop = try makeLoop()
        var stranger = try DatagramPort(bindingTo: SocketAddress(.loopbackV4, port: 0))
        for length in 1...60 {
            stranger.send((0..<length).map { UInt8(truncatingIfNeeded: $0 &* 37 ^ 0xFF) }, to: loop.localAddress)
        }
        stranger.flush()
        var statistics = try await loop.statistics()
        while statistics.malformedDatagrams + statistics.srtp.authenticationFailures < 50 {
            statistics = try await loop.statistics()
        }
        #expect(statistics.played.isEmpty)
        let offer = try await loop.perform { endpoint, _ in endpoint.playOffer() }
        #expect(offer?.contains("m=audio \(loop.localAddress.port) ") == true)
        await loop.close()
    }

    @Test func closedLoopRefusesWorkAndClosesTwice() async throws {
        let loop = try makeLoop()
        await loop.close()
        await loop.close()
        await #expect(throws: EndpointError.self) { try await loop.statistics() }
        #expect(!loop.sendVideo([1], isKeyframe: true, captureTime: NTPTimestamp(rawValue: 0)))
        #expect(!loop.sendAudio([1], samples: 960, captureTime: NTPTimestamp(rawValue: 0)))
    }

    @Test func errorsOfTheWorkComeBack() async throws {
        struct Failure: Error {}
        let loop = try makeLoop()
        await #expect(throws: Failure.self) { try await loop.perform { _, _ in throw Failure() } }
        await loop.close()
    }

    private func makeLoop() throws -> EndpointLoop {
        let configuration = CallEndpointConfiguration(
            localAddress: SocketAddress(.loopbackV4, port: 0), cname: "test", publish: [.video, .audio], play: [.audio])
        return try EndpointLoop(configuration, clock: .shared) { _ in }
    }
}
