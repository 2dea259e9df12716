import MediaWire
import TestSupport
import Testing

@Suite struct RTPPacketTests {
    static func random(_ generator: inout SeededGenerator) -> RTPPacket {
        let oneByte = generator.flag()
        return RTPPacket(
            marker: generator.flag(), payloadType: generator.integer() & 0x7F,
            sequenceNumber: SequenceNumber(generator.integer()), timestamp: RTPTimestamp(generator.integer()),
            ssrc: generator.ssrc(), contributingSources: generator.list(0...15) { $0.ssrc() },
            extensions: generator.list(0...5) {
                oneByte
                    ? .init(id: UInt8(1 + $0.below(14)), data: $0.bytes(1...16))
                    : .init(id: UInt8(1 + $0.below(255)), data: $0.bytes(0...255))
            },
            payload: generator.bytes(0...60), paddingLength: generator.flag() ? 0 : generator.integer())
    }

    @Test(arguments: 0..<10)
    func bytesComeBackAsTheSamePacket(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        for _ in 0..<200 {
            let packet = Self.random(&generator)
            let bytes = packet.serialized()
            let parsed = RTPPacket(bytes)
            #expect(parsed == packet, "seed \(seed)")
        }
    }

    @Test func writesTheFormOfTheWire() {
        let packet = RTPPacket(
            marker: true, payloadType: 111, sequenceNumber: SequenceNumber(0x1234), timestamp: RTPTimestamp(0x01020304),
            ssrc: SSRC(0xAABB_CCDD), contributingSources: [SSRC(7)],
            extensions: [.init(id: 1, data: [0xA0]), .init(id: 2, data: [0xB0, 0xB1])], payload: [9, 8],
            paddingLength: 2)
        #expect(
            packet.serialized() == hex("B1EF1234 01020304 AABBCCDD 00000007 BEDE0002 10A0 21B0B1 000000 0908 0002"))
    }

    @Test func takesTheTwoByteFormOnlyWhereNeeded() {
        func profile(_ id: UInt8, _ count: Int) -> [UInt8] {
            let element = RTPPacket.HeaderExtension(id: id, data: [UInt8](repeating: 1, count: count))
            let packet = RTPPacket(
                payloadType: 96, sequenceNumber: SequenceNumber(0), timestamp: RTPTimestamp(0), ssrc: SSRC(0),
                extensions: [element], payload: [])
            return Array(packet.serialized()[12..<14])
        }
        #expect(profile(14, 16) == [0xBE, 0xDE])
        #expect(profile(15, 1) == [0x10, 0x00])
        #expect(profile(1, 17) == [0x10, 0x00])
        #expect(profile(1, 0) == [0x10, 0x00])
    }

    @Test func idZeroIsNotWritten() {
        let packet = RTPPacket(
            payloadType: 96, sequenceNumber: SequenceNumber(0), timestamp: RTPTimestamp(0), ssrc: SSRC(0),
            extensions: [.init(id: 0, data: [1, 2])], payload: [5])
        #expect(packet.serialized() == hex("80600000 00000000 00000000 05"))
    }

    /// What may be read may be written and is then read the same; nothing traps.
    @Test(arguments: 0..<10)
    func mutatedPacketsNeverTrap(seed: UInt64) {
        var mutator = Mutator(seed: seed)
        let packets = (0..<20).map { _ in Self.random(&mutator.generator).serialized() }
        var read = 0
        for _ in 0..<1500 {
            let bytes = mutator.mutate(packets[mutator.generator.below(packets.count)], splicing: packets)
            _ = DatagramKind(bytes)
            guard let header = RTPHeader(bytes) else { continue }
            #expect(Int(header.headerLength) <= bytes.count, "seed \(seed)")
            var reader = RTPHeaderExtensionReader(header, in: bytes.rawSpan)
            var end = Int(header.extensionOffset)
            while let element = reader.next() {
                #expect(element.range.lowerBound > end, "seed \(seed)")
                end = element.range.upperBound
            }
            #expect(end <= Int(header.headerLength), "seed \(seed)")
            guard let packet = RTPPacket(bytes) else { continue }
            read += 1
            let written = packet.serialized()
            let again = RTPPacket(written)
            #expect(again == packet, "seed \(seed)")
        }
        #expect(read > 100, "seed \(seed)")
    }

    /// A header that was read from another, longer packet reads nothing outside the shorter one.
    @Test func aForeignHeaderIsHarmless() throws {
        var generator = SeededGenerator(seed: 3)
        for _ in 0..<300 {
            let long = Self.random(&generator).serialized()
            let header = try #require(RTPHeader(long))
            let short = generator.bytes(0...40)
            var reader = RTPHeaderExtensionReader(header, in: short.rawSpan)
            while reader.next() != nil {}
            let payload = header.payloadRange(in: short)
            #expect(payload.map { $0.upperBound <= short.count } ?? true)
        }
    }
}
