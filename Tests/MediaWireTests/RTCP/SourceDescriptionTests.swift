import MediaWire
import Testing

/// SDES (RFC 3550 section 6.5).
@Suite struct SourceDescriptionTests {
    @Test func writesACNAME() {
        // 4 + 2 + 6 bytes are aligned already, so a whole word of zeros ends the list.
        let description = SourceDescription(ssrc: SSRC(0x0102_0304), cname: "lens@a")
        #expect(written(description) == hex("81CA0004 01020304 0106 6C656E734061 00000000"))
        #expect(single(written(description)) == .sourceDescription(description))
        #expect(description.chunks.first?.cname == "lens@a")
    }

    @Test func readsSeveralChunksAndItems() {
        let bytes = hex("82CA0006  00000001 0103616263 06026465 000000  00000002 00000000")
        guard case .sourceDescription(let description) = single(bytes) else { Issue.record("not read"); return }
        #expect(
            description.chunks == [
                .init(ssrc: SSRC(1), items: [.init(.cname, text: "abc"), .init(.tool, text: "de")]),
                .init(ssrc: SSRC(2), items: []),
            ])
        #expect(written(description) == bytes)
    }

    @Test func privateItemsAreKeptWhole() {
        let description = SourceDescription(chunks: [
            .init(ssrc: SSRC(1), items: [.init(type: .privateExtension, value: [2, 0x78, 0x2D, 0xFF, 0xFE])])
        ])
        #expect(single(written(description)) == .sourceDescription(description))
    }

    @Test(arguments: [
        ("82CA0003 00000001 01026162 00000000", "two chunks promised, one there"),
        ("80CA0003 00000001 01026162 00000000", "no chunk promised, one there"),
        ("81CA0003 00000001 01FF6162 00000000", "item past the end"),
        ("81CA0002 00000001 01026162", "no end of the list"),
        ("81CA0000", "no source"),
        ("81CA0001 00000001", "no list"),
        ("81CA0004 00000001 01016100 00000000 00000000", "bytes left over"),
    ])
    func brokenOnesAreRefused(text: String, what: String) {
        #expect(single(hex(text)) == nil, "\(what)")
    }

    @Test func longTextIsCutBehindAWholeCharacter() {
        let text = String(repeating: "a", count: 253) + "€€"
        let item = SourceDescription.Item(.name, text: text)
        #expect(item.value.count == 253)
        #expect(SourceDescription.Item(.name, text: String(repeating: "ö", count: 200)).value.count == 254)
        #expect(SourceDescription.Item(.name, text: String(repeating: "a", count: 255)).value.count == 255)
        let raw = SourceDescription(chunks: [
            .init(ssrc: SSRC(1), items: [.init(type: .note, value: [UInt8](repeating: 7, count: 300))])
        ])
        guard case .sourceDescription(let read) = single(written(raw)) else { Issue.record("not read"); return }
        #expect(read.chunks.first?.items.first?.value.count == 255)
    }

    @Test func itemTypeZeroIsNotWritten() {
        let bytes = written(
            SourceDescription(chunks: [
                .init(ssrc: SSRC(1), items: [.init(type: .init(rawValue: 0), value: [1]), .init(.cname, text: "a")])
            ]))
        #expect(bytes == hex("81CA0002 00000001 01016100"))
    }

    @Test func moreThan31ChunksGoOn() throws {
        let chunks = (0..<40).map { SourceDescription.Chunk(ssrc: SSRC($0), items: [.init(.cname, text: "c\($0)")]) }
        let bytes = written(SourceDescription(chunks: chunks))
        let packets = try #require(RTCPPacket.parseCompound(bytes, allowReducedSize: true))
        let found = packets.flatMap { packet -> [SourceDescription.Chunk] in
            if case .sourceDescription(let description) = packet { description.chunks } else { [] }
        }
        #expect(packets.count == 2)
        #expect(found == chunks)
    }
}
