import MediaWire
import TestSupport
import Testing

@testable import MediaCore

@Suite struct FeedbackTests {
    @Test func requestsForAKeyframeBecomeOne() throws {
        let call = try Call()
        call.publish(1)
        // The gate's own request is answered and over.
        call.bench.deliver(
            call.publisher.rtp(2, payload: TestStream.video(2, keyframe: true)), from: call.publisher.address)
        call.bench.advance(milliseconds: 1_000)
        var requests: [RTCPPacket] = []
        for _ in 0..<50 {
            requests += call.publisher.control(call.feedback(call.player.pli()))
            requests += call.publisher.control(
                call.feedback(
                    .fullIntraRequest(
                        FullIntraRequest(
                            senderSSRC: call.player.ssrc,
                            entries: [.init(ssrc: call.player.track.slotSSRC, commandNumber: 1)]))))
            requests += call.publisher.control(call.bench.advance(milliseconds: 2))
        }
        #expect(requests.filter { $0.isPLI }.count == 1)
        #expect(try call.bench.figures().tracks.first?.keyframeRequestsSent == 2)
    }

    @Test func unansweredRequestIsRepeatedAndEndsWithTheKeyframe() throws {
        let call = try Call()
        call.publish(1)
        let repeats = call.publisher.control(call.bench.advance(milliseconds: 1_600)).filter { $0.isPLI }.count
        #expect(repeats == 3)
        call.bench.deliver(
            call.publisher.rtp(2, payload: TestStream.video(2, keyframe: true)), from: call.publisher.address)
        #expect(!call.publisher.control(call.bench.advance(milliseconds: 5_000)).contains { $0.isPLI })
    }

    @Test func requestsForAnotherStreamDoNothing() throws {
        let call = try Call()
        call.bench.deliver(
            call.publisher.rtp(1, payload: TestStream.video(1, keyframe: true)), from: call.publisher.address)
        call.bench.advance(milliseconds: 6_000)
        let other = RTCPPacket.pictureLossIndication(
            PictureLossIndication(senderSSRC: call.player.ssrc, mediaSSRC: call.publisher.ssrc))
        let sent = call.feedback(other) + call.bench.advance(milliseconds: 2_000)
        #expect(!call.publisher.control(sent).contains { $0.isPLI })
    }

    /// A player that asks without end, and a publisher that answers each time: the timers stay few.
    @Test func endlessRequestsLeaveNoTimersBehind() throws {
        let call = try Call()
        for round in 0..<500 {
            call.bench.deliver(
                call.publisher.rtp(round, payload: TestStream.video(round, keyframe: true)),
                from: call.publisher.address)
            call.feedback(call.player.pli())
            call.bench.advance(milliseconds: 40)
            call.feedback(call.player.pli())
        }
        #expect(call.bench.shard.timers.count < 20)
        let asked = try #require(try call.bench.figures().tracks.first?.keyframeRequestsSent)
        #expect((20...100).contains(asked))
    }

    @Test(arguments: SRTPProfile.allCases.filter { $0 != .aesCM128HMACSHA1_32 })
    func missedPacketIsSentAgainByteForByte(_ profile: SRTPProfile) throws {
        let bench = RelayBench()
        let publisher = try bench.join(.customer, .publish, from: RelayBench.host(1), profile: profile).video
        let player = try bench.join(.technician, .play, from: RelayBench.host(2), profile: profile).video
        try bench.shard.openGate(RelayBench.session, at: bench.now)
        let first = bench.deliver((1...300).map { publisher.rtp($0) }, from: publisher.address).filter { !$0.isRTCP }
        let lost = [first[3], first[100], first[101], first[299]]
        let numbers = lost.compactMap { RTPHeader($0.bytes.rawSpan)?.sequenceNumber }
        let again = bench.deliver(player.feedback(player.nack(numbers)), from: player.address).filter { !$0.isRTCP }
        #expect(again.map(\.bytes) == lost.map(\.bytes))
        #expect(again.allSatisfy { $0.to == player.address })
        #expect(bench.counters.packetsRetransmitted == 4)
        #expect(try bench.figures().slots.first?.packetsRetransmitted == 4)
        #expect(try bench.figures().slots.first?.packetsSent == 300)
    }

    @Test func retransmissionsAreBounded() throws {
        let call = try Call(RelayBench { $0.maximumRetransmissionsPerDatagram = 20 })
        let sent = call.player.media(call.publish(1...200)).map(\.sequenceNumber)
        // Many NACKs in one datagram share one budget.
        let many = stride(from: 0, to: 200, by: 50).map { call.player.nack([SequenceNumber](sent[$0..<($0 + 50)])) }
        let datagram = call.player.rtcp([.receiverReport(ReceiverReport(ssrc: call.player.ssrc))] + many)
        let again = call.bench.deliver(datagram, from: call.player.address).filter { !$0.isRTCP }
        #expect(again.count == 20)
        // The same packet is not sent twice at once, however often it is asked for.
        let one = [sent[199]]
        let twice =
            call.feedback(call.player.nack(one), call.player.nack(one))
            + call.feedback(call.player.nack(one))
        #expect(twice.filter { !$0.isRTCP }.count == 1)
        call.bench.advance(milliseconds: 50)
        #expect(call.feedback(call.player.nack(one)).filter { !$0.isRTCP }.count == 1)
        // Too old, never sent, or of the future.
        call.bench.advance(milliseconds: 3_000)
        #expect(call.feedback(call.player.nack(one)).filter { !$0.isRTCP }.isEmpty)
        let unknown = [sent[0].advanced(by: -5), sent[199].advanced(by: 5)]
        #expect(call.feedback(call.player.nack(unknown)).filter { !$0.isRTCP }.isEmpty)
    }

    @Test func manyRetransmissionsFitWhateverTheBatchHolds() throws {
        let call = try Call(RelayBench(sendCapacity: 66))
        let sent = call.player.media(call.publish(1...100)).map(\.sequenceNumber)
        call.bench.advance(milliseconds: 10)
        var datagrams = (101...103).map { call.publisher.rtp($0) }
        datagrams.append(call.player.feedback(call.player.nack([SequenceNumber](sent[0..<60]))))
        // From one address or another: the relay knows its peers by their keys.
        let media = call.bench.deliver(datagrams, from: call.publisher.address).filter { !$0.isRTCP }
        #expect(media.count == 3, "RTCP of the player from the publisher's address belongs to nobody")
        let again = call.bench.deliver(
            call.player.feedback(call.player.nack([SequenceNumber](sent[0..<60]))), from: call.player.address)
        #expect(again.filter { !$0.isRTCP }.count == 60)
    }

    @Test func gapIsAskedOfThePublisherAndTheLatePacketGoesOn() throws {
        let call = try Call()
        let before = try #require(call.player.media(call.publish(1...10)).last)
        let late = call.publisher.rtp(11)
        call.publish(12...14)
        let asked = call.publisher.control(call.bench.advance(milliseconds: 20)).compactMap(\.asNACK)
        #expect(asked.flatMap(\.lost) == [SequenceNumber(11)])
        #expect(asked.first?.mediaSSRC == call.publisher.ssrc)
        let forwarded = try #require(call.player.media(call.bench.deliver(late, from: call.publisher.address)).first)
        #expect(forwarded.sequenceNumber.distance(from: before.sequenceNumber) == 1)
        let figures = try #require(try call.bench.figures().tracks.first)
        #expect(figures.packetsRecovered == 1)
        #expect(figures.packetsLost == 0)
        #expect(!call.publisher.control(call.bench.advance(milliseconds: 900)).contains { $0.asNACK != nil })
    }

    @Test func publisherWithoutNACKIsNotAsked() throws {
        let bench = RelayBench()
        let publisher = try bench.join(.customer, .publish, from: RelayBench.host(1)) { $0.nack = false }.video
        try bench.shard.openGate(RelayBench.session, at: bench.now)
        bench.deliver([1, 2, 5, 6].map { publisher.rtp($0) }, from: publisher.address)
        #expect(!publisher.control(bench.advance(milliseconds: 900)).contains { $0.asNACK != nil })
    }

    @Test func secondOfTwoMLinesUnderOneReportingSSRCIsHeardToo() throws {
        let bench = RelayBench()
        let publisher = try bench.join(.customer, .publish, [.audio, .video], from: RelayBench.host(1))
        let player = try bench.join(.technician, .play, [.audio, .video], from: RelayBench.host(2))
        try bench.shard.openGate(RelayBench.session, at: bench.now)
        bench.deliver(publisher.video.rtp(1, payload: TestStream.video(1, keyframe: true)), from: RelayBench.host(1))
        bench.advance(milliseconds: 6_000)
        for stream in player.streams {
            stream.ssrc = SSRC(0x99)
            bench.deliver(stream.feedback(), from: RelayBench.host(2))
        }
        #expect(bench.counters.rtcpReceived == 2)
        #expect(bench.counters.droppedUnauthenticated == 0)
        let sent = bench.deliver(player.video.feedback(player.video.pli()), from: RelayBench.host(2))
        #expect(publisher.video.control(sent).contains { $0.isPLI })
    }
}
