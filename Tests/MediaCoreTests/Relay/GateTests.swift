import MediaWire
import TestSupport
import Testing

@testable import MediaCore

@Suite struct GateTests {
    @Test func closedGateDropsAndCounts() throws {
        let call = try Call(isOpen: false)
        let sent = call.publish(1...50) + call.bench.advance(milliseconds: 3_000)
        #expect(sent.allSatisfy { $0.isRTCP })
        #expect(call.player.media(sent).isEmpty)
        let figures = try call.bench.figures()
        #expect(figures.packetsDroppedAtGate == 50)
        #expect(figures.mediaBytesForwardedBeforeStart == 0)
        #expect(figures.packetsForwarded == 0)
        #expect(call.bench.counters.droppedAtGate == 50)
        #expect(figures.tracks.first?.packetsReceived == 50)
    }

    /// The count of early bytes does not trust the gate: with the gate forced open it rises.
    @Test func earlyBytesAreCountedApartFromTheGate() throws {
        let call = try Call(isOpen: false)
        call.bench.shard.forceGateOpen(RelayBench.session, at: call.bench.now)
        let forwarded = call.player.media(call.publish(1...3))
        #expect(forwarded.count == 3)
        let bytes = forwarded.reduce(0) { $0 + $1.payload.count }
        #expect(try call.bench.figures().mediaBytesForwardedBeforeStart == UInt64(bytes))
        try call.bench.shard.openGate(RelayBench.session, at: call.bench.now)
        call.publish(4...9)
        #expect(try call.bench.figures().mediaBytesForwardedBeforeStart == UInt64(bytes))
    }

    @Test func openingAsksThePublisherForAKeyframeAtOnce() throws {
        let call = try Call(isOpen: false)
        call.publish(1...3)
        try call.bench.shard.openGate(RelayBench.session, at: call.bench.now)
        let request = call.publisher.control(call.bench.due())
        #expect(request.contains { $0.isPLI })
        guard case .pictureLossIndication(let pli)? = request.last else {
            Issue.record("no PLI")
            return
        }
        #expect(pli.mediaSSRC == call.publisher.ssrc)
        #expect(pli.senderSSRC == call.publisher.track.slotSSRC)
    }

    @Test func keyframeIsAskedForWithTheFirstPacketIfThePathWasUnknown() throws {
        let call = try Call()
        #expect(call.bench.advance(milliseconds: 60_000).isEmpty)
        #expect(call.bench.shard.nextTimeout == nil, "nothing to poll for")
        #expect(call.publisher.control(call.publish(1)).contains { $0.isPLI })
    }

    @Test func keyframeIsAskedForOnceMediaIsKnownThoughRTCPCameFirst() throws {
        let bench = RelayBench()
        let publisher = try bench.join(.customer, .publish, from: RelayBench.host(1)) { $0.ssrcs = [] }.video
        try bench.shard.openGate(RelayBench.session, at: bench.now)
        bench.deliver(publisher.rtcp([.receiverReport(ReceiverReport(ssrc: publisher.ssrc))]), from: publisher.address)
        bench.advance(milliseconds: 20_000)
        #expect(publisher.control(bench.deliver(publisher.rtp(1), from: publisher.address)).contains { $0.isPLI })
    }

    @Test func firIsSentWhereThePublisherKnowsNoPLI() throws {
        let bench = RelayBench()
        let publisher = try bench.join(.customer, .publish, from: RelayBench.host(1)) { $0.pli = false }.video
        try bench.shard.openGate(RelayBench.session, at: bench.now)
        let control = publisher.control(bench.deliver(publisher.rtp(1), from: publisher.address))
        let request = control.compactMap { if case .fullIntraRequest(let fir) = $0 { fir } else { nil } }.first
        #expect(request?.entries.map(\.ssrc) == [publisher.ssrc])
        #expect(!control.contains { $0.isPLI })
    }

    @Test func reopenedGateGoesOnContinuouslyFromAKeyframe() throws {
        let call = try Call()
        let before = try #require(call.player.media(call.publish(100...110)).last)
        call.bench.shard.closeGate(RelayBench.session, at: call.bench.now)
        call.bench.advance(milliseconds: 10_000)
        #expect(call.player.media(call.publish(111...200)).isEmpty)
        try call.bench.shard.openGate(RelayBench.session, at: call.bench.now)
        #expect(call.publisher.control(call.bench.due()).contains { $0.isPLI })
        #expect(call.player.media(call.publish(201...205)).isEmpty, "waits for a keyframe")
        let key = call.publisher.rtp(206, payload: TestStream.video(206, keyframe: true))
        let after = try #require(call.player.media(call.bench.deliver(key, from: call.publisher.address)).first)
        #expect(after.sequenceNumber.distance(from: before.sequenceNumber) == 1)
        #expect(after.timestamp.distance(from: before.timestamp) == 10 * 90_000)
        #expect(call.player.media(call.publish(207)).first?.sequenceNumber == after.sequenceNumber.advanced(by: 1))
    }

    @Test func packetsFromBeforeTheHoldAreNotSentAgainAfterIt() throws {
        let call = try Call(kind: .audio)
        let old = call.player.media(call.publish(1...10))
        call.bench.shard.closeGate(RelayBench.session, at: call.bench.now)
        #expect(call.player.media(call.feedback(call.player.nack(old.map(\.sequenceNumber)))).isEmpty)
        try call.bench.shard.openGate(RelayBench.session, at: call.bench.now)
        #expect(call.player.media(call.feedback(call.player.nack(old.map(\.sequenceNumber)))).isEmpty)
        call.publish(11)
        #expect(call.player.media(call.feedback(call.player.nack(old.map(\.sequenceNumber)))).isEmpty)
    }

    @Test func startBeforeTheFirstLegIsRemembered() throws {
        let bench = RelayBench()
        try bench.shard.openGate(RelayBench.session, at: bench.now)
        let call = try Call(bench, isOpen: false)
        #expect(call.player.media(call.publish(1)).count == 1)
        #expect(try bench.figures().mediaBytesForwardedBeforeStart == 0)
    }

    @Test func eventsTellFirstMediaAndFirstForwarding() throws {
        let call = try Call(isOpen: false)
        call.publish(1...3)
        #expect(
            call.bench.events() == [
                .firstMedia(call.publisherLeg.id, RelayBench.session, .customer), .customerHeard(RelayBench.session),
            ])
        try call.bench.shard.openGate(RelayBench.session, at: call.bench.now)
        call.publish(4...6)
        #expect(call.bench.events() == [.firstForwarded(RelayBench.session)])
    }
}
