import MediaWire
import TestSupport
import Testing

@testable import MediaCore

@Suite struct ForwardingTests {
    @Test(arguments: SRTPProfile.allCases.filter { $0 != .aesCM128HMACSHA1_32 })
    func packetLeavesUnderTheSlotsIdentity(_ profile: SRTPProfile) throws {
        let bench = RelayBench()
        let captureTime = RTPHeaderExtensionURI.absoluteCaptureTime
        let publisher = try bench.join(.customer, .publish, from: RelayBench.host(1), profile: profile) {
            $0.payloadType = 100
            $0.extensions = [
                HeaderExtensionMapping(id: 3, uri: captureTime),
                HeaderExtensionMapping(id: 4, uri: RTPHeaderExtensionURI.audioLevel),
            ]
        }.video
        let player = try bench.join(.technician, .play, from: RelayBench.host(2), profile: profile) {
            $0.payloadType = 120
            $0.extensions = [HeaderExtensionMapping(id: 9, uri: captureTime)]
        }.video
        try bench.shard.openGate(RelayBench.session, at: bench.now)
        let time = [UInt8](1...8)
        var plain = publisher.packet(
            500, payload: TestStream.video(1), marker: true,
            extensions: [.init(id: 4, data: [0x30]), .init(id: 3, data: time)])
        plain.contributingSources = [SSRC(77)]
        plain.paddingLength = 5
        let forwarded = try #require(
            player.media(bench.deliver(publisher.protect(plain), from: publisher.address)).first)
        #expect(forwarded.ssrc == player.track.slotSSRC)
        #expect(forwarded.ssrc != publisher.ssrc)
        #expect(forwarded.payloadType == 120)
        #expect(forwarded.marker)
        #expect(forwarded.payload == plain.payload)
        #expect(forwarded.extensions == [.init(id: 9, data: time)])
        #expect(forwarded.contributingSources.isEmpty)
        #expect(forwarded.paddingLength == 0)
        #expect(try bench.figures().packetsForwarded == 1)
        #expect(try bench.figures().mediaBytesForwardedBeforeStart == 0)
    }

    @Test func numbersKeepGapsOrderAndDistances() throws {
        let call = try Call()
        let order = [65_530, 65_531, 65_533, 65_532, 65_536, 65_540, 65_538]
        let forwarded = order.flatMap { call.player.media(call.publish($0)) }
        try #require(forwarded.count == order.count)
        for (index, packet) in forwarded.enumerated() {
            #expect(packet.sequenceNumber.distance(from: forwarded[0].sequenceNumber) == order[index] - order[0])
            #expect(packet.timestamp.distance(from: forwarded[0].timestamp) == 3000 * (order[index] - order[0]))
        }
    }

    @Test func bothDirectionsOfACallFlow() throws {
        let bench = RelayBench()
        let camera = try bench.join(.customer, .publish, [.video, .audio], from: RelayBench.host(1))
        let voice = try bench.join(.technician, .publish, [.audio], from: RelayBench.host(2))
        let ear = try bench.join(.customer, .play, [.audio], from: RelayBench.host(1, port: 5001)).audio
        let screen = try bench.join(.technician, .play, [.audio, .video], from: RelayBench.host(2, port: 5001))
        try bench.shard.openGate(RelayBench.session, at: bench.now)
        let sent =
            bench.deliver(camera.video.rtp(1), from: RelayBench.host(1))
            + bench.deliver(camera.audio.rtp(1, payload: [1]), from: RelayBench.host(1))
            + bench.deliver(voice.audio.rtp(1, payload: [2]), from: RelayBench.host(2))
        #expect(screen.video.media(sent).count == 1)
        #expect(screen.audio.media(sent).map(\.payload) == [[1]])
        #expect(ear.media(sent).map(\.payload) == [[2]])
        #expect(sent.filter { !$0.isRTCP }.count == 3)
    }

    @Test func secondTrackOfAKindGoesToTheSecondSlot() throws {
        let bench = RelayBench()
        let publisher = try bench.join(.customer, .publish, [.video, .video], from: RelayBench.host(1))
        let player = try bench.join(.technician, .play, [.video, .video], from: RelayBench.host(2))
        try bench.shard.openGate(RelayBench.session, at: bench.now)
        let sent = bench.deliver(publisher.streams[1].rtp(9), from: RelayBench.host(1))
        #expect(player.streams[0].media(sent).isEmpty)
        #expect(player.streams[1].media(sent).count == 1)
    }

    @Test func replyLeavesFromTheAddressThatWasAddressed() throws {
        let call = try Call()
        let local = SocketAddress(IPAddress(v4: 0xC000_0263), port: 7000)
        call.bench.deliver(call.publisher.rtp(1), from: call.publisher.address, to: local)
        let sent = call.bench.advance(milliseconds: 2_000)
        let toPublisher = sent.filter { $0.to == call.publisher.address }
        #expect(!toPublisher.isEmpty)
        #expect(toPublisher.allSatisfy { $0.local == local.address })
    }

    @Test func packetsOfAnotherPayloadTypeAreCountedAndNotForwarded() throws {
        let call = try Call()
        let odd = call.publisher.protect(call.publisher.packet(1, payloadType: 97))
        #expect(call.player.media(call.bench.deliver(odd, from: call.publisher.address)).isEmpty)
        #expect(call.bench.counters.droppedUnexpected == 1)
        #expect(call.player.media(call.publish(2)).count == 1)
    }

    /// One datagram at a time through a send batch that holds few: every packet arrives, in order.
    @Test(arguments: [1, 2, 3, 5]) func smallSendBatchLosesNothing(_ capacity: Int) throws {
        let call = try Call(RelayBench(sendCapacity: capacity))
        let forwarded = call.player.media(call.publish(1...200))
        #expect(forwarded.count == 200)
        #expect(
            zip(forwarded, forwarded.dropFirst()).allSatisfy {
                $1.sequenceNumber.distance(from: $0.sequenceNumber) == 1
            })
        #expect(call.bench.counters.droppedAtSend == 0)
        #expect(call.bench.counters.datagramsReceived == 200)
    }

    @Test func fullSendBatchAnswersTheFirstDatagramNotTaken() throws {
        let call = try Call(RelayBench(sendCapacity: 8))
        var batch = ReceiveBatch(capacity: 16)
        for sequence in 1...16 {
            let isIn = batch.append(call.publisher.rtp(sequence), from: call.publisher.address)
            #expect(isIn)
        }
        var send = SendBatch(capacity: 8)
        let first = call.bench.shard.receive(&batch, startingAt: 0, into: &send, at: call.bench.now)
        #expect(first == send.count)
        #expect((1..<16).contains(first))
        #expect(call.bench.shard.receive(&batch, startingAt: first, into: &send, at: call.bench.now) == first)
        send.removeAll()
        let second = call.bench.shard.receive(&batch, startingAt: first, into: &send, at: call.bench.now)
        #expect(second > first)
    }
}
