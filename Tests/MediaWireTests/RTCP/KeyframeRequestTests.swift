import MediaWire
import Testing

/// PLI (RFC 4585 section 6.3.1) and FIR (RFC 5104 section 4.3.1).
@Suite struct KeyframeRequestTests {
    @Test func readsAndWritesAPictureLossIndication() throws {
        let bytes = hex("81CE0002 00000001 00000002")
        let indication = PictureLossIndication(senderSSRC: SSRC(1), mediaSSRC: SSRC(2))
        #expect(single(bytes) == .pictureLossIndication(indication))
        #expect(written(indication) == bytes)
        let head = try #require(heads(bytes)?.first)
        #expect(head.isPictureLossIndication && !head.isFullIntraRequest && !head.isGenericNACK)
        #expect(head.senderSSRC(in: bytes) == SSRC(1))
        #expect(head.mediaSSRC(in: bytes) == SSRC(2))
    }

    /// Section 6.3.1: the length is 2 and there is no control information.
    @Test(arguments: ["81CE0000", "81CE0001 00000001", "81CE0003 00000001 00000002 00000003"])
    func aPictureLossIndicationOfAnotherLengthIsRefused(text: String) throws {
        #expect(single(hex(text)) == nil)
        #expect(try #require(heads(hex(text))?.first).isPictureLossIndication == false)
    }

    @Test func readsAndWritesAFullIntraRequest() throws {
        let bytes = hex("84CE0006 00000001 00000000 AAAAAAAA 07000000 BBBBBBBB FF000000")
        let request = FullIntraRequest(
            senderSSRC: SSRC(1),
            entries: [
                .init(ssrc: SSRC(0xAAAA_AAAA), commandNumber: 7), .init(ssrc: SSRC(0xBBBB_BBBB), commandNumber: 255),
            ])
        #expect(single(bytes) == .fullIntraRequest(request))
        #expect(written(request) == bytes)
        let head = try #require(heads(bytes)?.first)
        #expect(head.fullIntraEntryCount == 2)
        #expect(head.fullIntraEntry(1, in: bytes) == request.entries[1])
        #expect(head.fullIntraEntry(2, in: bytes) == nil)
        #expect(head.fullIntraEntry(-1, in: bytes) == nil)
    }

    @Test func reservedBitsOfAFullIntraRequestAreIgnored() {
        let bytes = hex("84CE0004 00000001 00000000 AAAAAAAA 07FFFFFF")
        #expect(
            single(bytes)
                == .fullIntraRequest(
                    FullIntraRequest(senderSSRC: SSRC(1), entries: [.init(ssrc: SSRC(0xAAAA_AAAA), commandNumber: 7)])))
    }

    @Test(arguments: [
        "84CE0000", "84CE0001 00000001", "84CE0002 00000001 00000000", "84CE0003 00000001 00000000 AAAAAAAA",
    ])
    func aFullIntraRequestWithoutWholeEntriesIsRefused(text: String) throws {
        let bytes = hex(text)
        #expect(single(bytes) == nil)
        let head = try #require(heads(bytes)?.first)
        #expect(head.fullIntraEntryCount == 0)
        #expect(head.fullIntraEntry(0, in: bytes) == nil)
    }
}
