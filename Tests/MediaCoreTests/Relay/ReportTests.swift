import MediaWire
import TestSupport
import Testing

@testable import MediaCore

@Suite struct RelayReportTests {
    private static let ntp = NTPTimestamp(unixNanoseconds: 1_700_000_000_000_000_000)

    @Test func publisherHearsTrueFiguresAboutItsStream() throws {
        let call = try Call()
        let report = call.publisher.senderReport(ntp: Self.ntp, rtp: 0)
        call.publish(65_530...65_534)
        call.bench.deliver(call.publisher.rtcp([report]), from: call.publisher.address)
        let reportAt = call.bench.now
        // Four of twenty stay away for good: 65_535 to 65_538.
        call.publish(65_539...65_549)
        let sent = call.bench.advance(milliseconds: 3_800)
        let rtcp = try #require(
            sent.first { datagram in
                datagram.to == call.publisher.address
                    && call.publisher.control([datagram]).contains {
                        $0.asReceiverReport?.reportBlocks.isEmpty == false
                    }
            })
        // Opened once above, so the key has moved on: take the figures from the next one as well.
        let more = call.publisher.control(call.bench.advance(milliseconds: 8_000))
        let block = try #require(more.compactMap(\.asReceiverReport).flatMap(\.reportBlocks).first)
        #expect(block.ssrc == call.publisher.ssrc)
        #expect(block.cumulativeLost == 4)
        #expect(block.fractionLost == 0, "nothing was lost since the report before")
        #expect(block.extendedHighestSequence == 65_549)
        #expect(block.lastSenderReport == Self.ntp.compact)
        let delay = Int64(block.delaySinceLastSenderReport) * 1_000_000_000 / 65_536
        #expect(delay > rtcp.at.nanoseconds(since: reportAt))
        #expect(delay <= call.bench.now.nanoseconds(since: reportAt))
        #expect(more.contains { $0.asSourceDescription != nil })
    }

    @Test func fractionLostCoversTheTimeSinceTheLastReport() throws {
        let call = try Call()
        for sequence in 1...100 where sequence % 4 != 0 { call.publish(sequence) }
        call.publish(101)
        let blocks = call.publisher.control(call.bench.advance(milliseconds: 3_800))
            .compactMap(\.asReceiverReport).flatMap(\.reportBlocks)
        #expect(blocks.first?.fractionLost == UInt8(25 * 256 / 101))
        #expect(blocks.first?.cumulativeLost == 25)
    }

    @Test func playerHearsThePublishersClockAndItsOwnCounts() throws {
        let call = try Call()
        // RTP 300_000 is the moment of the publisher's report.
        call.bench.deliver(
            call.publisher.rtcp([call.publisher.senderReport(ntp: Self.ntp, rtp: 300_000)]),
            from: call.publisher.address)
        let reportAt = call.bench.now
        let forwarded = call.player.media(call.publish(100...109))
        let sent = call.bench.advance(milliseconds: 1_600).filter { $0.to == call.player.address && $0.isRTCP }
        let datagram = try #require(sent.last)
        let control = call.player.control([datagram])
        let report = try #require(control.compactMap(\.asSenderReport).first)
        #expect(report.ssrc == call.player.track.slotSSRC)
        #expect(report.info.packetCount == 10)
        #expect(report.info.octetCount == UInt32(forwarded.reduce(0) { $0 + $1.payload.count }))
        let elapsed = datagram.at.nanoseconds(since: reportAt)
        #expect(abs(report.info.ntpTimestamp.nanoseconds(since: Self.ntp) - elapsed) < 1_000)
        // Packet 100 has RTP 300_000 at the publisher, so the slot's clock at the report is that packet's time on.
        let ticks = report.info.rtpTimestamp.distance(from: forwarded[0].timestamp)
        #expect(abs(ticks - Int(elapsed * 90_000 / 1_000_000_000)) <= 1)
        let name = control.compactMap(\.asSourceDescription).first?.chunks.first
        #expect(name?.ssrc == call.player.track.slotSSRC)
        #expect(name?.items.first?.value == [UInt8](call.player.relayCNAME.utf8))
    }

    @Test func firstReportDoesNotWaitForItsTurn() throws {
        let call = try Call()
        call.publish(1...2)
        call.bench.advance(milliseconds: 200)
        let sent = call.bench.deliver(
            call.publisher.rtcp([call.publisher.senderReport(ntp: Self.ntp, rtp: 0)]), from: call.publisher.address)
        #expect(call.player.control(sent).contains { $0.asSenderReport != nil })
    }

    @Test func noSenderReportWithoutThePublishersClock() throws {
        let call = try Call()
        let sent = call.publish(1...20) + call.bench.advance(milliseconds: 5_000)
        #expect(!call.player.control(sent).contains { $0.asSenderReport != nil })
    }

    @Test func roundTripIsFoundByThePlayersReport() throws {
        let call = try Call()
        call.publish(1...5)
        call.bench.deliver(
            call.publisher.rtcp([call.publisher.senderReport(ntp: Self.ntp, rtp: 0)]), from: call.publisher.address)
        var found: (report: SenderReport, at: Instant)?
        for datagram in call.bench.advance(milliseconds: 2_000) {
            if let report = call.player.control([datagram]).compactMap(\.asSenderReport).first {
                found = (report, datagram.at)
            }
        }
        let last = try #require(found)
        // 30 ms on the way in both directions, 100 ms held by the player.
        call.bench.now = last.at.advanced(byMilliseconds: 130)
        let block = ReportBlock(
            ssrc: call.player.track.slotSSRC, fractionLost: 3, cumulativeLost: 7,
            lastSenderReport: last.report.info.ntpTimestamp.compact, delaySinceLastSenderReport: 65_536 / 10)
        call.bench.deliver(
            call.player.rtcp([.receiverReport(ReceiverReport(ssrc: call.player.ssrc, reportBlocks: [block]))]),
            from: call.player.address)
        let slot = try #require(try call.bench.figures().slots.first)
        let roundTrip = try #require(slot.roundTripNanoseconds)
        #expect(abs(roundTrip - 30_000_000) < 100_000)
        #expect(slot.reportedLost == 7)
        #expect(slot.reportedFractionLost == 3)
    }

    @Test func reportsStopInSilenceAndBeginAgain() throws {
        let call = try Call()
        call.bench.deliver(
            call.publisher.rtp(1, payload: TestStream.video(1, keyframe: true)), from: call.publisher.address)
        call.bench.advance(milliseconds: 20_000)
        #expect(call.bench.advance(milliseconds: 60_000).isEmpty)
        #expect(call.bench.shard.nextTimeout == nil)
        call.publish(2)
        let sent = call.bench.advance(milliseconds: 3_800)
        #expect(call.publisher.control(sent).contains { $0.asReceiverReport?.reportBlocks.isEmpty == false })
    }

    @Test func byeGoesToBothSidesWhenTheSessionEnds() throws {
        let call = try Call()
        call.publish(1...3)
        call.bench.shard.endSession(RelayBench.session, at: call.bench.now)
        let sent = call.bench.due()
        #expect(call.player.control(sent).compactMap(\.asGoodbye).first?.sources == [call.player.track.slotSSRC])
        #expect(call.publisher.control(sent).compactMap(\.asGoodbye).first?.sources == [call.publisher.track.slotSSRC])
        #expect(call.bench.advance(milliseconds: 10_000).isEmpty)
    }

    @Test func byeOfThePublisherIsAnEvent() throws {
        let call = try Call()
        call.publish(1)
        _ = call.bench.events()
        call.bench.deliver(
            call.publisher.feedback(.goodbye(Goodbye(sources: [SSRC(123)]))), from: call.publisher.address)
        #expect(call.bench.events().isEmpty, "a BYE of another source is none of ours")
        call.bench.deliver(
            call.publisher.feedback(.goodbye(Goodbye(sources: [call.publisher.ssrc]))), from: call.publisher.address)
        #expect(
            call.bench.events() == [
                .goodbye(call.publisherLeg.id, RelayBench.session, .customer), .customerLost(RelayBench.session),
            ])
    }
}
