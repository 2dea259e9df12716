import Endpoints
import MediaCore
import MediaWire
import TestSupport
import Testing

/// The endpoint against a peer that holds the right keys, in good and in bad faith. Whole calls run in the simulation.
@Suite struct CallEndpointTests {
    private static let local = SocketAddress(.loopbackV4, port: 5_000)
    private static let relay = SocketAddress(.loopbackV4, port: 7_000)
    private static let start = Instant(nanoseconds: 1_000_000_000)

    private func configuration(
        _ profile: SRTPProfile = .aeadAES128GCM, publish: [MediaKind] = [.audio, .video],
        play: [MediaKind] = [.audio, .video]
    ) -> CallEndpointConfiguration {
        CallEndpointConfiguration(
            localAddress: Self.local, cname: "endpoint", profile: profile, publish: publish, play: play)
    }

    private func endpoint(
        _ configuration: CallEndpointConfiguration, _ random: inout SeededGenerator
    ) -> CallEndpoint {
        CallEndpoint(
            configuration: configuration, using: &random,
            wallClock: (Self.start, NTPTimestamp(unixNanoseconds: 1_780_000_000_000_000_000)))
    }

    private func answer(
        _ offer: String?, _ direction: MediaDirection, _ random: inout SeededGenerator
    ) throws -> NegotiatedMedia {
        let context = NegotiationContext(
            direction: direction, clientAddress: Self.local.address, requestIsPrivate: true,
            mediaAddresses: [Self.relay.address], mediaPort: Self.relay.port, sessionID: 1)
        return try negotiateSDES(offer: #require(offer), context: context, using: &random)
    }

    @Test(arguments: SRTPProfile.allCases)
    func offersAreAnsweredAndMediaArrivesUnderTheirKeys(profile: SRTPProfile) throws {
        var random = SeededGenerator(seed: 1)
        var endpoint = endpoint(configuration(profile), &random)
        let published = try answer(endpoint.publishOffer(), .publish, &random)
        #expect(published.tracks.map(\.kind) == [.audio, .video])
        #expect(published.tracks.map(\.nack) == [true, true])
        try endpoint.acceptPublishAnswer(published.answer.serialized(), at: Instant(nanoseconds: 0))

        var frame = [UInt8](repeating: 7, count: 2_500)
        frame.replaceSubrange(0..<10, with: [0x90, 0, 0, 0x9D, 0x01, 0x2A, 160, 0, 120, 0])
        endpoint.sendVideo(
            frame, isKeyframe: true, captureTime: endpoint.wallClock(at: Self.start), at: Self.start)
        let video = published.tracks[1]
        var receiver = try SRTPReceiver(video.incomingKey)
        var payloads: [[UInt8]] = []
        while let transmit = endpoint.pollTransmit() {
            #expect(transmit.destination == Self.relay)
            var bytes = transmit.bytes
            guard case .success = receiver.unprotectRTP(&bytes) else {
                Issue.record("a packet did not pass under the offered key")
                continue
            }
            let plain = RTPPacket(bytes.rawSpan)
            let packet = try #require(plain)
            #expect(packet.ssrc == video.declaredSSRCs.first)
            payloads.append(packet.payload)
        }
        #expect(payloads.count == 3)
        #expect(try VP8Depacketizer.assemble(payloads).data == frame)
    }

    @Test func answersThatDoNotFitAreRefused() throws {
        var random = SeededGenerator(seed: 2)
        var endpoint = endpoint(configuration(publish: []), &random)
        #expect(endpoint.publishOffer() == nil)
        let good = try answer(endpoint.playOffer(), .play, &random).answer.serialized()
        let otherProfile = good.replacingAll("AEAD_AES_128_GCM", with: "AEAD_AES_256_GCM")
        do throws(CallEndpointError) {
            try endpoint.acceptPublishAnswer(good, at: Instant(nanoseconds: 0))
            Issue.record("an answer to no offer was taken")
        } catch {
            #expect("\(error)".contains("nothing was offered"))
        }
        for broken in ["", "v=0\r\n", otherProfile] {
            do throws(CallEndpointError) {
                try endpoint.acceptPlayAnswer(broken, at: Instant(nanoseconds: 0))
                Issue.record("a broken answer was taken")
            } catch {
                #expect("\(error)".contains("answer"))
            }
        }
        try endpoint.acceptPlayAnswer(good, at: Instant(nanoseconds: 0))
    }

    @Test func nothingIsSentBeforeTheAnswerNorAfterTheEnd() throws {
        var random = SeededGenerator(seed: 3)
        var endpoint = endpoint(configuration(play: []), &random)
        let time = endpoint.wallClock(at: Self.start)
        endpoint.sendAudio([0xFC, 1], samples: 960, captureTime: time, at: Self.start)
        #expect(endpoint.pollTransmit() == nil)
        let media = try answer(endpoint.publishOffer(), .publish, &random)
        try endpoint.acceptPublishAnswer(media.answer.serialized(), at: Instant(nanoseconds: 0))
        endpoint.sendAudio([0xFC, 1], samples: 960, captureTime: time, at: Self.start)
        #expect(endpoint.pollTransmit() != nil)
        endpoint.close(at: Self.start)
        var receiver = try SRTPReceiver(media.tracks[0].incomingKey)
        let transmit = endpoint.pollTransmit()
        var farewell = try #require(transmit).bytes
        guard case .success = receiver.unprotectRTCP(&farewell) else {
            Issue.record("the farewell did not pass under the offered key")
            return
        }
        let packets = RTCPPacket.parseCompound(farewell.rawSpan, allowReducedSize: false) ?? []
        #expect(packets.contains(.goodbye(Goodbye(sources: media.tracks[0].declaredSSRCs))))
        endpoint.sendAudio([0xFC, 1], samples: 960, captureTime: time, at: Self.start)
        #expect(endpoint.pollTransmit() == nil)
        #expect(endpoint.nextTimeout == nil)
    }

    @Test func requestsAreAnsweredFromTheCacheAndCommandsOnce() throws {
        var random = SeededGenerator(seed: 4)
        var endpoint = endpoint(configuration(publish: [.video], play: []), &random)
        let media = try answer(endpoint.publishOffer(), .publish, &random)
        try endpoint.acceptPublishAnswer(media.answer.serialized(), at: Instant(nanoseconds: 0))
        let ssrc = try #require(media.tracks[0].declaredSSRCs.first)
        let frame: [UInt8] = [0x90, 0, 0, 0x9D, 0x01, 0x2A, 160, 0, 120, 0, 1, 2, 3, 4, 5, 6]
        endpoint.sendVideo(
            frame, isKeyframe: true, captureTime: endpoint.wallClock(at: Self.start), at: Self.start)
        let transmit = endpoint.pollTransmit()
        let original = try #require(transmit).bytes
        let header = RTPHeader(original.rawSpan)
        let sequence = try #require(header).sequenceNumber

        var sender = try SRTPSender(media.tracks[0].outgoingKey)
        func feedback(_ packet: some RTCPWritable, at now: Instant) throws {
            var compound = RTCPCompound()
            compound.append(ReceiverReport(ssrc: SSRC(77)))
            compound.append(packet)
            var bytes = compound.bytes
            let outcome = sender.protectRTCP(&bytes)
            try #require(outcome == .success(length: bytes.count))
            endpoint.handle(bytes, from: Self.relay, at: now)
        }
        let later = Self.start.advanced(byMilliseconds: 50)
        try feedback(GenericNACK(senderSSRC: SSRC(77), mediaSSRC: ssrc, lost: [sequence]), at: later)
        #expect(endpoint.pollTransmit()?.bytes == original)
        try feedback(GenericNACK(senderSSRC: SSRC(77), mediaSSRC: SSRC(1), lost: [sequence]), at: later)
        #expect(endpoint.pollTransmit() == nil)

        func requests() -> Int {
            var count = 0
            while let event = endpoint.pollEvent() { if case .keyframeRequested = event { count += 1 } }
            return count
        }
        try feedback(PictureLossIndication(senderSSRC: SSRC(77), mediaSSRC: ssrc), at: later)
        #expect(requests() == 1)
        let command = FullIntraRequest(
            senderSSRC: SSRC(77), entries: [FullIntraRequest.Entry(ssrc: ssrc, commandNumber: 5)])
        try feedback(command, at: later)
        try feedback(command, at: later)
        #expect(requests() == 1)
        let statistics = try #require(endpoint.statistics.published(.video))
        #expect(statistics.packetsRetransmitted == 1)
        #expect(statistics.keyframeRequestsReceived == 2)
    }

    /// A peer with the right keys that sends nonsense: nothing traps, queues stay bounded, time goes on.
    @Test(arguments: 0..<12 as Range<UInt64>)
    func nonsenseUnderTheRightKeysIsHarmless(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        var mutator = Mutator(seed: seed)
        var endpoint = endpoint(configuration(), &random)
        let published = try answer(endpoint.publishOffer(), .publish, &random)
        let played = try answer(endpoint.playOffer(), .play, &random)
        try endpoint.acceptPublishAnswer(published.answer.serialized(), at: Instant(nanoseconds: 0))
        try endpoint.acceptPlayAnswer(played.answer.serialized(), at: Instant(nanoseconds: 0))
        var media = try SRTPSender(played.tracks[1].outgoingKey)
        var sound = try SRTPSender(played.tracks[0].outgoingKey)
        var control = try SRTPSender(published.tracks[1].outgoingKey)
        let ssrc = published.tracks[1].declaredSSRCs.first ?? SSRC(0)
        let frame: [UInt8] = [0x90, 0, 0, 0x9D, 0x01, 0x2A, 160, 0, 120, 0, 1, 2, 3, 4]
        var now = Self.start
        var events = 0
        for step in 0..<800 {
            now = now.advanced(byMilliseconds: Int64.random(in: 0...40, using: &random))
            endpoint.sendVideo(frame, isKeyframe: true, captureTime: endpoint.wallClock(at: now), at: now)
            let track = Int.random(in: 0...1, using: &random)
            var packet = RTPPacket(
                marker: Bool.random(using: &random), payloadType: played.tracks[track].payloadType,
                sequenceNumber: SequenceNumber(UInt16(truncatingIfNeeded: step)),
                timestamp: RTPTimestamp(UInt32(step) &* 3_000), ssrc: played.tracks[track].slotSSRC,
                extensions: [
                    RTPPacket.HeaderExtension(
                        id: 1, data: (0..<8).map { _ in UInt8.random(in: .min ... .max, using: &random) })
                ],
                payload: track == 1 ? [0x90, 0x80, 0x80, 1] + frame : [0xFC, 9])
            packet.payload = mutator.mutate(packet.payload)
            // Header and extensions too, as long as the SSRC stays and SRTP still takes it.
            var bytes = packet.serialized()
            if Int.random(in: 0..<4, using: &random) == 0 {
                let head = Array(bytes[..<12])
                bytes = mutator.mutate(bytes)
                bytes.replaceSubrange(0..<min(12, bytes.count), with: head)
            }
            let outcome = track == 1 ? media.protectRTP(&bytes) : sound.protectRTP(&bytes)
            if case .success = outcome { endpoint.handle(bytes, from: Self.relay, at: now) }

            var compound = RTCPCompound()
            compound.append(
                SenderReport(
                    ssrc: played.tracks[1].slotSSRC,
                    info: SenderInfo(
                        ntpTimestamp: NTPTimestamp(rawValue: random.next()), rtpTimestamp: RTPTimestamp(1),
                        packetCount: 1, octetCount: 1),
                    reportBlocks: [
                        ReportBlock(ssrc: ssrc, lastSenderReport: UInt32.random(in: .min ... .max, using: &random))
                    ]))
            compound.append(GenericNACK(senderSSRC: SSRC(7), mediaSSRC: ssrc, lost: [SequenceNumber(UInt16(step))]))
            compound.append(PictureLossIndication(senderSSRC: SSRC(7), mediaSSRC: ssrc))
            var report = compound.bytes
            if Bool.random(using: &random) {
                report = Array(report[..<8]) + mutator.mutate(Array(report[8...]))
            }
            let protected = step % 2 == 0 ? control.protectRTCP(&report) : media.protectRTCP(&report)
            if case .success = protected { endpoint.handle(report, from: Self.relay, at: now) }
            endpoint.handle(mutator.mutate(bytes), from: Self.relay, at: now)
            endpoint.handleTimeout(at: now)
            while endpoint.pollTransmit() != nil {}
            while endpoint.pollEvent() != nil { events += 1 }
        }
        #expect(events > 100, "seed \(seed)")
        #expect(endpoint.statistics.overflows == 0, "seed \(seed)")
        let srtp = endpoint.statistics.srtp
        #expect(srtp.authenticationFailures > 20, "seed \(seed)")
        #expect(srtp.authenticationFailures + srtp.replays + srtp.malformed > 200, "seed \(seed)")
    }
}

extension String {
    fileprivate func replacingAll(_ part: String, with other: String) -> String {
        split(separator: part, omittingEmptySubsequences: false).joined(separator: other)
    }
}
