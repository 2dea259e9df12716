import MediaWire
import TestSupport
import Testing

@testable import MediaCore

@Suite struct PictureContinuityTests {
    private func descriptors(_ packets: [RTPPacket]) -> [VP8PayloadDescriptor] {
        packets.compactMap { VP8PayloadDescriptor($0.payload.rawSpan) }
    }

    private func send(
        _ stream: TestStream, _ bench: RelayBench, _ sequence: Int, id: UInt16, tl0: UInt8, keyframe: Bool = false
    ) -> [Sent] {
        let payload = TestStream.video(sequence, keyframe: keyframe, pictureID: id, tl0: tl0)
        return bench.deliver(stream.rtp(sequence, payload: payload), from: stream.address)
    }

    @Test func payloadStaysUntouchedUntilTheFirstSwitch() throws {
        let call = try Call()
        for (index, id) in [UInt16(0x7FFE), 0x7FFF, 0, 1].enumerated() {
            let payload = TestStream.video(index, pictureID: id, tl0: UInt8(250 + index))
            let packet = call.player.media(
                call.bench.deliver(call.publisher.rtp(index, payload: payload), from: call.publisher.address)
            ).first
            #expect(packet?.payload == payload)
        }
    }

    @Test func idsGoOnAfterARejoinAndAfterAHold() throws {
        let call = try Call()
        let bench = call.bench
        var seen = call.player.media(send(call.publisher, bench, 1, id: 0x7FFD, tl0: 254))
        seen += call.player.media(send(call.publisher, bench, 2, id: 0x7FFE, tl0: 255))
        let second = try bench.join(.customer, .publish, from: RelayBench.host(3)).video
        seen += call.player.media(send(second, bench, 70, id: 5, tl0: 9, keyframe: true))
        // Two packets of one frame, then a gap of one frame.
        seen += call.player.media(send(second, bench, 71, id: 5, tl0: 9))
        seen += call.player.media(send(second, bench, 73, id: 7, tl0: 11))
        bench.shard.closeGate(RelayBench.session, at: bench.now)
        _ = send(second, bench, 74, id: 300, tl0: 90)
        try bench.shard.openGate(RelayBench.session, at: bench.now)
        seen += call.player.media(send(second, bench, 75, id: 301, tl0: 91, keyframe: true))
        let found = descriptors(seen)
        #expect(found.map(\.pictureID) == [0x7FFD, 0x7FFE, 0x7FFF, 0x7FFF, 1, 2])
        #expect(found.map(\.tl0PictureIndex) == [254, 255, 0, 0, 2, 3])
        #expect(seen.last?.payload.suffix(30) == TestStream.video(75).suffix(30))
    }

    @Test func packetSentAgainAfterASwitchIsTheSamePacket() throws {
        let call = try Call()
        _ = send(call.publisher, call.bench, 1, id: 100, tl0: 1)
        let second = try call.bench.join(.customer, .publish, from: RelayBench.host(3)).video
        var first = send(second, call.bench, 70, id: 5, tl0: 9, keyframe: true)
        for sequence in 71...90 { first += send(second, call.bench, sequence, id: UInt16(sequence - 60), tl0: 9) }
        let media = first.filter { !$0.isRTCP }
        let wanted = media[3].bytes
        let number = RTPHeader(wanted.rawSpan)?.sequenceNumber
        let lost = try #require(number)
        let again = call.feedback(call.player.nack([lost])).filter { !$0.isRTCP }
        #expect(again.map(\.bytes) == [media[3].bytes])
    }

    @Test func sevenBitIdsKeepTheirWidth() throws {
        var pictures = VP8Continuity()
        func rewritten(_ id: UInt16) -> [UInt8] {
            var writer = ByteWriter()
            VP8PayloadDescriptor(startOfPartition: true, pictureID: id, pictureIDIs15Bit: false).write(to: &writer)
            writer.write([0x11, 1, 2])
            var payload = writer.bytes
            payload.withUnsafeMutableBytes { pictures.rewrite($0) }
            return payload
        }
        #expect(rewritten(126) == [0x90, 0x80, 126, 0x11, 1, 2])
        #expect(rewritten(127) == [0x90, 0x80, 127, 0x11, 1, 2])
        pictures.endSegment()
        #expect(rewritten(50) == [0x90, 0x80, 0, 0x11, 1, 2])
        #expect(rewritten(51) == [0x90, 0x80, 1, 0x11, 1, 2])
    }
}
