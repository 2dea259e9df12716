import MediaCore
import MediaWire
import TestSupport
import Testing

@Suite struct NegotiationMutationTests {
    /// Recorded offers turned into SDES offers, as a browser that spoke it would send them.
    private static func sdesOffers() throws -> [String] {
        let recorded = try [
            "chromium156_vp8_whip_offer", "chromium156_vp8_whep_offer", "firefox153_vp8_whip_offer",
            "firefox153_vp8_whep_offer", "gstreamer_whip_offer", "gstreamer_whep_offer",
        ].map { name in
            var offer = try SessionDescription.parse(Negotiating.recordedOffer(name))
            for index in offer.mediaDescriptions.indices {
                offer.mediaDescriptions[index].protocolName = "RTP/SAVPF"
                offer.mediaDescriptions[index].port = UInt16(40_000 + index)
                offer.mediaDescriptions[index].connection = ConnectionData(.loopbackV4)
                offer.mediaDescriptions[index].attributes += [
                    SDPAttribute("crypto", "1 AEAD_AES_128_GCM \(OfferText.key128)"),
                    SDPAttribute("crypto", "2 AES_CM_128_HMAC_SHA1_80 \(OfferText.key80)|2^31"),
                ]
            }
            return offer.serialized()
        }
        return recorded + [OfferText.plain("sendonly", ssrcs: (1, 2)).text, OfferText.plain("recvonly").text]
    }

    @Test func theOffersThemselvesAreTaken() throws {
        var generator = SeededGenerator(seed: 1)
        for offer in try Self.sdesOffers() {
            let direction: MediaDirection = offer.contains("a=sendonly") ? .publish : .play
            let media = try negotiateSDES(offer: offer, context: Negotiating.context(direction), using: &generator)
            #expect(media.tracks.count == 2)
            #expect(media.tracks.allSatisfy { $0.profile == .aeadAES128GCM })
        }
    }

    @Test func damagedOffersAreAnsweredOrRefusedNeverTrap() throws {
        let seed: UInt64 = 9_725
        let offers = try Self.sdesOffers()
        let bytes = offers.map { Array($0.utf8) }
        var mutator = Mutator(seed: seed)
        var generator = SeededGenerator(seed: seed)
        var answered = 0
        for round in 0..<3_000 {
            let original = round % offers.count
            let direction: MediaDirection = offers[original].contains("a=sendonly") ? .publish : .play
            let text = String(decoding: mutator.mutate(bytes[original], splicing: bytes), as: UTF8.self)
            let context = Negotiating.context(direction)
            let result = Result { () throws(NegotiationError) in
                try negotiateSDES(offer: text, context: context, using: &generator)
            }
            let comment: Comment = "seed \(seed), round \(round)"
            switch result {
            case .success(let media):
                answered += 1
                check(media, context, comment)
                let again = try SessionDescription.parse(media.answer.serialized())
                #expect(again == media.answer, comment)
            case .failure(let error):
                #expect(!error.description.contains("\n") && error.description.utf8.count < 300, comment)
            }
        }
        #expect(answered > 100 && answered < 2_900)
    }

    /// What must hold of every answer, whatever the offer was.
    private func check(_ media: NegotiatedMedia, _ context: NegotiationContext, _ comment: Comment) {
        #expect((1...NegotiationLimits.tracks).contains(media.tracks.count), comment)
        #expect(Set(media.tracks.map(\.slotSSRC)).count == media.tracks.count, comment)
        #expect(media.answer.mediaDescriptions.count { $0.port != 0 } == media.tracks.count, comment)
        for track in media.tracks {
            #expect(track.payloadType < 128 && track.incomingKey.profile == track.profile, comment)
            #expect(track.outgoingKey.profile == track.profile, comment)
            #expect(track.announcedAddress != nil || !track.declaredSSRCs.isEmpty, comment)
            if context.direction == .play {
                #expect(track.announcedAddress?.address == context.clientAddress, comment)
                #expect(track.announcedRTCPAddress.map { $0.address == context.clientAddress } ?? true, comment)
            }
        }
    }

    @Test func damagedAnswersAreReadOrRefusedNeverTrap() throws {
        let seed: UInt64 = 4_566
        var generator = SeededGenerator(seed: seed)
        var mutator = Mutator(seed: seed)
        let tracks = [MediaKind.video, .audio].map {
            SDESOffer.Track(
                kind: $0, payloadType: $0 == .video ? 96 : 111, address: SocketAddress(.loopbackV4, port: 40_000),
                key: SRTPKey(profile: .aesCM128HMACSHA1_80, using: &generator))
        }
        let offer = SDESOffer(direction: .play, sessionID: 1, tracks: tracks)
        let answer = try negotiateSDES(
            offer: offer.sessionDescription(), context: Negotiating.context(.play), using: &generator
        ).answer
        let bytes = Array(answer.serialized().utf8)
        var read = 0
        for _ in 0..<3_000 {
            let text = String(decoding: mutator.mutate(bytes), as: UTF8.self)
            if (try? SDESAnswer.read(text, to: offer)) != nil { read += 1 }
        }
        #expect(read > 50 && read < 2_900, "seed \(seed)")
    }
}
