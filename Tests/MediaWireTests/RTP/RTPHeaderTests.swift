import MediaWire
import Testing

@Suite struct RTPHeaderTests {
    private func read(_ bytes: [UInt8]) -> (header: RTPHeader, payload: Range<Int>?)? {
        guard let header = RTPHeader(bytes) else { return nil }
        return (header, header.payloadRange(in: bytes))
    }

    @Test func readsTheFixedHeader() throws {
        let (header, payload) = try #require(read(hex("80E0 0A6D E349ED67 12345678 9080")))
        #expect(header.marker)
        #expect(header.payloadType == 96)
        #expect(header.sequenceNumber == SequenceNumber(0x0A6D))
        #expect(header.timestamp == RTPTimestamp(0xE349_ED67))
        #expect(header.ssrc == SSRC(0x1234_5678))
        #expect(!header.hasPadding && !header.hasExtension)
        #expect(header.contributingSourceCount == 0)
        #expect(header.headerLength == 12)
        #expect(payload == 12..<14)
    }

    @Test func contributingSourcesComeBeforeTheExtension() throws {
        let bytes = hex("92 60 0001 00000002 00000003  AAAAAAAA BBBBBBBB  BEDE0001 10FF0000  DEAD")
        let (header, payload) = try #require(read(bytes))
        #expect(header.contributingSourceCount == 2)
        #expect(header.extensionProfile == 0xBEDE)
        #expect(header.extensionOffset == 24)
        #expect(header.extensionLength == 4)
        #expect(header.headerLength == 28)
        #expect(payload == 28..<30)
    }

    @Test func anExtensionWithoutDataIsAnExtension() throws {
        for profile in ["0000", "BEDE", "1000", "1234"] {
            let (header, payload) = try #require(read(hex("90600001 00000002 00000003 \(profile)0000 07")))
            #expect(header.hasExtension)
            #expect(header.headerLength == 16)
            #expect(header.extensionOffset == 16)
            #expect(payload == 16..<17)
        }
    }

    @Test(arguments: ["00", "40", "C0"])
    func refusesOtherVersions(first: String) {
        #expect(read(hex(first + "600001 00000002 00000003")) == nil)
    }

    @Test func refusesEveryCut() {
        let bytes = hex("92600001 00000002 00000003 AAAAAAAA BBBBBBBB BEDE0001 10FF0000")
        for length in 0..<bytes.count { #expect(read(Array(bytes[..<length])) == nil, "\(length) bytes") }
        #expect(read(bytes)?.payload == 28..<28)
    }

    @Test func refusesAnExtensionLongerThanThePacket() {
        #expect(read(hex("90600001 00000002 00000003 BEDE0002 10FF0000")) == nil)
        #expect(read(hex("90600001 00000002 00000003 BEDEFFFF 10FF0000")) == nil)
    }

    @Test func paddingIsTakenOffThePayload() {
        #expect(read(hex("A0600001 00000002 00000003 0102 000003"))?.payload == 12..<14)
        #expect(read(hex("A0600001 00000002 00000003 000003"))?.payload == 12..<12)
        #expect(read(hex("A0600001 00000002 00000003 01"))?.payload == 12..<12)
    }

    @Test func aLyingPaddingCountHasNoPayload() throws {
        // Zero; longer than the payload; longer than the packet; no byte left to hold it.
        for bytes in [
            hex("A0600001 00000002 00000003 0100"), hex("A0600001 00000002 00000003 0103"),
            hex("A0600001 00000002 00000003 01FF"), hex("A0600001 00000002 00000001"),
        ] {
            let (_, payload) = try #require(read(bytes))
            #expect(payload == nil)
        }
    }
}
