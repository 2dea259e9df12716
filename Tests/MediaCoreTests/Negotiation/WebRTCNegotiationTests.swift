import MediaCore
import MediaWire
import TestSupport
import Testing

/// RFC 9429, RFC 9143, RFC 8839 and RFC 8842, on offers that real clients have made.
@Suite struct WebRTCNegotiationTests {
    /// Name, direction, and the numbers that the client gave to VP8, its repetitions and Opus.
    static let recorded: [(String, MediaDirection, vp8: UInt8, rtx: UInt8?, opus: UInt8)] = [
        ("chromium156_vp8_whip_offer", .publish, 96, 97, 111), ("chromium156_vp8_whep_offer", .play, 96, 97, 111),
        ("firefox153_vp8_whip_offer", .publish, 120, 124, 109), ("firefox153_vp8_whep_offer", .play, 120, 124, 109),
        ("gstreamer_whip_offer", .publish, 96, nil, 111), ("gstreamer_whep_offer", .play, 96, nil, 111),
    ]

    private static func terms(tcpPort: UInt16? = nil) throws -> WebRTCAnswerTerms {
        let digest = (0..<32).map { UInt8($0) }
        return WebRTCAnswerTerms(
            fingerprint: try #require(CertificateFingerprint(.sha256, digest: digest)), tcpPort: tcpPort)
    }

    private func negotiate(
        _ offer: String, _ direction: MediaDirection, tcpPort: UInt16? = nil, seed: UInt64 = 1
    ) throws -> WebRTCMedia {
        var generator = SeededGenerator(seed: seed)
        return try negotiateWebRTC(
            offer: offer, context: Negotiating.context(direction), terms: Self.terms(tcpPort: tcpPort),
            using: &generator)
    }

    private func refusal(_ offer: String, _ direction: MediaDirection = .publish) -> NegotiationError? {
        do { _ = try negotiate(offer, direction) } catch { return error as? NegotiationError }
        return nil
    }

    /// The recorded offer of Chromium with some text changed, which has to be in it.
    private func chromium(_ changes: [(String, String)]) throws -> String {
        var offer = try Negotiating.recordedOffer("chromium156_vp8_whip_offer")
        for (old, new) in changes {
            #expect(offer.contains(old), "\(old)")
            offer = offer.replacing(old, with: new)
        }
        return offer
    }

    @Test(arguments: recorded)
    func offersOfRealClientsAreTakenWhole(
        _ name: String, _ direction: MediaDirection, _ vp8: UInt8, _ rtx: UInt8?, _ opus: UInt8
    ) throws {
        let text = try Negotiating.recordedOffer(name)
        let offer = try SessionDescription.parse(text)
        let media = try negotiate(text, direction)
        #expect(media.tracks.map(\.mediaIndex) == [0, 1])
        #expect(media.tracks.map(\.mid) == offer.mediaDescriptions.map(\.mid))
        let video = try #require(media.tracks.first { $0.kind == .video })
        let audio = try #require(media.tracks.first { $0.kind == .audio })
        #expect(video.payloadType == vp8 && video.rtxPayloadType == rtx)
        #expect(audio.payloadType == opus && audio.rtxPayloadType == nil)
        #expect(video.feedback.pli)
        #expect(video.feedback.nack == text.contains("a=rtcp-fb:\(vp8) nack\r\n"))
        #expect(media.transport.role == .server)

        let answer = try SessionDescription.parse(media.answer.serialized())
        #expect(answer == media.answer)
        #expect(answer.bundledMids == offer.bundledMids)
        #expect(answer.has("ice-lite"))
        let way = direction == .publish ? "recvonly" : "sendonly"
        for (offered, section) in zip(offer.mediaDescriptions, answer.mediaDescriptions) {
            #expect(section.kind == offered.kind && section.mid == offered.mid)
            #expect(section.protocolName == "UDP/TLS/RTP/SAVPF" && section.port == 7_000)
            #expect(section.lines.contains(way) && section.rtcpMux)
            #expect(section.setup == "passive")
            #expect(section.fingerprints.compactMap(CertificateFingerprint.init(value:)).count == 1)
            #expect(section.iceUfrag.map { Array($0.utf8) } == media.transport.localCredentials.usernameFragment)
            // Whatever is answered was offered, under the same number (RFC 3264 section 6.1, RFC 8285 section 6).
            #expect(Set(section.formats).isSubset(of: offered.formats))
            let offeredMaps = Dictionary(
                offer.values(of: "extmap").compactMap(ExtensionMap.init(value:)).map { ($0.id, $0.uri) }
                    + offered.extensionMaps.map { ($0.id, $0.uri) }, uniquingKeysWith: { $1 })
            #expect(section.extensionMaps.allSatisfy { offeredMaps[$0.id] == $0.uri })
            let mid = offeredMaps.first { $0.value == RTPHeaderExtensionURI.mid }?.key
            #expect(section.extensionMaps.first { $0.uri == RTPHeaderExtensionURI.mid }?.id == mid)
        }
    }

    /// RFC 9143 section 7.3: the first m-line of the group speaks for all, and the candidates are its.
    @Test func candidatesAreTheRelaysAddressesInOrder() throws {
        let text = try Negotiating.recordedOffer("chromium156_vp8_whip_offer")
        let media = try negotiate(text, .publish, tcpPort: 443)
        let sections = media.answer.mediaDescriptions
        let candidates = sections[0].candidates.compactMap(ICECandidate.init(value:))
        #expect(
            candidates.map(\.address) == [
                SocketAddress(.loopbackV4, port: 7_000), SocketAddress(.loopbackV6, port: 7_000),
                SocketAddress(.loopbackV4, port: 443), SocketAddress(.loopbackV6, port: 443),
            ])
        #expect(candidates.map(\.transport) == [.udp, .udp, .tcp(.passive), .tcp(.passive)])
        #expect(candidates.allSatisfy { $0.kind == .host && $0.component == 1 })
        let priorities = candidates.map(\.priority)
        #expect(priorities == priorities.sorted(by: >) && Set(priorities).count == 4)
        #expect(sections[0].has("end-of-candidates"))
        #expect(sections[1].candidates.isEmpty)
    }

    @Test func aPlayerLearnsWhatItWillHear() throws {
        let media = try negotiate(Negotiating.recordedOffer("chromium156_vp8_whep_offer"), .play)
        let video = try #require(media.tracks.first { $0.kind == .video })
        let rtx = try #require(video.rtxSlotSSRC)
        let section = media.answer.mediaDescriptions[1]
        #expect(section.ssrcs == [video.slotSSRC, rtx])
        #expect(section.ssrcGroups.map(\.ssrcs) == [[video.slotSSRC, rtx]])
        #expect(section.cname == media.cname && section.msid == "lens video1")
        #expect(section.fmtp("97") == "apt=96")
        #expect(media.answer.mediaDescriptions[0].fmtp("111") == "useinbandfec=1")
        #expect(Set(media.tracks.flatMap { [$0.slotSSRC, $0.rtxSlotSSRC].compactMap(\.self) }).count == 3)
    }

    @Test func aPublishersStreamsAreKnownByTheirSSRCs() throws {
        let media = try negotiate(Negotiating.recordedOffer("chromium156_vp8_whip_offer"), .publish)
        let video = try #require(media.tracks.first { $0.kind == .video })
        #expect(video.declaredSSRCs == [SSRC(3_543_101_359)])
        #expect(video.declaredRTX == [SSRC(3_543_101_359): SSRC(1_235_838_079)])
        #expect(video.cname == "OYRu6ClT/c9+0rsp")
        #expect(media.tracks.allSatisfy { $0.rtxSlotSSRC == nil })
        #expect(media.answer.mediaDescriptions.allSatisfy { $0.ssrcs.isEmpty })
    }

    @Test func transportWideFeedbackTakesThePlaceOfREMB() throws {
        let media = try negotiate(Negotiating.recordedOffer("chromium156_vp8_whip_offer"), .publish)
        let video = try #require(media.tracks.first { $0.kind == .video })
        #expect(video.feedback.transportWide && !video.feedback.remb)
        let number = "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01"
        let without = try negotiate(chromium([("a=extmap:3 \(number)\r\n", "")]), .publish)
        let plain = try #require(without.tracks.first { $0.kind == .video })
        #expect(!plain.feedback.transportWide && plain.feedback.remb)
    }

    @Test(arguments: [
        ("actpass", DTLSConnection.Role.server, "passive"), ("active", .server, "passive"),
        ("passive", .client, "active"),
    ])
    func theOtherEndOfDTLSIsTaken(_ offered: String, _ role: DTLSConnection.Role, _ answered: String) throws {
        let media = try negotiate(chromium([("a=setup:actpass", "a=setup:\(offered)")]), .publish)
        #expect(media.transport.role == role)
        #expect(media.answer.mediaDescriptions.allSatisfy { $0.setup == answered })
    }

    @Test func codecsThatAreNotForwardedAreLeftOut() throws {
        // As Safari does: H.264 before VP8.
        let offer = try chromium([
            ("m=video 9 UDP/TLS/RTP/SAVPF 96 97", "m=video 9 UDP/TLS/RTP/SAVPF 102 103 96 97 116 117"),
            (
                "a=rtpmap:96 VP8/90000",
                "a=rtpmap:102 H264/90000\r\na=fmtp:102 packetization-mode=1\r\na=rtpmap:103 rtx/90000\r\n"
                    + "a=fmtp:103 apt=102\r\na=rtpmap:116 red/90000\r\na=rtpmap:117 ulpfec/90000\r\na=rtpmap:96 VP8/90000"
            ),
        ])
        let media = try negotiate(offer, .publish)
        #expect(media.answer.mediaDescriptions[1].formats == ["96", "97"])
        #expect(media.answer.mediaDescriptions[0].formats == ["111"])
    }

    @Test func aDataChannelIsRefusedAndTheRestGoesOn() throws {
        let data =
            "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\nc=IN IP4 0.0.0.0\r\na=mid:2\r\na=sctp-port:5000\r\n"
        let offer = try chromium([("a=group:BUNDLE 0 1", "a=group:BUNDLE 2 0 1")]) + data
        let media = try negotiate(offer, .publish)
        #expect(media.tracks.count == 2)
        let refused = media.answer.mediaDescriptions[2]
        #expect(refused.port == 0 && refused.mid == "2")
        // It leaves the group, whose first member now is another.
        #expect(media.answer.bundledMids == ["0", "1"])
        #expect(!media.answer.mediaDescriptions[0].candidates.isEmpty)
    }

    /// RFC 9143 section 7.3.1: the order of the group counts, not that of the m-lines.
    @Test func theTransportIsThatOfTheGroupsFirstMember() throws {
        let offer = try chromium([("a=group:BUNDLE 0 1", "a=group:BUNDLE 1 0")])
        // Each m-line has credentials of its own, as in a policy that is not max-bundle.
        var parsed = try SessionDescription.parse(offer)
        for place in parsed.mediaDescriptions[1].attributes.indices {
            switch parsed.mediaDescriptions[1].attributes[place].name {
            case "ice-ufrag": parsed.mediaDescriptions[1].attributes[place].value = "vvvv"
            case "ice-pwd": parsed.mediaDescriptions[1].attributes[place].value = String(repeating: "w", count: 24)
            default: break
            }
        }
        let media = try negotiate(parsed.serialized(), .publish)
        #expect(media.transport.remoteCredentials.usernameFragment == Array("vvvv".utf8))
        #expect(media.answer.bundledMids == ["1", "0"])
        #expect(media.answer.mediaDescriptions[0].candidates.isEmpty)
        #expect(!media.answer.mediaDescriptions[1].candidates.isEmpty)
    }

    @Test func oneMediaLineNeedsNoGroup() throws {
        var offer = try SessionDescription.parse(Negotiating.recordedOffer("gstreamer_whip_offer"))
        offer.attributes.removeAll { $0.name == "group" }
        offer.mediaDescriptions.removeLast()
        let media = try negotiate(offer.serialized(), .publish)
        #expect(media.tracks.count == 1)
        #expect(media.answer.bundledMids == nil)
    }

    @Test func whatHasATransportOfItsOwnIsRefused() throws {
        let media = try negotiate(chromium([("a=group:BUNDLE 0 1", "a=group:BUNDLE 1")]), .publish)
        #expect(media.tracks.map(\.mediaIndex) == [1])
        #expect(media.answer.mediaDescriptions[0].port == 0)
    }

    @Test func offersThatCannotBeAnsweredSayWhy() throws {
        let offer = try Negotiating.recordedOffer("chromium156_vp8_whip_offer")
        #expect(refusal("") == .empty)
        #expect(refusal(" \r\n") == .empty)
        #expect(refusal(offer, .play) == .wrongDirection(.play))
        #expect(refusal(try chromium([("UDP/TLS/RTP/SAVPF", "RTP/AVP")])) == .unsupportedTransport)
        #expect(
            refusal(try chromium([("opus/48000/2", "opux/48000/2"), ("VP8/90000", "VP9/90000")])) == .noCommonCodec)
        let cases: [([(String, String)], (NegotiationError) -> Bool)] = [
            ([("a=rtcp-mux\r\n", "")], { if case .muxMissing = $0 { true } else { false } }),
            ([("a=ice-ufrag:/HNQ\r\n", "")], { if case .credentialsMissing = $0 { true } else { false } }),
            ([("a=ice-ufrag:/HNQ", "a=ice-ufrag:/H")], { if case .credentialsMissing = $0 { true } else { false } }),
            ([("a=setup:actpass", "a=setup:holdconn")], { if case .setupUnusable = $0 { true } else { false } }),
            (
                [("a=fingerprint:sha-256 ", "a=fingerprint:sha-1 ")],
                { if case .fingerprintMissing = $0 { true } else { false } }
            ),
            ([("a=group:BUNDLE 0 1", "a=group:BUNDLE 7")], { if case .bundleMissing = $0 { true } else { false } }),
        ]
        for (changes, isExpected) in cases {
            let error = refusal(try chromium(changes))
            #expect(error.map(isExpected) == true, "\(changes): \(String(describing: error))")
            // Line and next step.
            #expect(error?.description.contains("at line") == true)
        }
    }

    @Test func usesOfDTLSAndOfSDESAreToldApart() throws {
        let dtls = try SessionDescription.parse(Negotiating.recordedOffer("chromium156_vp8_whip_offer"))
        #expect(dtls.usesDTLS && !dtls.usesSDES)
        let sdes = try SessionDescription.parse(OfferText.plain("sendonly", ssrcs: (1, 2)).text)
        #expect(!sdes.usesDTLS && sdes.usesSDES)
    }

    @Test func damagedOffersAreAnsweredOrRefusedNeverTrap() throws {
        let seed: UInt64 = 9_429
        let offers = try Self.recorded.map { (Array(try Negotiating.recordedOffer($0.0).utf8), $0.1) }
        var mutator = Mutator(seed: seed)
        var answered = 0
        for round in 0..<3_000 {
            let (bytes, direction) = offers[round % offers.count]
            let text = String(decoding: mutator.mutate(bytes, splicing: offers.map(\.0)), as: UTF8.self)
            do {
                let media = try negotiate(text, direction, seed: seed)
                answered += 1
                let again = try SessionDescription.parse(media.answer.serialized())
                #expect(again == media.answer, "seed \(seed), round \(round)")
                #expect(!media.tracks.isEmpty && !media.transport.fingerprints.isEmpty)
            } catch is NegotiationError {
                continue
            }
        }
        #expect(answered > 300)
    }
}
