import MediaWire
import TestSupport
import Testing

@testable import MediaCore

/// Legs that come, go and replace each other.
@Suite struct LegTests {
    private func expectEmpty(_ bench: RelayBench) {
        #expect(bench.shard.sessionCount == 0)
        #expect(bench.shard.legCount == 0)
        #expect(bench.shard.tracks.count == 0)
        #expect(bench.shard.slots.count == 0)
        #expect(bench.shard.ports.count == 0)
        #expect(bench.shard.sources.count == 0)
        #expect(bench.shard.declaredSources.isEmpty)
        #expect(bench.shard.announcedSources.isEmpty)
        #expect(bench.shard.sessionIndices.isEmpty)
    }

    @Test func newPublisherContinuesTheSlotFromItsFirstKeyframe() throws {
        let call = try Call()
        let before = try #require(call.player.media(call.publish(5_000...5_004)).last)
        call.bench.advance(milliseconds: 100)
        let second = try call.bench.join(.customer, .publish, from: RelayBench.host(3))
        #expect(!call.bench.contains(call.publisherLeg.id))
        #expect(call.player.media(call.bench.deliver(second.video.rtp(1), from: RelayBench.host(3))).isEmpty)
        #expect(call.bench.counters.droppedAtSlot == 1)
        let key = second.video.rtp(2, payload: TestStream.video(2, keyframe: true))
        let after = try #require(call.player.media(call.bench.deliver(key, from: RelayBench.host(3))).first)
        #expect(after.sequenceNumber.distance(from: before.sequenceNumber) == 1)
        #expect(after.timestamp.distance(from: before.timestamp) == 9_000)
        #expect(after.ssrc == before.ssrc)
        // The old one's key opens nothing any more.
        let dropped = call.bench.counters.droppedUnknownSource
        #expect(call.player.media(call.publish(5_005)).isEmpty)
        #expect(call.bench.counters.droppedUnknownSource == dropped + 1)
    }

    @Test func newPlayerReplacesTheOldOneWhichHearsBye() throws {
        let call = try Call()
        call.publish(1...3)
        let second = try call.bench.join(.technician, .play, from: RelayBench.host(4)).video
        let sent = call.bench.due()
        #expect(call.player.control(sent).contains { $0.asGoodbye != nil })
        let media = call.publish(4).filter { !$0.isRTCP }
        #expect(media.map(\.to) == [second.address])
        #expect(call.bench.shard.legCount == 2)
    }

    @Test func otherDirectionAndOtherSideAreNotReplaced() throws {
        let call = try Call()
        try call.bench.join(.technician, .publish, from: RelayBench.host(4))
        try call.bench.join(.customer, .play, from: RelayBench.host(5))
        #expect(call.bench.shard.legCount == 4)
        #expect(call.player.media(call.publish(1)).count == 1)
    }

    @Test func changeOfSSRCIsJoinedToWhatWasSent() throws {
        let bench = RelayBench()
        let publisher = try bench.join(.customer, .publish, from: RelayBench.host(1)) { $0.ssrcs = [] }.video
        let player = try bench.join(.technician, .play, from: RelayBench.host(2)).video
        try bench.shard.openGate(RelayBench.session, at: bench.now)
        let before = try #require(
            player.media(bench.deliver((1...5).map { publisher.rtp($0) }, from: publisher.address)).last)
        bench.advance(milliseconds: 1_000)
        publisher.ssrc = SSRC(0xBEEF)
        let key = publisher.rtp(40_000, payload: TestStream.video(1, keyframe: true))
        let sent = bench.deliver(key, from: publisher.address)
        let after = try #require(player.media(sent).first)
        #expect(after.sequenceNumber.distance(from: before.sequenceNumber) == 1)
        #expect(after.ssrc == before.ssrc)
        #expect(try bench.figures().tracks.first?.packetsReceived == 1)
    }

    @Test func removedLegStopsInMidStream() throws {
        let call = try Call()
        call.publish(1...3)
        call.bench.shard.removeLeg(call.playerLeg.id, at: call.bench.now)
        #expect(call.player.control(call.bench.due()).contains { $0.asGoodbye != nil })
        #expect(call.publish(4...6).filter { !$0.isRTCP }.isEmpty)
        // A NACK of the player that is gone.
        #expect(call.feedback(call.player.nack([SequenceNumber(1)])).isEmpty)
        call.bench.shard.removeLeg(call.playerLeg.id, at: call.bench.now)
        call.bench.shard.removeLeg(call.publisherLeg.id, at: call.bench.now)
        call.bench.advance(milliseconds: 5_000)
        #expect(call.bench.shard.legCount == 0)
        call.bench.shard.endSession(RelayBench.session, at: call.bench.now)
        expectEmpty(call.bench)
    }

    @Test func sessionWithBothDirectionsEndsCleanly() throws {
        let bench = RelayBench()
        for (side, direction, host) in [
            (SessionSide.customer, MediaDirection.publish, 1), (.customer, .play, 2), (.technician, .publish, 3),
            (.technician, .play, 4),
        ] {
            try bench.join(side, direction, [.audio, .video], from: RelayBench.host(host))
        }
        try bench.shard.openGate(RelayBench.session, at: bench.now)
        bench.shard.endSession(RelayBench.session, at: bench.now)
        bench.advance(milliseconds: 10_000)
        expectEmpty(bench)
    }

    @Test func limitsAreKept() throws {
        let bench = RelayBench {
            $0.maximumSessions = 2
            $0.maximumTracksPerLeg = 2
        }
        try bench.join(.customer, .publish, from: RelayBench.host(1), session: RelaySessionKey(rawValue: 1))
        try bench.join(.customer, .publish, from: RelayBench.host(2), session: RelaySessionKey(rawValue: 2))
        #expect(throws: RelayError.tooManySessions) {
            try bench.join(.customer, .publish, from: RelayBench.host(3), session: RelaySessionKey(rawValue: 3))
        }
        #expect(throws: RelayError.tooManyTracks) {
            try bench.join(
                .technician, .publish, [.audio, .video, .video], from: RelayBench.host(3),
                session: RelaySessionKey(rawValue: 1))
        }
        #expect(bench.shard.legCount == 2)
        #expect(bench.shard.tracks.count == 2)
    }

    /// Sessions come and go, in part while media flows; in the end nothing is left of them.
    @Test func thousandSessionsLeaveNothingBehind() throws {
        let bench = RelayBench()
        var generator = SeededGenerator(seed: 3)
        var calls: [(RelaySessionKey, Call)] = []
        for number in 1...1_000 {
            let key = RelaySessionKey(rawValue: UInt64(number))
            let call = try Call(
                bench, session: key, kind: Bool.random(using: &generator) ? .video : .audio, host: number)
            call.publish(1...3)
            call.feedback(call.player.nack([SequenceNumber(1)]))
            if number % 3 == 0 {
                try bench.join(.customer, .play, [.audio], from: RelayBench.host(number), session: key)
            }
            if number % 5 == 0 {
                try bench.join(.technician, .publish, [.audio], from: RelayBench.host(number), session: key)
            }
            calls.append((key, call))
            while calls.count > 20 {
                let (old, call) = calls.remove(at: Int.random(in: 0..<calls.count, using: &generator))
                if Bool.random(using: &generator) { bench.shard.removeLeg(call.publisherLeg.id, at: bench.now) }
                if Bool.random(using: &generator) { bench.shard.removeLeg(call.playerLeg.id, at: bench.now) }
                bench.shard.endSession(old, at: bench.now)
            }
            bench.advance(milliseconds: 30)
        }
        #expect(bench.shard.sessionCount == 20)
        #expect(try bench.figures(calls[0].0).packetsForwarded > 0)
        bench.shard.endAllSessions(at: bench.now)
        bench.advance(milliseconds: 10_000)
        expectEmpty(bench)
        #expect(bench.shard.timers.count == 0)
        #expect(bench.shard.pending.isEmpty)
    }
}
