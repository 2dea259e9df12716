import MediaWire
import Testing

/// BYE (RFC 3550 section 6.6).
@Suite struct GoodbyeTests {
    @Test func readsAndWritesSourcesAndReason() {
        // The reason that RFC 3550 gives as an example.
        let bytes = hex("82CB0007 00000001 00000002 12 63616D657261206D616C66756E6374696F6E 00")
        #expect(bytes.count == 32)
        let goodbye = Goodbye(sources: [SSRC(1), SSRC(2)], reason: "camera malfunction")
        #expect(single(bytes) == .goodbye(goodbye))
        #expect(written(goodbye) == bytes)
    }

    @Test func withoutReasonAndWithoutSources() {
        #expect(single(hex("81CB0001 00000001")) == .goodbye(Goodbye(sources: [SSRC(1)])))
        #expect(single(hex("80CB0000")) == .goodbye(Goodbye(sources: [])))
        #expect(single(hex("81CB0002 00000001 00000000")) == .goodbye(Goodbye(sources: [SSRC(1)], reason: "")))
        #expect(written(Goodbye(sources: [])) == hex("80CB0000"))
    }

    @Test(arguments: [
        "82CB0001 00000001", "9FCB0001 00000001", "81CB0000", "81CB0002 00000001 04616263",
        "81CB0002 00000001 FF616263",
        "81CB0003 00000001 03616263 00000000", "81CB0003 00000001 00000000 00000000",
    ])
    func brokenOnesAreRefused(text: String) {
        #expect(single(hex(text)) == nil)
    }

    @Test func aLyingCountNamesOnlyWhatIsThere() throws {
        let bytes = hex("9FCB0002 00000001 00000002") + hex("80C90001 00000003")
        let head = try #require(heads(bytes)?.first)
        #expect(head.goodbyeSourceCount == 2)
        #expect((0..<4).map { head.goodbyeSource($0, in: bytes) } == [SSRC(1), SSRC(2), nil, nil])
        #expect(head.goodbyeSource(-1, in: bytes) == nil)
        #expect(head.senderSSRC(in: bytes) == nil)
    }

    @Test func brokenUTF8IsRepaired() {
        guard case .goodbye(let goodbye) = single(hex("80CB0001 03FF6100")) else { Issue.record("not read"); return }
        #expect(goodbye.reason == "\u{FFFD}a\0")
    }

    @Test func aLongReasonIsCutAndManySourcesGoOn() throws {
        let goodbye = Goodbye(sources: (0..<33).map { SSRC($0) }, reason: String(repeating: "ä", count: 200))
        let bytes = written(goodbye)
        let packets = try #require(RTCPPacket.parseCompound(bytes, allowReducedSize: true))
        let short = String(repeating: "ä", count: 127)
        #expect(
            packets == [
                .goodbye(Goodbye(sources: (0..<31).map { SSRC($0) }, reason: short)),
                .goodbye(Goodbye(sources: [SSRC(31), SSRC(32)], reason: short)),
            ])
    }
}
