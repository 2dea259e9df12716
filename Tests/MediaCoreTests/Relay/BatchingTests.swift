import MediaWire
import TestSupport
import Testing

@testable import MediaCore

/// The stages of the packet path take datagrams by the batch; what comes out must not depend on how they are batched.
@Suite struct BatchingTests {
    private static let profiles: [SRTPProfile] = [.aeadAES128GCM, .aeadAES256GCM, .aesCM128HMACSHA1_80]

    private struct World {
        let bench: RelayBench
        let publishers: [TestStream]
        let players: [TestStream]

        init(_ profile: SRTPProfile, seed: UInt64) throws {
            bench = RelayBench(seed: seed)
            var publishers: [TestStream] = []
            var players: [TestStream] = []
            for number in 0..<4 {
                let key = RelaySessionKey(rawValue: UInt64(number))
                let kind: MediaKind = number % 2 == 0 ? .video : .audio
                publishers += try bench.join(
                    .customer, .publish, [kind], from: RelayBench.host(1), session: key, profile: profile
                ).streams
                players += try bench.join(
                    .technician, .play, [kind], from: RelayBench.host(10 + number), session: key, profile: profile
                ).streams
                try bench.shard.openGate(key, at: bench.now)
            }
            self.publishers = publishers
            self.players = players
        }

        /// All of it from the one address of the publishers, in batches of `size`; what each player can open.
        func run(_ datagrams: [[UInt8]], size: Int) -> [[RTPPacket]] {
            var sent: [Sent] = []
            var rest = datagrams[...]
            while !rest.isEmpty {
                sent += bench.deliver(Array(rest.prefix(size)), from: RelayBench.host(1))
                rest = rest.dropFirst(size)
            }
            return players.map { $0.media(sent) }
        }
    }

    @Test(arguments: profiles, [UInt64(1), 2, 3, 4, 5])
    func batchesGiveWhatSinglePacketsGive(_ profile: SRTPProfile, _ seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        var mutator = Mutator(seed: seed)
        let worlds = try [1, 7, 64, 200].map { (size: $0, world: try World(profile, seed: seed)) }
        // The same seed makes the same keys in each world, so one's packets are good in all.
        let publishers = worlds[0].world.publishers
        var datagrams: [[UInt8]] = []
        var numbers = publishers.map { _ in 65_400 }
        for _ in 0..<600 {
            let number = Int.random(in: 0..<publishers.count, using: &generator)
            numbers[number] += Int.random(in: 0..<20, using: &generator) == 0 ? 3 : 1
            let bytes = publishers[number].rtp(numbers[number])
            datagrams.append(bytes)
            switch Int.random(in: 0..<12, using: &generator) {
            // Twice, side by side or a little later: one batch must see it as clearly as two.
            case 0: datagrams.append(bytes)
            case 1: datagrams.append(datagrams[max(0, datagrams.count - Int.random(in: 1...40, using: &generator))])
            case 2: datagrams.append(mutator.mutate(bytes, splicing: datagrams.suffix(3)))
            case 3 where datagrams.count > 4: datagrams.swapAt(datagrams.count - 1, datagrams.count - 4)
            default: break
            }
        }
        let outcomes = worlds.map { $0.world.run(datagrams, size: $0.size) }
        #expect(outcomes[0].allSatisfy { $0.count > 100 }, "seed \(seed)")
        for (outcome, world) in zip(outcomes, worlds).dropFirst() {
            for (got, wanted) in zip(outcome, outcomes[0]) {
                #expect(got.map(\.payload) == wanted.map(\.payload), "seed \(seed), batches of \(world.size)")
                #expect(got.map(\.sequenceNumber) == wanted.map(\.sequenceNumber), "seed \(seed)")
            }
            #expect(refusals(world.world) == refusals(worlds[0].world), "seed \(seed), \(world.size)")
            #expect(world.world.bench.counters.packetsForwarded == worlds[0].world.bench.counters.packetsForwarded)
        }
        let counters = worlds[0].world.bench.counters
        #expect(counters.droppedReplayed > 20)
        #expect(counters.droppedUnauthenticated + counters.droppedMalformed > 0)
    }

    /// A damaged repeat is a replay to who has seen the number, and a forgery to a burst that has not yet.
    private func refusals(_ world: World) -> UInt64 {
        let counters = world.bench.counters
        return counters.droppedReplayed + counters.droppedUnauthenticated + counters.droppedMalformed
            + counters.droppedUnknownSource
    }

    /// What is resent stands in the cache, what is forwarded in the batch, and both may be protected in one burst.
    @Test(arguments: profiles) func retransmissionsInABatchAreTheRightPackets(_ profile: SRTPProfile) throws {
        let bench = RelayBench()
        let publisher = try bench.join(.customer, .publish, from: RelayBench.host(1), profile: profile).video
        let player = try bench.join(.technician, .play, from: RelayBench.host(1), profile: profile).video
        try bench.shard.openGate(RelayBench.session, at: bench.now)
        let first = player.media(bench.deliver((1...40).map { publisher.rtp($0) }, from: publisher.address))
        let lost = [3, 9, 27].map { first[$0 - 1].sequenceNumber }
        let mixed =
            (41...60).map { publisher.rtp($0) } + [player.feedback(player.nack(lost))]
            + (61...80).map { publisher.rtp($0) }
        let sent = bench.deliver(mixed, from: publisher.address)
        let again = try SRTPReceiver(player.track.outgoingKey)
        #expect(
            reopen(sent, player, again) == (41...80).map { TestStream.video($0) }
                + [3, 9, 27].map { TestStream.video($0) })
    }

    /// Payloads opened with a fresh receiver, new ones first, then those resent.
    private func reopen(_ sent: [Sent], _ player: TestStream, _ receiver: consuming SRTPReceiver) -> [[UInt8]] {
        var receiver = receiver
        var packets: [RTPPacket] = []
        for datagram in sent where !datagram.isRTCP && datagram.to == player.address {
            var bytes = datagram.bytes
            guard receiver.unprotectRTP(&bytes).isSuccess, let packet = RTPPacket(bytes.rawSpan) else { continue }
            packets.append(packet)
        }
        let newest = packets.map(\.sequenceNumber)
        guard let last = newest.last else { return [] }
        let fresh = packets.filter { last.distance(from: $0.sequenceNumber) < 40 }
        return (fresh + packets.filter { last.distance(from: $0.sequenceNumber) >= 40 }).map(\.payload)
    }
}
