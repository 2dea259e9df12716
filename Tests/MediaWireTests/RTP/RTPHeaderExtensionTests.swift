import MediaWire
import Testing

@Suite struct RTPHeaderExtensionTests {
    private func elements(_ profile: String, _ data: String) throws -> [RTPPacket.HeaderExtension] {
        let data = hex(data)
        try #require(data.count % 4 == 0)
        let head = hex("90600001 00000002 00000003 \(profile)") + [0, UInt8(data.count / 4)]
        let bytes = head + data + [0x55]
        let header = try #require(RTPHeader(bytes))
        var reader = RTPHeaderExtensionReader(header, in: bytes.rawSpan)
        var found: [RTPPacket.HeaderExtension] = []
        while let element = reader.next() {
            found.append(RTPPacket.HeaderExtension(id: element.id, data: Array(bytes[element.range])))
        }
        let again = reader.next()
        #expect(again == nil)
        for element in found {
            let range = try #require(header.extensionElement(element.id, in: bytes))
            #expect(found.first { $0.id == element.id }?.data == Array(bytes[range]))
        }
        return found
    }

    /// The layout of the example in RFC 8285 section 4.2: L=0, L=1, two padding bytes, L=3.
    @Test func readsTheOneByteExample() throws {
        let found = try elements("BEDE", "10 A0  21 B0B1  00 00  33 C0C1C2C3")
        #expect(
            found == [
                .init(id: 1, data: [0xA0]), .init(id: 2, data: [0xB0, 0xB1]),
                .init(id: 3, data: [0xC0, 0xC1, 0xC2, 0xC3]),
            ])
    }

    /// The layout of the example in RFC 8285 section 4.3: L=0, L=1, one padding byte, L=4; any appbits.
    @Test(arguments: ["1000", "1001", "100F"])
    func readsTheTwoByteExample(profile: String) throws {
        let found = try elements(profile, "01 00  02 01 B0  00  03 04 C0C1C2C3")
        #expect(
            found == [
                .init(id: 1, data: []), .init(id: 2, data: [0xB0]), .init(id: 3, data: [0xC0, 0xC1, 0xC2, 0xC3]),
            ])
    }

    @Test(arguments: ["0000", "BEDF", "1010", "0FFF", "ABAC"])
    func otherProfilesHaveNoElements(profile: String) throws {
        #expect(try elements(profile, "10A00000").isEmpty)
    }

    @Test func id15EndsTheWalk() throws {
        #expect(try elements("BEDE", "10A0 F0B0 20C0 0000") == [.init(id: 1, data: [0xA0])])
        // Two-byte ids are whole bytes: 15 and 240 are ids like any other.
        #expect(try elements("1000", "0F01A0 F001B0 0000").map(\.id) == [15, 240])
    }

    /// RFC 8285 section 4.2: id 0 with a length is no padding; its length is ignored and nothing behind it counts.
    @Test func id0WithALengthEndsTheWalk() throws {
        #expect(try elements("BEDE", "10A0 01B0B1 20C0 00") == [.init(id: 1, data: [0xA0])])
    }

    @Test func anElementPastTheEndIsLeftOut() throws {
        #expect(try elements("BEDE", "10A0 2FB0") == [.init(id: 1, data: [0xA0])])
        #expect(try elements("1000", "0101A0 0200 03FF 00") == [.init(id: 1, data: [0xA0]), .init(id: 2, data: [])])
        // The id's length byte would lie behind the extension, in the payload.
        #expect(try elements("1000", "0101A0 02") == [.init(id: 1, data: [0xA0])])
        #expect(try elements("BEDE", "10A00020") == [.init(id: 1, data: [0xA0])])
    }

    @Test func theLongestOneByteElementIsSixteenBytes() throws {
        let data = Array(repeating: UInt8(0x77), count: 16)
        let found = try elements("BEDE", "EF" + data.map { String($0, radix: 16) }.joined() + "000000")
        #expect(found == [.init(id: 14, data: data)])
    }

    @Test func paddingAloneIsNothing() throws {
        #expect(try elements("BEDE", "00000000 00000000").isEmpty)
        #expect(try elements("1000", "00000000").isEmpty)
        #expect(try elements("BEDE", "").isEmpty)
    }
}
