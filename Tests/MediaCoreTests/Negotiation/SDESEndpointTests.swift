import MediaCore
import MediaWire
import TestSupport
import Testing

@Suite struct SDESEndpointTests {
    /// Offer, answer and reader agree on every key, number and address, for offers of all shapes.
    @Test func endpointAndRelayAgreeOnEverything() throws {
        let seed: UInt64 = 3_264
        var generator = SeededGenerator(seed: seed)
        for round in 0..<400 {
            let offer = Self.randomOffer(using: &generator)
            var context = Negotiating.context(offer.direction)
            context.clientAddress = offer.tracks[0].address.address
            let relay = try negotiateSDES(
                offer: offer.sessionDescription().serialized(), context: context, using: &generator)
            let endpoint = try SDESAnswer.read(relay.answer.serialized(), to: offer)
            let comment: Comment = "seed \(seed), round \(round)"
            #expect(relay.tracks.count == offer.tracks.count && endpoint.tracks.count == offer.tracks.count, comment)
            for (index, own) in offer.tracks.enumerated() {
                let (theirs, read) = (relay.tracks[index], endpoint.tracks[index])
                #expect(theirs.mediaIndex == index && read.mediaIndex == index, comment)
                #expect(theirs.kind == own.kind && read.kind == own.kind && theirs.mid == own.mid, comment)
                #expect(theirs.payloadType == own.payloadType && read.payloadType == own.payloadType, comment)
                #expect(theirs.incomingKey == own.key && read.remoteKey == theirs.outgoingKey, comment)
                #expect(theirs.cryptoTag == own.cryptoTag, comment)
                #expect(theirs.declaredSSRCs == own.ssrcs && theirs.announcedAddress == own.address, comment)
                #expect(theirs.announcedRTCPAddress == own.address && theirs.rtcpMux == own.rtcpMux, comment)
                #expect(read.remoteAddress.port == 7_000 && read.remoteRTCPAddress == read.remoteAddress, comment)
                #expect(read.remoteAddress.address.isIPv6 == own.address.address.isIPv6, comment)
                #expect(read.remoteSSRCs == (offer.direction == .play ? [theirs.slotSSRC] : []), comment)
                #expect(read.cname == (offer.direction == .play ? relay.cname : nil), comment)
                #expect(theirs.extensions == own.extensions && read.extensions == own.extensions, comment)
                #expect(read.nack == theirs.nack && read.pli == theirs.pli && read.fir == theirs.fir, comment)
                #expect(theirs.nack == (own.usesFeedback && own.nack), comment)
                #expect(read.usesFeedback == theirs.usesFeedback && read.rtcpMux == theirs.rtcpMux, comment)
                #expect(read.reducedSizeRTCP == theirs.reducedSizeRTCP, comment)
            }
        }
    }

    private static func randomOffer(using generator: inout SeededGenerator) -> SDESOffer {
        let host = Bool.random(using: &generator) ? IPAddress.loopbackV4 : .loopbackV6
        let direction = Bool.random(using: &generator) ? MediaDirection.publish : .play
        let uris = [
            RTPHeaderExtensionURI.absoluteCaptureTime, RTPHeaderExtensionURI.audioLevel, RTPHeaderExtensionURI.mid,
        ]
        let tracks = (0..<Int.random(in: 1...NegotiationLimits.tracks, using: &generator)).map { index in
            let kind = Bool.random(using: &generator) ? MediaKind.audio : .video
            let profiles = SRTPProfile.allCases.filter { kind == .audio || $0 != .aesCM128HMACSHA1_32 }
            let profile = profiles.randomElement(using: &generator) ?? .aeadAES128GCM
            var track = SDESOffer.Track(
                kind: kind, payloadType: UInt8.random(in: 96...127, using: &generator),
                address: SocketAddress(host, port: UInt16.random(in: 20_000...60_000, using: &generator)),
                key: SRTPKey(profile: profile, using: &generator),
                mid: Bool.random(using: &generator) ? "m\(index)" : nil,
                ssrcs: (0..<Int.random(in: 0...2, using: &generator)).map { SSRC(UInt32(index * 10 + $0 + 1)) },
                cname: "endpoint")
            track.cryptoTag = Int.random(in: 0...999_999_999, using: &generator)
            track.usesFeedback = Bool.random(using: &generator)
            track.nack = Bool.random(using: &generator)
            track.rtcpMux = Bool.random(using: &generator)
            track.reducedSizeRTCP = Bool.random(using: &generator)
            let chosen = uris.shuffled(using: &generator).prefix(Int.random(in: 0...3, using: &generator))
            track.extensions = zip(chosen, 1...).map { HeaderExtensionMapping(id: UInt8($1 * 4), uri: $0) }
            return track
        }
        return SDESOffer(direction: direction, sessionID: generator.next(), tracks: tracks)
    }

    private func pair(_ direction: MediaDirection = .play) throws -> (SDESOffer, SessionDescription) {
        var generator = SeededGenerator(seed: 5)
        let tracks = [MediaKind.video, .audio].map { kind in
            SDESOffer.Track(
                kind: kind, payloadType: kind == .video ? 96 : 111, address: SocketAddress(.loopbackV4, port: 40_000),
                key: SRTPKey(profile: .aeadAES128GCM, using: &generator), mid: kind.rawValue)
        }
        let offer = SDESOffer(direction: direction, sessionID: 1, tracks: tracks)
        let media = try negotiateSDES(
            offer: offer.sessionDescription(), context: Negotiating.context(direction), using: &generator)
        return (offer, media.answer)
    }

    @Test func refusedMediaAreLeftOut() throws {
        var (offer, answer) = try pair()
        answer.mediaDescriptions[0].port = 0
        #expect(try SDESAnswer.read(answer, to: offer).tracks.map(\.mediaIndex) == [1])
        answer.mediaDescriptions[1].port = 0
        #expect(throws: AnswerError.everythingRefused) { try SDESAnswer.read(answer, to: offer) }
        offer.tracks.removeLast()
        #expect(throws: AnswerError.self) { try SDESAnswer.read(answer, to: offer) }
    }

    @Test(arguments: [
        ("m=video 7000 RTP/SAVPF 96", "m=video 7000 RTP/SAVPF 97"), ("RTP/SAVPF 96", "RTP/SAVP 96"),
        ("m=video", "m=audio"), ("VP8/90000", "VP9/90000"), ("a=sendonly", "a=recvonly"),
        ("a=crypto:1 ", "a=crypto:2 "),
        ("AEAD_AES_128_GCM", "AEAD_AES_256_GCM"), ("a=crypto:", "a=x-crypto:"), ("inline:", "inline:A"),
        ("IN IP4 127.0.0.1", "IN IP4 0.0.0.0"), ("IN IP4 127.0.0.1", "IN IP4 relay.example"),
    ])
    func answersThatDoNotFitTheOfferAreRefused(_ from: String, _ to: String) throws {
        let (offer, answer) = try pair()
        let text = answer.serialized().split(separator: from, omittingEmptySubsequences: false).joined(separator: to)
        #expect(text != answer.serialized())
        #expect(throws: AnswerError.self) { try SDESAnswer.read(text, to: offer) }
    }

    @Test func whatWasNotOfferedIsNotAccepted() throws {
        var (offer, answer) = try pair()
        offer.tracks[0].nack = false
        answer.mediaDescriptions[0].attributes.append(
            ExtensionMap(id: 9, uri: RTPHeaderExtensionURI.audioLevel).attribute)
        let track = try SDESAnswer.read(answer, to: offer).tracks[0]
        #expect(!track.nack && track.pli && track.extensions.isEmpty)
    }

    @Test func anAnswerThatIsNoSDPSaysSo() throws {
        let (offer, _) = try pair()
        let error = #expect(throws: AnswerError.self) { try SDESAnswer.read("<html>", to: offer) }
        #expect(error?.description.contains("line 1") == true)
    }
}
