import MediaCore
import MediaWire
import TestSupport
import Testing

@Suite struct SDESNegotiationTests {
    @Test func publisherWithSSRCsBecomesTwoTracks() throws {
        let offer = OfferText.plain("sendonly", ssrcs: (0x3000_0000, 0x3000_0001))
        let media = try Negotiating.negotiate(offer, Negotiating.context(.publish))
        #expect(media.tracks.map(\.kind) == [.video, .audio])
        #expect(media.tracks.map(\.mediaIndex) == [0, 1])
        let video = media.tracks[0]
        #expect(video.payloadType == 96 && video.clockRate == 90_000 && video.channels == 1)
        #expect(video.profile == .aeadAES128GCM && video.cryptoTag == 1)
        #expect(video.incomingKey.keySalt == (0..<28).map { UInt8($0 + 100) })
        #expect(video.declaredSSRCs == [SSRC(0x3000_0000)] && video.cname == "blast")
        #expect(video.announcedAddress == SocketAddress("127.0.0.1:30000"))
        #expect(video.announcedRTCPAddress == video.announcedAddress && video.rtcpMux)
        #expect(video.usesFeedback && !video.nack && !video.pli && !video.fir && !video.reducedSizeRTCP)
        #expect(media.tracks[1].payloadType == 111 && media.tracks[1].channels == 2)
    }

    @Test func answerToAPublisherNamesTheRelayAndItsKey() throws {
        let media = try Negotiating.negotiate(
            .plain("sendonly", ssrcs: (1, 2)), Negotiating.context(.publish))
        let key = Base64.encode(media.tracks[0].outgoingKey.keySalt)
        let expected = [
            "m=video 7000 RTP/SAVPF 96", "c=IN IP4 127.0.0.1", "a=recvonly", "a=rtpmap:96 VP8/90000", "a=rtcp-mux",
            "a=crypto:1 AEAD_AES_128_GCM inline:\(key)", "m=audio 7000 RTP/SAVPF 111",
        ]
        let text = media.answer.serialized()
        let lines = text.split(separator: "\r\n").map(String.init)
        #expect(lines.prefix(5) == ["v=0", "o=- 42 1 IN IP4 127.0.0.1", "s=-", "c=IN IP4 127.0.0.1", "t=0 0"])
        #expect(Array(lines.dropFirst(5).prefix(7)) == expected)
        #expect(lines.contains("a=fmtp:111 useinbandfec=1"))
        #expect(!text.contains("a=ssrc"), "the relay sends no media to a publisher")
        #expect(try SessionDescription.parse(text) == media.answer)
    }

    @Test func answerToAPlayerNamesTheRelaysSources() throws {
        let media = try Negotiating.negotiate(.plain("recvonly", ports: (40_000, 40_001)), Negotiating.context(.play))
        for (track, described) in zip(media.tracks, media.answer.mediaDescriptions) {
            #expect(described.direction == .sendOnly)
            #expect(described.ssrcs == [track.slotSSRC] && described.cname == media.cname)
        }
        #expect(media.tracks.map(\.announcedAddress?.port) == [40_000, 40_001])
        #expect(media.cname.utf8.count == 16)
    }

    @Test func keysAndSSRCsAreFreshAndUnique() throws {
        let offer = OfferText.plain("recvonly")
        let first = try Negotiating.negotiate(offer, Negotiating.context(.play), seed: 1)
        let second = try Negotiating.negotiate(offer, Negotiating.context(.play), seed: 2)
        let tracks = first.tracks + second.tracks
        #expect(Set(tracks.map(\.outgoingKey.keySalt)).count == 4)
        #expect(Set(tracks.map(\.slotSSRC)).count == 4)
        #expect(tracks.allSatisfy { $0.outgoingKey != $0.incomingKey && $0.slotSSRC.rawValue != 0 })
    }

    /// A generator without any variety must neither hang nor hand out an SSRC twice, nor one of the offer's.
    @Test func aStuckGeneratorStillGivesUniqueSSRCs() throws {
        struct Stuck: RandomNumberGenerator { mutating func next() -> UInt64 { 0 } }
        var stuck = Stuck()
        let offer = OfferText.plain("sendonly", ssrcs: (1, 2)).text
        let media = try negotiateSDES(offer: offer, context: Negotiating.context(.publish), using: &stuck)
        let drawn = media.tracks.map(\.slotSSRC)
        #expect(Set(drawn + [SSRC(1), SSRC(2)]).count == 4)
    }

    /// Equipment and tools send SAVP with neither SSRC nor mux: known by its address, RTCP one port up.
    @Test func plainToolsAreKnownByTheirAddress() throws {
        let offer = OfferText.video(["a=crypto:7 AES_CM_128_HMAC_SHA1_80 \(OfferText.key80)|2^20"])
        let media = try Negotiating.negotiate(offer, Negotiating.context(.publish))
        let track = media.tracks[0]
        #expect(track.announcedAddress == SocketAddress("127.0.0.1:5004") && track.declaredSSRCs.isEmpty)
        #expect(track.announcedRTCPAddress == SocketAddress("127.0.0.1:5005") && !track.rtcpMux && !track.usesFeedback)
        let answer = media.answer.mediaDescriptions[0]
        #expect(answer.protocolName == "RTP/SAVP" && answer.rtcp == RTCPAttribute(port: 7_000) && !answer.rtcpMux)
        #expect(answer.cryptoAttributes.map(\.tag) == [7])
    }

    @Test(arguments: [
        ("a=rtcp:6000", "127.0.0.1:6000"), ("a=rtcp:6000 IN IP4 192.0.2.9", "192.0.2.9:6000"), ("a=rtcp:9", nil),
        ("a=rtcp-mux", "127.0.0.1:5004"), ("a=x", "127.0.0.1:5005"),
    ])
    func rtcpComesFromWhereTheOfferSays(_ line: String, _ expected: String?) throws {
        let offer = OfferText.video([line, "a=crypto:1 AES_CM_128_HMAC_SHA1_80 \(OfferText.key80)"])
        let track = try Negotiating.negotiate(offer, Negotiating.context(.publish)).tracks[0]
        #expect(track.announcedRTCPAddress == expected.flatMap { SocketAddress($0) })
    }

    @Test func theLastPortHasNoNextOne() throws {
        let offer = OfferText.video(["a=crypto:1 AES_CM_128_HMAC_SHA1_80 \(OfferText.key80)"], port: 65_535)
        #expect(try Negotiating.negotiate(offer, Negotiating.context(.publish)).tracks[0].announcedRTCPAddress == nil)
    }

    @Test func feedbackAndReducedSizeAreEchoedWithSAVPFOnly() throws {
        let lines = [
            "a=rtcp-fb:96 nack", "a=rtcp-fb:* nack pli", "a=rtcp-fb:96 ccm fir", "a=rtcp-fb:96 transport-cc",
            "a=rtcp-fb:97 ccm tmmbr", "a=rtcp-mux", "a=rtcp-rsize", "a=crypto:1 AEAD_AES_128_GCM \(OfferText.key128)",
        ]
        let full = try Negotiating.negotiate(.video(lines, transport: "RTP/SAVPF"), Negotiating.context(.publish))
        #expect(full.tracks[0].nack && full.tracks[0].pli && full.tracks[0].fir && full.tracks[0].reducedSizeRTCP)
        let answer = full.answer.mediaDescriptions[0]
        #expect(answer.values(of: "rtcp-fb") == ["96 nack", "96 nack pli", "96 ccm fir"] && answer.rtcpReducedSize)

        let plain = try Negotiating.negotiate(.video(lines), Negotiating.context(.publish))
        #expect(!plain.tracks[0].nack && !plain.tracks[0].pli && !plain.tracks[0].reducedSizeRTCP)
        #expect(plain.answer.mediaDescriptions[0].values(of: "rtcp-fb").isEmpty)
    }

    @Test func extensionsAreTakenByURIAndDirection() throws {
        let time = RTPHeaderExtensionURI.absoluteCaptureTime
        var offer = OfferText.video([
            "a=extmap:3 \(time)", "a=extmap:4/recvonly \(RTPHeaderExtensionURI.audioLevel)", "a=extmap:5 urn:unknown",
            "a=extmap:20 \(RTPHeaderExtensionURI.audioLevel)", "a=mid:camera",
            "a=crypto:1 AEAD_AES_128_GCM \(OfferText.key128)",
        ])
        offer.session.append("a=extmap:6/sendonly \(RTPHeaderExtensionURI.mid)")
        offer.session.append("a=extmap:3 urn:other")
        let media = try Negotiating.negotiate(offer, Negotiating.context(.publish))
        #expect(media.tracks[0].mid == "camera")
        #expect(
            media.tracks[0].extensions == [
                HeaderExtensionMapping(id: 3, uri: time), HeaderExtensionMapping(id: 6, uri: RTPHeaderExtensionURI.mid),
            ])
        let answer = media.answer.mediaDescriptions[0]
        #expect(answer.mid == "camera")
        #expect(answer.values(of: "extmap") == ["3 \(time)", "6/recvonly \(RTPHeaderExtensionURI.mid)"])
    }

    @Test func retransmissionStreamsAreNoSources() throws {
        let offer = OfferText.video([
            "a=ssrc-group:FID 11 12", "a=ssrc:11 cname:a", "a=ssrc:12 cname:a", "a=ssrc:11 msid:b c",
            "a=crypto:1 AEAD_AES_128_GCM \(OfferText.key128)",
        ])
        #expect(try Negotiating.negotiate(offer, Negotiating.context(.publish)).tracks[0].declaredSSRCs == [SSRC(11)])
    }

    /// RFC 3264 section 6: as many m-lines as offered, in their order, the refused ones with port 0.
    @Test func refusedMediaKeepTheirPlace() throws {
        var offer = OfferText.plain("sendonly", ssrcs: (1, 2))
        offer.media.insert(["m=application 9 UDP/DTLS/SCTP webrtc-datachannel", "a=mid:data"], at: 0)
        offer.media.insert(["m=audio 49170 RTP/AVP 0"], at: 1)
        offer.media[3] = ["m=audio 0 RTP/SAVPF 111", "a=rtpmap:111 opus/48000/2"]
        offer.media.append(["m=video 5006 RTP/SAVPF 97", "a=rtpmap:97 H264/90000", "a=crypto:1 X inline:AAAA"])
        let media = try Negotiating.negotiate(offer, Negotiating.context(.publish))
        let answers = media.answer.mediaDescriptions
        #expect(answers.map(\.kind) == ["application", "audio", "video", "audio", "video"])
        #expect(answers.map(\.port) == [0, 0, 7_000, 0, 0])
        #expect(answers.map(\.formats) == [["webrtc-datachannel"], ["0"], ["96"], ["111"], ["97"]])
        #expect(answers[0].mid == "data" && answers[0].protocolName == "UDP/DTLS/SCTP")
        #expect(media.tracks.map(\.mediaIndex) == [2])
        #expect(try SessionDescription.parse(media.answer.serialized()) == media.answer)
    }

    @Test(arguments: [
        ("m=video 5004 RTP/SAVP 99 98 97 96", ["97 vp8/90000", "96 VP8/90000", "98 VP8/45000"], UInt8(97)),
        ("m=video 5004 RTP/SAVP 72 100", ["72 VP8/90000", "100 VP8/90000"], UInt8(100)),
    ])
    func theFirstFormatInTheMediaLineThatFitsIsTaken(_ media: String, _ maps: [String], _ expected: UInt8) throws {
        var offer = OfferText()
        offer.media = [
            [media] + maps.map { "a=rtpmap:" + $0 } + ["a=crypto:1 AEAD_AES_128_GCM \(OfferText.key128)"]
        ]
        let negotiated = try Negotiating.negotiate(offer, Negotiating.context(.publish))
        #expect(negotiated.tracks[0].payloadType == expected)
        #expect(negotiated.answer.mediaDescriptions[0].formats == [String(expected)])
    }

    @Test(arguments: [
        ("192.0.2.9", "127.0.0.1"), ("::ffff:192.0.2.9", "127.0.0.1"), ("2001:db8::1", "::1"),
    ])
    func theRelayAnswersWithAnAddressOfTheClientsFamily(_ client: String, _ expected: String) throws {
        var context = Negotiating.context(.publish)
        context.clientAddress = IPAddress(client)
        let media = try Negotiating.negotiate(.plain("sendonly"), context)
        #expect(media.answer.mediaDescriptions[0].connection?.ipAddress == IPAddress(expected))
        #expect(media.answer.connection?.ipAddress == IPAddress(expected))
    }

    /// Scripts read the answer line by line: an address before or in each section, its port, and one key.
    @Test func answersCanBeReadLineByLine() throws {
        for (direction, name) in [(MediaDirection.publish, "sendonly"), (.play, "recvonly")] {
            let media = try Negotiating.negotiate(.plain(name, ssrcs: (1, 2)), Negotiating.context(direction))
            var found: [(address: Substring, port: Substring, key: Substring)] = []
            var address: Substring = ""
            for line in media.answer.serialized().split(separator: "\r\n") {
                let words = line.split(separator: " ")
                if line.hasPrefix("c="), !found.isEmpty { found[found.count - 1].address = words[2] }
                if line.hasPrefix("c="), found.isEmpty { address = words[2] }
                if line.hasPrefix("m=") { found.append((address, words[1], "")) }
                if line.hasPrefix("a=crypto:"), !found.isEmpty {
                    found[found.count - 1].key = line.split(separator: "inline:")[1]
                }
            }
            #expect(found.map(\.address) == ["127.0.0.1", "127.0.0.1"] && found.map(\.port) == ["7000", "7000"])
            #expect(found.map { Base64.decode($0.key) } == media.tracks.map(\.outgoingKey.keySalt))
        }
    }
}
