import Dispatch
import Foundation
import MediaCore
import MediaIO
import MediaWire
import Synchronization
import TestSupport
import Testing

/// Counts from many tasks.
private final class Tally: Sendable {
    private let count = Atomic<Int>(0)
    var value: Int { count.load(ordering: .acquiring) }

    @discardableResult
    func add() -> Int { count.wrappingAdd(1, ordering: .acquiringAndReleasing).newValue }
}

@Suite struct ShardThreadTests {
    private struct Refusal: Error, Equatable {}

    private func thread() throws -> ShardThread {
        let address = try #require(SocketAddress("127.0.0.1:0"))
        return try ShardThread(index: 0, bindingTo: address, configuration: RelayConfiguration(seed: 1))
    }

    @Test func commandsRunOnTheShardAndAnswer() async throws {
        let thread = try thread()
        let before = MonotonicClock.now
        let key = RelaySessionKey(rawValue: 5)
        let (count, now) = try await thread.perform { shard, now in
            try shard.openGate(key, at: now)
            return (shard.sessionCount, now)
        }
        #expect(count == 1)
        #expect(now >= before && now <= MonotonicClock.now)
        let isOpen = try await thread.perform { shard, _ in shard.figures(of: key)?.isGateOpen }
        #expect(isOpen == true)
        await #expect(throws: Refusal.self) { try await thread.perform { _, _ in throw Refusal() } }
        await thread.stop()
    }

    @Test func shardGoesBeforeTheProcessWhereItMay() async throws {
        let address = try #require(SocketAddress("127.0.0.1:0"))
        let thread = try ShardThread(index: 4_711, bindingTo: address, configuration: RelayConfiguration(seed: 1))
        try await thread.perform { _, _ in }
        let tasks = try FileManager.default.contentsOfDirectory(atPath: "/proc/self/task")
        // A thread of another test may end between the listing and the look.
        let shard = tasks.first { (try? contents(of: "/proc/self/task/\($0)/comm")) == "shard-4711\n" }
        let status = try contents(of: "/proc/self/status").split(separator: "\n")
        let capabilities = status.first { $0.hasPrefix("CapEff:") }
        let set = try #require(capabilities?.dropFirst(7).trimmingCharacters(in: .whitespaces))
        let mayRaise = try #require(UInt64(set, radix: 16)) & 1 << 23 != 0
        let expected = try max(-20, niceValue("/proc/self/stat") - (mayRaise ? 5 : 0))
        #expect(try niceValue("/proc/self/task/\(#require(shard))/stat") == expected)
        await thread.stop()
    }

    private func contents(of path: String) throws -> String { try String(contentsOfFile: path, encoding: .utf8) }

    /// The nineteenth field; the second, the name in brackets, may hold spaces.
    private func niceValue(_ path: String) throws -> Int {
        let fields = try #require(contents(of: path).split(separator: ")").last).split(separator: " ")
        return try #require(Int(fields[16]))
    }

    @Test func stoppedShardRefusesCommandsAndEndsItsEvents() async throws {
        let thread = try thread()
        async let first: Void = thread.stop()
        async let second: Void = thread.stop()
        _ = await (first, second)
        await thread.stop()
        do {
            try await thread.perform { _, _ in }
            Issue.record("a stopped shard took a command")
        } catch let error as ShardError {
            guard case .stopped = error else {
                Issue.record("\(error)")
                return
            }
        }
        for await event in thread.events { Issue.record("\(event)") }
    }

    @Test func waitingCommandsAreAnsweredWhenTheShardStops() async throws {
        let thread = try thread()
        let entered = DispatchSemaphore(value: 0)
        let release = DispatchSemaphore(value: 0)
        let answered = Tally()
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                try await thread.perform { _, _ in
                    entered.signal()
                    release.wait()
                }
            }
            await Self.wait(for: entered)
            for _ in 0..<50 {
                group.addTask {
                    do {
                        try await thread.perform { _, _ in }
                        answered.add()
                    } catch ShardError.stopped {
                        answered.add()
                    }
                }
            }
            group.addTask { await thread.stop() }
            // Every one of them has been posted or refused before the shard goes on, or is refused later.
            release.signal()
            try await group.waitForAll()
        }
        #expect(answered.value == 50)
    }

    @Test func mailboxIsBounded() async throws {
        let thread = try thread()
        let entered = DispatchSemaphore(value: 0)
        let release = DispatchSemaphore(value: 0)
        let blocking = Task {
            try await thread.perform { _, _ in
                entered.signal()
                release.wait()
            }
        }
        await Self.wait(for: entered)
        let total = 4_096 + 200
        let overloaded = Tally()
        let done = Tally()
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<total {
                group.addTask {
                    do {
                        try await thread.perform { _, _ in }
                        done.add()
                    } catch ShardError.overloaded {
                        // The last to be refused lets the shard go on.
                        if overloaded.add() == 200 { release.signal() }
                    } catch {
                        Issue.record(error)
                    }
                }
            }
        }
        _ = try await blocking.value
        #expect(overloaded.value == 200)
        #expect(done.value == 4_096)
        await thread.stop()
    }

    private static func wait(for semaphore: DispatchSemaphore) async {
        await withCheckedContinuation { continuation in
            DispatchQueue.global().async {
                semaphore.wait()
                continuation.resume()
            }
        }
    }

    @Test func portInUseIsAnError() async throws {
        let first = try thread()
        #expect(throws: UDPSocketError.self) {
            try ShardThread(index: 1, bindingTo: first.localAddress, configuration: RelayConfiguration(seed: 1))
        }
        await first.stop()
    }

    /// One call over real sockets: media, reports of what happened, and BYE at the end.
    @Test(arguments: [SRTPProfile.aeadAES128GCM, .aesCM128HMACSHA1_80])
    func mediaFlowsOverLoopback(_ profile: SRTPProfile) async throws {
        let thread = try thread()
        let key = RelaySessionKey(rawValue: 1)
        var publisher = try Loopback("127.0.0.1:0")
        var player = try Loopback("127.0.0.1:0")
        var generator = SeededGenerator(seed: 4)

        func negotiate(_ direction: MediaDirection, _ address: SocketAddress, ssrcs: [SSRC]) throws -> NegotiatedMedia {
            let offer = SDESOffer(
                direction: direction, sessionID: 1,
                tracks: [
                    SDESOffer.Track(
                        kind: .audio, payloadType: 111, address: address,
                        key: SRTPKey(profile: profile, using: &generator),
                        ssrcs: ssrcs)
                ])
            let context = NegotiationContext(
                direction: direction, clientAddress: .loopbackV4, requestIsPrivate: true, mediaAddresses: [.loopbackV4],
                mediaPort: thread.localAddress.port, sessionID: 2)
            return try negotiateSDES(offer: offer.sessionDescription(), context: context, using: &generator)
        }
        let ssrc = SSRC(0x77)
        let published = try negotiate(.publish, publisher.socket.localAddress, ssrcs: [ssrc])
        let played = try negotiate(.play, player.socket.localAddress, ssrcs: [])
        try await thread.perform { shard, now in
            _ = try shard.addLeg(LegDescription(session: key, side: .customer, media: published), at: now)
            _ = try shard.addLeg(LegDescription(session: key, side: .technician, media: played), at: now)
            try shard.openGate(key, at: now)
        }
        var sender = try SRTPSender(published.tracks[0].incomingKey)
        var receiver = try SRTPReceiver(played.tracks[0].outgoingKey)
        var payloads: [[UInt8]] = []
        for burst in 0..<10 {
            var datagrams: [[UInt8]] = []
            for number in 0..<10 {
                var bytes = RTPPacket(
                    payloadType: 111, sequenceNumber: SequenceNumber(UInt16(burst * 10 + number)),
                    timestamp: RTPTimestamp(960), ssrc: ssrc, payload: [UInt8(burst), UInt8(number)]
                ).serialized()
                #expect(sender.protectRTP(&bytes) != .malformed)
                datagrams.append(bytes)
            }
            publisher.send(datagrams, along: Path(to: thread.localAddress))
            while payloads.count < (burst + 1) * 10 {
                for datagram in player.receive() where DatagramKind(datagram.bytes.rawSpan) == .rtp {
                    var bytes = datagram.bytes
                    #expect(receiver.unprotectRTP(&bytes) != .authenticationFailure)
                    let packet = RTPPacket(bytes.rawSpan)
                    payloads.append(try #require(packet).payload)
                }
            }
        }
        let wanted: [[UInt8]] = (0..<100).map { (number: Int) -> [UInt8] in [UInt8(number / 10), UInt8(number % 10)] }
        #expect(payloads == wanted)

        var kinds: [String] = []
        for await event in thread.events {
            switch event {
            case .firstMedia(_, key, .customer): kinds.append("media")
            case .firstForwarded(key): kinds.append("forwarded")
            default: kinds.append("\(event)")
            }
            if kinds.count == 2 { break }
        }
        #expect(kinds == ["media", "forwarded"])
        await thread.stop()
        #expect(thread.currentMeasurements.relayLatency.count >= 100)
        #expect(thread.currentMeasurements.kernelReceiveDrops == 0)
        #expect(thread.currentMeasurements.kernelSendDrops == 0)

        // The player hears BYE, after whatever reports came before.
        var heardBye = false
        while !heardBye {
            for datagram in player.receive() where DatagramKind(datagram.bytes.rawSpan) == .rtcp {
                var bytes = datagram.bytes
                #expect(receiver.unprotectRTCP(&bytes) != .authenticationFailure)
                let packets = RTCPPacket.parseCompound(bytes.rawSpan, allowReducedSize: false) ?? []
                heardBye = heardBye || packets.contains { if case .goodbye = $0 { true } else { false } }
            }
        }
    }
}
