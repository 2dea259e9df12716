import MediaWire
import TestSupport
import Testing

@testable import MediaCore

/// Rubbish of every kind goes into a shard with live sessions: nothing traps, and the live stream goes on.
@Suite struct RelayMutationTests {
    @Test(arguments: [SRTPProfile.aeadAES128GCM, .aesCM128HMACSHA1_80], [UInt64(1), 2, 3])
    func liveStreamGoesOnThroughRubbish(_ profile: SRTPProfile, _ seed: UInt64) throws {
        let bench = RelayBench(seed: seed)
        let publisher = try bench.join(.customer, .publish, from: RelayBench.host(1), profile: profile).video
        let player = try bench.join(.technician, .play, from: RelayBench.host(2), profile: profile).video
        try bench.shard.openGate(RelayBench.session, at: bench.now)
        let other = try Call(bench, session: RelaySessionKey(rawValue: 2), host: 3)
        let port = try bench.shard.attachPort(
            to: RelayBench.session, playing: .customer, kind: .video, PortSettings(capacity: 4), at: bench.now)
        var mutator = Mutator(seed: seed)
        let addresses = [publisher.address, player.address, other.publisher.address, RelayBench.host(200)]
        var last: SequenceNumber?
        for round in 0..<400 {
            let packet = publisher.rtp(round, payload: TestStream.video(round, keyframe: round % 50 == 0))
            let donors = [
                packet, other.publisher.rtp(round),
                publisher.rtcp([publisher.senderReport(ntp: NTPTimestamp(rawValue: UInt64(round) << 32), rtp: 1)]),
                player.feedback(player.pli(), player.nack([SequenceNumber(UInt16(round))])),
            ]
            for _ in 0..<6 {
                let donor = donors.randomElement(using: &mutator.generator) ?? packet
                let bad = mutator.mutate(donor, splicing: donors)
                let noise = (0..<Int.random(in: 0..<100, using: &mutator.generator)).map { _ in
                    UInt8.random(in: 0...255, using: &mutator.generator)
                }
                // What a mutation left as it was would be the good packet, come early.
                let from = addresses.randomElement(using: &mutator.generator) ?? publisher.address
                bench.deliver(donors.contains(bad) ? [noise] : [bad, noise], from: from)
            }
            let sent = bench.deliver(packet, from: publisher.address)
            let forwarded = player.media(sent)
            #expect(forwarded.count == 1, "seed \(seed), round \(round)")
            if let last, let first = forwarded.first {
                #expect(first.sequenceNumber.distance(from: last) == 1, "seed \(seed), round \(round)")
            }
            last = forwarded.first?.sequenceNumber
            if round % 7 == 0 { while port.ring.pop() != nil {} }
            bench.advance(milliseconds: 20)
        }
        #expect(bench.counters.droppedUnauthenticated + bench.counters.droppedMalformed > 500)
        #expect(try bench.figures().mediaBytesForwardedBeforeStart == 0)
    }

    /// The peer itself is the attacker: well protected packets with broken insides.
    @Test(arguments: [UInt64(1), 2, 3, 4])
    func authenticatedRubbishNeitherTrapsNorTouchesOthers(_ seed: UInt64) throws {
        let bench = RelayBench(seed: seed)
        let good = try Call(bench, session: RelaySessionKey(rawValue: 1), host: 1)
        let bad = try Call(bench, session: RelaySessionKey(rawValue: 2), host: 2)
        let port = try bench.shard.attachPort(
            to: RelaySessionKey(rawValue: 2), playing: .customer, kind: .video, PortSettings(capacity: 4), at: bench.now
        )
        var mutator = Mutator(seed: seed)
        var donors: [[UInt8]] = []
        for packet: RTCPPacket in [
            bad.player.pli(), bad.player.nack((0..<40).map { SequenceNumber($0 * 3) }),
            .goodbye(Goodbye(sources: [bad.publisher.ssrc], reason: "gone")),
            .sourceDescription(SourceDescription(ssrc: bad.player.ssrc, cname: "x")),
            bad.publisher.senderReport(ntp: NTPTimestamp(rawValue: 1 << 40), rtp: 5),
            .receiverReport(
                ReceiverReport(ssrc: bad.player.ssrc, reportBlocks: [ReportBlock(ssrc: bad.player.track.slotSSRC)])),
            .fullIntraRequest(
                FullIntraRequest(
                    senderSSRC: bad.player.ssrc, entries: [.init(ssrc: bad.player.track.slotSSRC, commandNumber: 1)])),
        ] {
            var writer = ByteWriter()
            packet.write(to: &writer)
            donors.append(writer.bytes)
        }
        for round in 0..<1_500 {
            let stream = Bool.random(using: &mutator.generator) ? bad.publisher : bad.player
            var plain = mutator.mutate(donors[round % donors.count], splicing: donors)
            // The head must stay RTCP of this peer, or it would not be protected or found.
            plain += [UInt8](repeating: 0, count: max(0, 8 - plain.count))
            plain[0] = 0x80 | plain[0] & 0x3F
            plain[1] = 192 + plain[1] % 32
            withUnsafeBytes(of: stream.ssrc.rawValue.bigEndian) { plain.replaceSubrange(4..<8, with: $0) }
            bench.deliver(stream.rtcp(plain: plain), from: stream.address)

            var packet = bad.publisher.packet(
                Int.random(in: 0..<3, using: &mutator.generator) + round * 2,
                payload: mutator.mutate(TestStream.video(round, keyframe: round % 9 == 0, pictureID: 5, tl0: 3)))
            packet.paddingLength = round % 11 == 0 ? 4 : 0
            packet.extensions = (0..<(round % 4)).map {
                RTPPacket.HeaderExtension(id: UInt8($0 * 7), data: [UInt8](repeating: 1, count: $0 * 9))
            }
            bench.deliver(bad.publisher.protect(packet), from: bad.publisher.address)
            #expect(good.player.media(good.publish(round)).count == 1, "seed \(seed), round \(round)")
            if round % 5 == 0 { while port.ring.pop() != nil {} }
            bench.advance(milliseconds: 5)
        }
        #expect(bench.counters.rtcpReceived > 100)
        #expect(bench.shard.timers.count < 50)
        #expect(try bench.figures(RelaySessionKey(rawValue: 1)).packetsForwarded == 1_500)
    }
}
