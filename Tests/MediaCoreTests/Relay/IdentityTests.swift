import MediaWire
import TestSupport
import Testing

@testable import MediaCore

/// Who a packet belongs to, and where replies go.
@Suite struct IdentityTests {
    @Test func sourceIsBoundByItsFirstAuthenticatedPacketFromAnyAddress() throws {
        let call = try Call()
        let elsewhere = RelayBench.host(77, port: 999)
        #expect(call.player.media(call.bench.deliver(call.publisher.rtp(1), from: elsewhere)).count == 1)
        #expect(call.bench.shard.sources.count == 1)
        // Feedback follows.
        let sent = call.bench.advance(milliseconds: 1_600)
        #expect(sent.contains { $0.to == elsewhere })
        #expect(!sent.contains { $0.to == call.publisher.address })
    }

    @Test func unauthenticatedPacketBindsNothing() throws {
        let call = try Call()
        let attacker = RelayBench.host(66)
        for bit in 0..<64 {
            var bad = call.publisher.rtp(bit)
            bad[bad.count - 1 - bit % 8] ^= 1 << UInt8(bit % 8)
            #expect(call.bench.deliver(bad, from: attacker).isEmpty)
        }
        #expect(call.bench.shard.sources.count == 0)
        #expect(call.bench.counters.droppedUnauthenticated == 64)
        #expect(call.bench.advance(milliseconds: 3_000).isEmpty)
        #expect(call.player.media(call.publish(100)).count == 1)
    }

    @Test func publisherMayMoveAndFeedbackFollowsTheNewestPacket() throws {
        let call = try Call()
        let old = call.publisher.rtp(5)
        call.publish(1...4)
        let moved = RelayBench.host(1, port: 5555)
        #expect(call.player.media(call.bench.deliver(call.publisher.rtp(6), from: moved)).count == 1)
        // A straggler from the old address is taken but does not move the path back.
        #expect(call.player.media(call.bench.deliver(old, from: call.publisher.address)).count == 1)
        let sent = call.bench.advance(milliseconds: 1_600)
        #expect(sent.contains { $0.to == moved })
        #expect(!sent.contains { $0.to == call.publisher.address && $0.isRTCP })
    }

    @Test func addressesBoundToOneStreamAreFew() throws {
        let call = try Call()
        for port in 1...100 {
            call.bench.deliver(call.publisher.rtp(port), from: RelayBench.host(1, port: UInt16(port)))
        }
        #expect(call.bench.shard.sources.count <= call.bench.shard.configuration.maximumBindings)
        #expect(try call.bench.figures().packetsForwarded == 100)
    }

    @Test func equalSSRCsOfTwoSessionsAreToldApartByAddress() throws {
        let bench = RelayBench()
        var calls: [(publisher: TestStream, player: TestStream)] = []
        for number in 1...6 {
            let session = RelaySessionKey(rawValue: UInt64(number))
            let publisher = try bench.join(.customer, .publish, from: RelayBench.host(number), session: session) {
                $0.ssrcs = [SSRC(0x1234)]
            }.video
            let player = try bench.join(
                .technician, .play, from: RelayBench.host(number, port: 6000), session: session
            ).video
            try bench.shard.openGate(session, at: bench.now)
            calls.append((publisher, player))
        }
        for round in 1...3 {
            for call in calls {
                let sent = bench.deliver(call.publisher.rtp(round), from: call.publisher.address)
                #expect(sent.filter { !$0.isRTCP }.count == 1)
                #expect(call.player.media(sent).count == 1)
            }
        }
        #expect(bench.counters.droppedUnauthenticated == 0)
    }

    @Test func atMostFourKeysAreTried() throws {
        let bench = RelayBench()
        var publishers: [TestStream] = []
        for number in 1...6 {
            publishers.append(
                try bench.join(
                    .customer, .publish, from: RelayBench.host(number),
                    session: RelaySessionKey(rawValue: UInt64(number))
                ) { $0.ssrcs = [SSRC(0x1234)] }.video)
        }
        let failures = {
            try (1...6).map {
                try #require(bench.figures(RelaySessionKey(rawValue: UInt64($0))).tracks.first).authenticationFailures
            }.reduce(0, +)
        }
        let stranger = RelayBench.host(99)
        bench.deliver(publishers[5].rtp(1), from: stranger)
        #expect(bench.counters.droppedUnauthenticated == 1)
        #expect(try failures() == 4)
        #expect(bench.shard.sources.count == 0)
        bench.deliver(publishers[3].rtp(1), from: stranger)
        #expect(bench.shard.sources.count == 1)
    }

    @Test func playerPathMovesOnlyByAuthenticatedRTCP() throws {
        let call = try Call()
        let moved = RelayBench.host(44, port: 4444)
        var bad = call.player.feedback()
        bad[bad.count - 1] ^= 1
        call.bench.deliver(bad, from: moved)
        call.bench.deliver(call.player.rtp(1), from: moved)
        #expect(call.player.media(call.publish(1)).count == 1)
        // A player is found elsewhere only if its offer named its SSRC.
        call.bench.deliver(call.player.feedback(), from: moved)
        #expect(call.player.media(call.publish(2)).count == 1)

        let bench = RelayBench()
        let publisher = try bench.join(.customer, .publish, from: RelayBench.host(1)).video
        let player = try bench.join(.technician, .play, from: RelayBench.host(2)) { $0.ssrcs = [SSRC(0x55)] }.video
        try bench.shard.openGate(RelayBench.session, at: bench.now)
        bench.deliver(player.feedback(), from: moved)
        let sent = bench.deliver(publisher.rtp(1), from: publisher.address).filter { !$0.isRTCP }
        #expect(sent.map(\.to) == [moved])
    }

    @Test func playerWithoutMuxKeepsItsMediaPath() throws {
        let bench = RelayBench()
        let publisher = try bench.join(.customer, .publish, from: RelayBench.host(1)).video
        let player = try bench.join(.technician, .play, from: RelayBench.host(2)) {
            $0.rtcpMux = false
            $0.ssrcs = [SSRC(0x55)]
        }.video
        try bench.shard.openGate(RelayBench.session, at: bench.now)
        bench.deliver(player.feedback(), from: RelayBench.host(2, port: 5001))
        #expect(bench.counters.rtcpReceived == 1)
        let sent = bench.deliver(publisher.rtp(1), from: publisher.address).filter { !$0.isRTCP }
        #expect(sent.map(\.to) == [player.address])
    }

    @Test func strangersAreDroppedAndCounted() throws {
        let call = try Call()
        let stranger = try Call(RelayBench(seed: 9), session: RelaySessionKey(rawValue: 9), host: 9)
        call.bench.deliver(stranger.publisher.rtp(1), from: stranger.publisher.address)
        #expect(call.bench.counters.droppedUnknownSource == 1)
        call.bench.deliver(stranger.player.feedback(), from: stranger.player.address)
        #expect(call.bench.counters.droppedUnknownSource == 2)
        // A known address, but another session's key.
        call.bench.deliver(stranger.player.feedback(), from: call.player.address)
        #expect(call.bench.counters.droppedUnauthenticated == 1)
        #expect(call.bench.counters.rtcpReceived == 0)
        #expect(call.player.media(call.publish(1)).count == 1)
    }

    @Test func replayIsDroppedCountedAndNotForwarded() throws {
        let call = try Call()
        let packet = call.publisher.rtp(1)
        #expect(call.player.media(call.bench.deliver(packet, from: call.publisher.address)).count == 1)
        #expect(call.bench.deliver(packet, from: call.publisher.address).isEmpty)
        // From elsewhere it moves nothing either.
        #expect(call.bench.deliver(packet, from: RelayBench.host(66)).isEmpty)
        #expect(call.bench.counters.droppedReplayed == 2)
        #expect(call.bench.shard.sources.count == 1)
        #expect(try call.bench.figures().tracks.first?.replays == 2)
    }

    @Test func publisherThatNamedItsSSRCMayUseNoOther() throws {
        let call = try Call()
        call.publish(1)
        call.publisher.ssrc = SSRC(0x4242)
        #expect(call.player.media(call.publish(2)).isEmpty)
        #expect(call.bench.counters.packetsForwarded == 1)
    }

    @Test func badDatagramsAreCountedByWhatIsWrong() throws {
        let call = try Call()
        call.publish(1)
        let before = call.bench.counters
        // Lengths that lie, in a header that is not encrypted.
        var lie = call.publisher.rtp(2)
        lie[0] |= 0x0F
        call.bench.deliver([UInt8](lie[..<40]), from: call.publisher.address)
        call.bench.deliver([0x80], from: call.publisher.address)
        call.bench.deliver([UInt8](), from: call.publisher.address)
        call.bench.deliver([0x80, 200, 0, 1], from: call.publisher.address)
        call.bench.deliver([0xFF, 1, 2, 3], from: call.publisher.address)
        #expect(call.bench.counters.droppedMalformed == before.droppedMalformed + 5)
        call.bench.deliver([UInt8](call.publisher.rtp(3)[..<20]), from: call.publisher.address)
        #expect(call.bench.counters.droppedMalformed == before.droppedMalformed + 6)
        call.bench.deliver([0, 1, 0, 0], from: call.publisher.address)
        call.bench.deliver([22, 1, 0, 0], from: call.publisher.address)
        // The first is no whole STUN message, the second comes along a path that nobody has proven.
        #expect(call.bench.counters.droppedMalformed == before.droppedMalformed + 7)
        #expect(call.bench.counters.droppedUnknownSource == before.droppedUnknownSource + 1)
        call.bench.deliver(call.publisher.rtp(4) + [UInt8](repeating: 0, count: 2_100), from: call.publisher.address)
        #expect(call.bench.counters.droppedOversized == 1)
        #expect(call.player.media(call.publish(5)).count == 1)
    }

    @Test func rtcpThatLiesAboutItsCountDoesNothing() throws {
        let call = try Call()
        call.publish(1)
        // Thirty-one report blocks promised, none there.
        var report = call.player.rtcp(plain: [0x9F, 201, 0, 1, 1, 2, 3, 4])
        call.bench.deliver(report, from: call.player.address)
        #expect(call.bench.counters.rtcpReceived == 1)
        // A length that reaches past the end: refused whole.
        report = call.player.rtcp(plain: [0x80, 201, 0, 9, 1, 2, 3, 4])
        call.bench.deliver(report, from: call.player.address)
        #expect(call.bench.counters.droppedMalformed == 1)
        #expect(try call.bench.figures().slots.first?.reportedLost == 0)
        #expect(call.player.media(call.publish(2)).count == 1)
    }

    @Test func oneSessionsRubbishDoesNotTouchAnother() throws {
        let bench = RelayBench()
        let good = try Call(bench, session: RelaySessionKey(rawValue: 1), host: 1)
        let bad = try Call(bench, session: RelaySessionKey(rawValue: 2), host: 2)
        var mutator = Mutator(seed: 5)
        for sequence in 1...200 {
            let rubbish = (0..<3).map { _ in mutator.mutate(bad.publisher.rtp(sequence)) }
            bench.deliver(rubbish, from: bad.publisher.address)
            #expect(good.player.media(good.publish(sequence)).count == 1)
        }
        #expect(try bench.figures(RelaySessionKey(rawValue: 1)).tracks.first?.authenticationFailures == 0)
    }
}
