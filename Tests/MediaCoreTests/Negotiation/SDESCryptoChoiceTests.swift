import MediaCore
import MediaWire
import Testing

@Suite struct SDESCryptoChoiceTests {
    private let gcm128 = "AEAD_AES_128_GCM \(OfferText.key128)"
    private let gcm256 = "AEAD_AES_256_GCM \(OfferText.key256)"
    private let cm80 = "AES_CM_128_HMAC_SHA1_80 \(OfferText.key80)"
    private let cm32 = "AES_CM_128_HMAC_SHA1_32 \(OfferText.key80)"

    private func choice(
        _ lines: [String], kind: MediaKind = .video, preferring profiles: [SRTPProfile]? = nil
    ) throws(NegotiationError) -> (SRTPProfile, Int) {
        var offer = OfferText()
        let (format, codec) = kind == .video ? ("96", "VP8/90000") : ("111", "opus/48000/2")
        offer.media = [
            ["m=\(kind.rawValue) 5004 RTP/SAVP \(format)", "a=rtpmap:\(format) \(codec)"]
                + lines.map { "a=crypto:" + $0 }
        ]
        var context = Negotiating.context(.publish)
        if let profiles { context.preferredProfiles = profiles }
        let track = try Negotiating.negotiate(offer, context).tracks[0]
        return (track.profile, track.cryptoTag)
    }

    private func refusal(_ lines: [String], kind: MediaKind = .video) -> NegotiationError? {
        do { _ = try choice(lines, kind: kind) } catch { return error }
        return nil
    }

    @Test func theRelaysOrderDecides() throws {
        #expect(try choice(["1 \(cm80)", "2 \(gcm256)", "3 \(gcm128)"]) == (.aeadAES128GCM, 3))
        #expect(try choice(["1 \(cm80)", "2 \(gcm256)"]) == (.aeadAES256GCM, 2))
        #expect(try choice(["5 \(cm80)"]) == (.aesCM128HMACSHA1_80, 5))
        #expect(
            try choice(["1 \(gcm128)", "2 \(cm80)"], preferring: [.aesCM128HMACSHA1_80]) == (.aesCM128HMACSHA1_80, 2))
    }

    @Test func theFirstLineOfAProfileIsTaken() throws {
        #expect(try choice(["4 \(cm80)", "2 \(cm80)"]) == (.aesCM128HMACSHA1_80, 4))
    }

    @Test func shortTagsAreForAudioOnly() throws {
        #expect(try choice(["1 \(cm32)"], kind: .audio) == (.aesCM128HMACSHA1_32, 1))
        #expect(refusal(["1 \(cm32)"]) == .noUsableCrypto(line: 6))
        #expect(try choice(["1 \(cm32)", "2 \(cm80)"], kind: .audio) == (.aesCM128HMACSHA1_80, 2))
    }

    @Test func linesThatChangeThePacketsArePassedOver() throws {
        for parameter in [
            "UNENCRYPTED_SRTP", "UNENCRYPTED_SRTCP", "UNAUTHENTICATED_SRTP", "KDR=3", "FEC_ORDER=FEC_SRTP", "NEW=1",
        ] {
            #expect(try choice(["1 \(gcm128) \(parameter)", "2 \(cm80)"]) == (.aesCM128HMACSHA1_80, 2))
            #expect(refusal(["1 \(gcm128) \(parameter)"]) == .noUsableCrypto(line: 6))
        }
        for parameter in ["KDR=0", "WSH=128", "-NEW=1"] {
            #expect(try choice(["1 \(gcm128) \(parameter)"]) == (.aeadAES128GCM, 1))
        }
    }

    @Test func masterKeyIdentifiersAndKeyListsArePassedOver() throws {
        #expect(refusal(["1 \(gcm128)|2^20|1:4"]) == .noUsableCrypto(line: 6))
        #expect(refusal(["1 \(gcm128);\(OfferText.key128)"]) == .noUsableCrypto(line: 6))
        #expect(try choice(["1 \(gcm128)|1:4", "2 \(gcm128)|2^31"]) == (.aeadAES128GCM, 2))
    }

    /// RFC 4568 section 5.1.2: suites that are not known are passed over, whatever their keys look like.
    @Test func unknownSuitesArePassedOver() throws {
        #expect(try choice(["1 F8_128_HMAC_SHA1_80 inline:***", "2 \(cm80)"]) == (.aesCM128HMACSHA1_80, 2))
        #expect(refusal(["1 AES_256_CM_HMAC_SHA1_80 inline:AAAA"]) == .noUsableCrypto(line: 6))
        #expect(refusal([]) == .noUsableCrypto(line: 6))
    }

    @Test(arguments: [
        ("1 AEAD_AES_128_GCM inline:AAAA", "28 bytes, not 3"),
        ("1 AEAD_AES_128_GCM \(OfferText.key80)", "28 bytes, not 30"),
        ("1 AEAD_AES_256_GCM \(OfferText.key128)", "44 bytes, not 28"),
        ("1 AES_CM_128_HMAC_SHA1_80 \(OfferText.key128)", "30 bytes, not 28"),
        ("1 AEAD_AES_128_GCM inline:ZGVmZ2hpamtsbW5vcHFyc3R1dnd4eXp7fH1+fx==", "base64"),
        ("1 AEAD_AES_128_GCM inline:ZGVmZ2hpamtsbW5vcHFyc3R1dnd4eXp7fH1+fw", "base64"),
        ("1 AEAD_AES_128_GCM inline:", "base64"), ("1 AEAD_AES_128_GCM", "a key"),
        ("x AEAD_AES_128_GCM inline:AAAA", "tag"),
        ("1 AEAD_AES_128_GCM prompt:AAAA", "inline:"),
        ("9 \("AEAD_AES_128_GCM") \(OfferText.key128)", "second crypto line"),
    ])
    func aMalformedKeyIsAnErrorEvenBesideAGoodOne(_ line: String, _ what: String) throws {
        guard case .malformedKey(let error) = refusal(["9 \(gcm128)", line]) else {
            Issue.record("expected malformedKey")
            return
        }
        #expect(error.line == 9 && error.what.contains(what), "\(error)")
        #expect(!error.description.contains("ZGVm"), "keys stay out of error texts")
    }

    /// RFC 4568 section 5.1.1, with a codec that the relay forwards: an MKI and FEC, neither of which it takes.
    @Test func rfc4568ExampleIsUnderstoodAndRefused() throws {
        let offer = """
            v=0
            o=sam 2890844526 2890842807 IN IP4 10.47.16.5
            s=SRTP Discussion
            i=A discussion of Secure RTP
            u=http://www.example.com/seminars/srtp.pdf
            e=marge@example.com (Marge Simpson)
            c=IN IP4 168.2.17.12
            t=2873397496 2873404696
            m=audio 49170 RTP/SAVP 97
            a=rtpmap:97 opus/48000/2
            a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz|2^20|1:4 FEC_ORDER=FEC_SRTP

            """
        let context = Negotiating.context(.publish)
        var generator = SystemRandomNumberGenerator()
        #expect(throws: NegotiationError.noUsableCrypto(line: 9)) {
            try negotiateSDES(offer: offer, context: context, using: &generator)
        }
        let plain = offer.split(separator: "|1:4 FEC_ORDER=FEC_SRTP").joined()
        let media = try negotiateSDES(offer: plain, context: context, using: &generator)
        #expect(media.tracks[0].announcedAddress == SocketAddress("168.2.17.12:49170"))
    }
}
