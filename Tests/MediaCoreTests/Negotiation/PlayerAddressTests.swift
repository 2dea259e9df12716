import MediaCore
import MediaWire
import Testing

/// Media goes to a player's announced address only where the request came from, or where the operator allows.
@Suite struct PlayerAddressTests {
    private func offer(_ connection: String, port: Int = 40_000, rtcp: String = "a=rtcp-mux") -> OfferText {
        var offer = OfferText()
        offer.session[3] = "c=\(connection)"
        offer.media = [
            [
                "m=video \(port) RTP/SAVPF 96", "a=rtpmap:96 VP8/90000", "a=recvonly", rtcp,
                "a=crypto:1 AEAD_AES_128_GCM \(OfferText.key128)",
            ]
        ]
        return offer
    }

    private func refusal(
        _ offer: OfferText, client: String, allowed: [String] = [], mediaAddresses: [IPAddress] = [.loopbackV4]
    ) -> NegotiationError? {
        var context = Negotiating.context(.play)
        context.clientAddress = IPAddress(client)
        context.allowedPlayers = allowed.compactMap { IPNetwork($0) }
        context.mediaAddresses = mediaAddresses
        return Negotiating.refusal(offer, context)
    }

    private func forbidden(_ address: String) -> NegotiationError? {
        SocketAddress(address).map { NegotiationError.playerAddressForbidden($0) }
    }

    @Test func theClientsOwnAddressIsTaken() {
        #expect(refusal(offer("IN IP4 192.0.2.7"), client: "192.0.2.7") == nil)
        #expect(refusal(offer("IN IP4 192.0.2.7"), client: "::ffff:192.0.2.7") == nil)
        #expect(refusal(offer("IN IP6 ::ffff:192.0.2.7"), client: "192.0.2.7") == nil)
        #expect(refusal(offer("IN IP6 2001:db8::7"), client: "2001:db8::7") == nil)
    }

    @Test func anotherAddressIsForbidden() {
        #expect(refusal(offer("IN IP4 192.0.2.8"), client: "192.0.2.7") == forbidden("192.0.2.8:40000"))
        #expect(refusal(offer("IN IP6 2001:db8::8"), client: "2001:db8::7") == forbidden("[2001:db8::8]:40000"))
        #expect(refusal(offer("IN IP4 127.0.0.1"), client: "::1") == forbidden("127.0.0.1:40000"))
        #expect(refusal(offer("IN IP4 255.255.255.255"), client: "192.0.2.7") == forbidden("255.255.255.255:40000"))
    }

    @Test func anUnknownClientMaySendNowhere() {
        #expect(refusal(offer("IN IP4 192.0.2.8"), client: "none") == forbidden("192.0.2.8:40000"))
    }

    @Test func theOperatorMayAllowNetworks() {
        #expect(
            refusal(offer("IN IP4 192.0.2.8"), client: "198.51.100.1", allowed: ["10.0.0.0/8", "192.0.2.0/24"]) == nil)
        #expect(
            refusal(offer("IN IP4 192.0.3.8"), client: "198.51.100.1", allowed: ["192.0.2.0/24"])
                == forbidden("192.0.3.8:40000"))
        #expect(refusal(offer("IN IP6 2001:db8::8"), client: "198.51.100.1", allowed: ["2001:db8::/32"]) == nil)
    }

    @Test func theAddressForRTCPIsHeldToTheSameRule() {
        let elsewhere = offer("IN IP4 192.0.2.7", rtcp: "a=rtcp:40001 IN IP4 203.0.113.5")
        #expect(refusal(elsewhere, client: "192.0.2.7") == forbidden("203.0.113.5:40001"))
        #expect(refusal(offer("IN IP4 192.0.2.7", rtcp: "a=rtcp:40001"), client: "192.0.2.7") == nil)
    }

    @Test func theRelayNeverSendsToItself() {
        #expect(refusal(offer("IN IP4 127.0.0.1", port: 7_000), client: "127.0.0.1") == forbidden("127.0.0.1:7000"))
        #expect(
            refusal(offer("IN IP4 127.0.0.1", port: 6_999, rtcp: "a=x"), client: "127.0.0.1")
                == forbidden("127.0.0.1:7000"))
    }

    @Test func aPlayerMustNameAnAddress() {
        for connection in ["IN IP4 0.0.0.0", "IN IP6 ::", "IN IP4 player.example"] {
            #expect(refusal(offer(connection), client: "192.0.2.7") == .playerAddressMissing(line: 6))
        }
        #expect(refusal(offer("IN IP4 192.0.2.7", port: 9), client: "192.0.2.7") == .playerAddressMissing(line: 6))
        #expect(refusal(offer("IN IP4 192.0.2.7", port: 0), client: "192.0.2.7") == .noMedia)
    }

    @Test func theMediasOwnAddressCountsNotTheSessions() {
        var offer = offer("IN IP4 192.0.2.7")
        offer.media[0].insert("c=IN IP4 203.0.113.5", at: 1)
        #expect(refusal(offer, client: "192.0.2.7") == forbidden("203.0.113.5:40000"))
        #expect(refusal(offer, client: "203.0.113.5") == nil)
    }

    @Test func anAllowedPlayerOfTheOtherFamilyIsAnsweredInItsOwn() throws {
        var context = Negotiating.context(.play)
        context.clientAddress = IPAddress("192.0.2.7")
        context.allowedPlayers = [try #require(IPNetwork("2001:db8::/32"))]
        let media = try Negotiating.negotiate(offer("IN IP6 2001:db8::8"), context)
        #expect(media.answer.mediaDescriptions[0].connection?.ipAddress == .loopbackV6)
    }
}
