import MediaCore
import MediaWire
import TestSupport
import Testing

@Suite struct OfferRefusalTests {
    private func refusal(_ text: String, _ direction: MediaDirection = .publish) -> NegotiationError? {
        var generator = SeededGenerator(seed: 1)
        do {
            _ = try negotiateSDES(offer: text, context: Negotiating.context(direction), using: &generator)
        } catch { return error }
        return nil
    }

    @Test func emptyHugeAndMediaLessOffers() {
        #expect(refusal("") == .empty)
        #expect(refusal(" \r\n\r\n") == .empty)
        #expect(refusal(OfferText().text) == .noMedia)
        #expect(refusal("hello") == .malformed(SDPError(line: 1, what: "expected a line of the form x=value")))
        guard case .malformed(let error) = refusal(String(repeating: "a=x\r\n", count: 1_000_000)) else {
            Issue.record("expected malformed")
            return
        }
        #expect(error.line == 0 && error.what.contains("65536"))
    }

    @Test(arguments: [
        "chromium156_vp8_whip_offer", "firefox153_vp8_whip_offer", "gstreamer_whip_offer", "ffmpeg51_srtp_video",
    ])
    func otherTransportsAreToldApart(_ name: String) throws {
        #expect(refusal(try Negotiating.recordedOffer(name)) == .unsupportedTransport)
    }

    @Test func keysInTheClearNeedAPrivateRequest() {
        var context = Negotiating.context(.publish)
        context.requestIsPrivate = false
        #expect(Negotiating.refusal(.plain("sendonly"), context) == .insecureRequest)
    }

    @Test func directionMustFitTheResource() {
        for (way, publishes, plays) in [
            ("sendonly", true, false), ("recvonly", false, true), ("sendrecv", true, true), ("inactive", false, false),
        ] {
            let offer = OfferText.plain(way, ssrcs: (1, 2))
            #expect(
                Negotiating.refusal(offer, Negotiating.context(.publish))
                    == (publishes ? nil : .wrongDirection(.publish)))
            #expect(Negotiating.refusal(offer, Negotiating.context(.play)) == (plays ? nil : .wrongDirection(.play)))
        }
    }

    @Test func theSessionsDirectionHoldsWhereMediaNameNone() {
        var offer = OfferText.plain("x-none", ssrcs: (1, 2))
        #expect(Negotiating.refusal(offer, Negotiating.context(.publish)) == nil, "sendrecv by default")
        offer.session.append("a=recvonly")
        #expect(Negotiating.refusal(offer, Negotiating.context(.publish)) == .wrongDirection(.publish))
    }

    @Test(arguments: [
        "H264/90000", "VP8/48000", "VP9/90000", "rtx/90000", "VP80/90000", "opus/48000/2", "VP8/90000/2", "VP8",
    ])
    func codecsThatAreNotForwarded(_ codec: String) {
        var offer = OfferText()
        offer.media = [["m=video 5004 RTP/SAVP 96", "a=rtpmap:96 \(codec)", "a=crypto:1 X inline:AAAA"]]
        #expect(Negotiating.refusal(offer, Negotiating.context(.publish)) == .noCommonCodec)
    }

    @Test func monoOpusAndStaticPayloadTypesAreNotForwarded() {
        var offer = OfferText()
        offer.media = [["m=audio 5004 RTP/SAVP 111 0", "a=rtpmap:111 opus/48000", "a=crypto:1 X inline:AAAA"]]
        #expect(Negotiating.refusal(offer, Negotiating.context(.publish)) == .noCommonCodec)
    }

    @Test func mediaThatAreSwitchedOffAreNoMedia() {
        var offer = OfferText()
        offer.media = [["m=video 0 RTP/SAVP 96", "a=rtpmap:96 VP8/90000"]]
        #expect(Negotiating.refusal(offer, Negotiating.context(.publish)) == .noMedia)
    }

    @Test func theErrorIsOfTheMediaThatCameClosest() {
        var offer = OfferText.plain("sendonly", ssrcs: (1, 2))
        offer.media[0][1] = "a=rtpmap:96 H264/90000"
        offer.media[1].removeAll { $0.hasPrefix("a=crypto") }
        #expect(Negotiating.refusal(offer, Negotiating.context(.publish)) == .noUsableCrypto(line: 12))
        offer.media.swapAt(0, 1)
        #expect(Negotiating.refusal(offer, Negotiating.context(.publish)) == .noUsableCrypto(line: 6))
    }

    @Test(arguments: ["c=IN IP4 0.0.0.0", "c=IN IP6 ::", "c=IN IP4 camera.example", "c=IN IP4 233.252.0.1/127"])
    func aPublisherMustBeKnownByItsSSRCOrItsAddress(_ connection: String) {
        var offer = OfferText.video(["a=crypto:1 AEAD_AES_128_GCM \(OfferText.key128)"])
        offer.media[0].insert(connection, at: 1)
        #expect(Negotiating.refusal(offer, Negotiating.context(.publish)) == .senderUnknown(line: 6))
        offer.media[0].append("a=ssrc:77 cname:x")
        #expect(Negotiating.refusal(offer, Negotiating.context(.publish)) == nil)
    }

    @Test func aPublisherOnTheDiscardPortIsNotKnown() {
        let crypto = "a=crypto:1 AEAD_AES_128_GCM \(OfferText.key128)"
        #expect(
            Negotiating.refusal(.video([crypto], port: 9), Negotiating.context(.publish)) == .senderUnknown(line: 6))
    }

    @Test func tooManyTracksAndTooManySSRCs() {
        var offer = OfferText()
        let section = OfferText.video(["a=crypto:1 AEAD_AES_128_GCM \(OfferText.key128)"]).media[0]
        offer.media = Array(repeating: section, count: NegotiationLimits.tracks)
        #expect(Negotiating.refusal(offer, Negotiating.context(.publish)) == nil)
        offer.media.append(section)
        #expect(
            Negotiating.refusal(offer, Negotiating.context(.publish)) == .tooManyTracks(limit: NegotiationLimits.tracks)
        )
        let crowded = OfferText.video(
            ["a=crypto:1 AEAD_AES_128_GCM \(OfferText.key128)"] + (1...9).map { "a=ssrc:\($0) cname:x" })
        guard case .malformed = Negotiating.refusal(crowded, Negotiating.context(.publish)) else {
            Issue.record("expected malformed")
            return
        }
    }

    @Test func aRelayWithoutAnAddressSaysSo() {
        var context = Negotiating.context(.publish)
        context.mediaAddresses = []
        #expect(Negotiating.refusal(.plain("sendonly"), context) == .noMediaAddress)
    }

    @Test func everyErrorIsOneClearLine() {
        let line = SDPError(line: 3, what: "x")
        let errors: [NegotiationError] = [
            .malformed(line), .empty, .noMedia, .unsupportedTransport, .insecureRequest, .wrongDirection(.publish),
            .wrongDirection(.play), .noCommonCodec, .noUsableCrypto(line: 0), .noUsableCrypto(line: 6),
            .malformedKey(line), .senderUnknown(line: 6), .playerAddressMissing(line: 6),
            .playerAddressForbidden(SocketAddress(.loopbackV6, port: 1)), .tooManyTracks(limit: 8), .noMediaAddress,
        ]
        for error in errors {
            #expect(error.description.contains("; "), "the next step stands behind the semicolon: \(error)")
            #expect(!error.description.contains("\n") && error.description.utf8.count < 220)
        }
        #expect(Set(errors.map(\.description)).count == errors.count)
    }
}
