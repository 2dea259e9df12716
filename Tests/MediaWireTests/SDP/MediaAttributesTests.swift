import MediaWire
import Testing

@Suite struct MediaAttributesTests {
    private func media(_ fixture: String, _ index: Int) throws -> MediaDescription {
        try SessionDescription.parse(SDPFixture.text(fixture)).mediaDescriptions[index]
    }

    @Test func chromiumVideoIsReadAsTypedValues() throws {
        let video = try media("chromium156_vp8_whip_offer", 1)
        #expect(video.line.number == 45)
        #expect(video.port == 9 && video.protocolName == "UDP/TLS/RTP/SAVPF" && video.formats == ["96", "97"])
        #expect(video.rtpMaps[0] == RTPMap(payloadType: 96, encodingName: "VP8", clockRate: 90_000))
        #expect(video.formatParameters.first?.parameter("apt") == "96")
        #expect(video.rtcpFeedback.map(\.type) == ["goog-remb", "transport-cc", "ccm", "nack", "nack"])
        #expect(video.rtcpFeedback[4] == RTCPFeedback(payloadType: 96, type: "nack", parameter: "pli"))
        #expect(video.extensionMaps.first { $0.uri == RTPHeaderExtensionURI.mid }?.id == 4)
        #expect(video.ssrcs == [SSRC(3_543_101_359), SSRC(1_235_838_079)])
        #expect(video.ssrcGroups.map(\.semantics) == ["FID"])
        #expect(video.ssrcGroups.first?.ssrcs == video.ssrcs)
        #expect(video.cname == "OYRu6ClT/c9+0rsp")
        #expect(video.mid == "1" && video.rtcpMux && video.rtcpReducedSize && video.direction == .sendOnly)
        #expect(
            video.rtcp == RTCPAttribute(port: 9, connection: ConnectionData(addressType: "IP4", address: "0.0.0.0")))
        #expect(video.msid == "e5612eb9-71c5-4d9f-930d-c0fdb147f1bd a4317bdf-e190-4acd-8417-d54d8a4f5dc2")
        #expect(video.setup == "actpass" && video.iceUfrag == "/HNQ" && video.icePwd == "tWTHVjY6isWQysi+dqTF02rO")
        #expect(video.fingerprints.first?.hasPrefix("sha-256 16:7F") == true)
        #expect(try media("chromium156_vp8_whip_offer", 0).candidates.count == 6)
    }

    @Test func firefoxOfferIsReadAsTypedValues() throws {
        let session = try SessionDescription.parse(SDPFixture.text("firefox153_vp8_whip_offer"))
        #expect(session.bundledMids == ["0", "1"])
        #expect(session.direction == .sendReceive)
        let audio = session.mediaDescriptions[0]
        #expect(audio.extensionMaps.contains { $0.id == 2 && $0.direction == .receiveOnly })
        #expect(audio.fmtp("109") == "maxplaybackrate=48000;stereo=1;useinbandfec=1")
        #expect(audio.rtpMaps.first?.isCodec("OPUS", clockRate: 48_000, channels: 2) == true)
        #expect(audio.rtcp?.port == 36_714)
        #expect(session.announcedAddress(of: audio) == SocketAddress("192.0.2.2:33597"))
        let video = session.mediaDescriptions[1]
        #expect(video.isBundleOnly && video.port == 0)
        #expect(session.announcedAddress(of: video) == nil)
    }

    @Test func typedValuesWriteTheLineTheyWereReadFrom() throws {
        for name in SDPFixture.names {
            for media in try SessionDescription.parse(SDPFixture.text(name)).mediaDescriptions {
                #expect(media.rtcpFeedback.map(\.attribute) == media.attributes.filter { $0.name == "rtcp-fb" })
                #expect(media.extensionMaps.map(\.attribute) == media.attributes.filter { $0.name == "extmap" })
                #expect(media.ssrcAttributes.map(\.attribute) == media.attributes.filter { $0.name == "ssrc" })
                #expect(media.cryptoAttributes.map(\.attribute) == media.attributes.filter { $0.name == "crypto" })
                // "G722/8000/1" may be written without its "/1".
                let maps = media.attributes.filter { $0.name == "rtpmap" && $0.value?.hasSuffix("/1") == false }
                #expect(media.rtpMaps.map(\.attribute).filter(maps.contains) == maps)
            }
        }
    }

    @Test(arguments: [
        "rtpmap:96", "rtpmap:96 VP8", "rtpmap:128 VP8/90000", "rtpmap:-1 VP8/90000", "rtpmap:96 VP8/0",
        "rtpmap:96 /90000",
        "rtpmap:96 VP8/4294967296", "rtpmap:96 VP8/90000/0", "rtpmap:96 opus/48000/2/2", "rtpmap:96 opus/48000/+2",
        "rtcp-fb:96", "rtcp-fb:x nack", "rtcp-fb:200 nack", "extmap:0 urn:x", "extmap:1", "extmap:65536 urn:x",
        "extmap:1/up urn:x", "ssrc:1", "ssrc:x cname:a", "ssrc:4294967296 cname:a", "ssrc:1 :a", "ssrc-group:FID",
        "ssrc-group:FID 1 x", "rtcp:x", "rtcp:1 IN IP4", "rtcp:65536", "fmtp:96",
    ])
    func malformedValuesAreLeftOut(_ attribute: String) throws {
        let media = try SessionDescription.parse(Sample.session + "m=video 9 RTP/SAVP 96\na=\(attribute)\n")
            .mediaDescriptions[0]
        #expect(media.rtpMaps.isEmpty && media.rtcpFeedback.isEmpty && media.extensionMaps.isEmpty)
        #expect(media.ssrcs.isEmpty && media.ssrcGroups.isEmpty && media.rtcp == nil && media.formatParameters.isEmpty)
    }

    @Test func directionsAreSeenFromBothSides() {
        #expect(StreamDirection.allCases.map(\.reversed) == [.sendReceive, .receiveOnly, .sendOnly, .inactive])
        #expect(StreamDirection.allCases.map(\.sends) == [true, true, false, false])
        #expect(StreamDirection.allCases.map(\.receives) == [true, false, true, false])
    }
}
