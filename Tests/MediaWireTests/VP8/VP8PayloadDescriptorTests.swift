import MediaWire
import TestSupport
import Testing

/// RFC 7741 section 4.2; the examples are those of section 4.6.
@Suite struct VP8PayloadDescriptorTests {
    @Test func keyframeInOnePacket() throws {
        // X, S; I; picture id 17; payload header with H set, P = 0.
        let payload = hex("90 80 11 10 0200 9D012A 4001F000 00")
        let descriptor = try #require(VP8PayloadDescriptor(payload))
        #expect(descriptor.startOfPartition && !descriptor.nonReference)
        #expect(descriptor.partitionIndex == 0)
        #expect(descriptor.pictureID == 17)
        #expect(!descriptor.pictureIDIs15Bit)
        #expect(descriptor.byteCount == 3)
        #expect(descriptor.pictureIDOffset == 2)
        #expect(descriptor.tl0PictureIndexOffset == nil)
        #expect(descriptor.startsKeyframe(in: payload))
        let header = try #require(descriptor.frameHeader(in: payload))
        #expect(header.width == 320 && header.height == 240)
    }

    @Test func interFrameWithoutPictureID() throws {
        let payload = hex("10 11 0200")
        let descriptor = try #require(VP8PayloadDescriptor(payload))
        #expect(descriptor.startOfPartition && descriptor.partitionIndex == 0)
        #expect(descriptor.pictureID == nil && !descriptor.isExtended)
        #expect(descriptor.byteCount == 1)
        #expect(!descriptor.startsKeyframe(in: payload))
        #expect(descriptor.frameHeader(in: payload)?.isKeyframe == false)
    }

    @Test func partitionsInPacketsOfTheirOwn() throws {
        let first = try #require(VP8PayloadDescriptor(hex("90 80 11 10 0200 9D012A")))
        let second = try #require(VP8PayloadDescriptor(hex("91 80 11 AA")))
        #expect(first.startsFrame)
        #expect(second.startOfPartition && second.partitionIndex == 1 && !second.startsFrame)
        #expect(second.pictureID == first.pictureID)
        // Bit 0 of what follows is no P bit here.
        #expect(!second.startsKeyframe(in: hex("91 80 11 AA")))
    }

    @Test func fragmentsAfterTheFirstHaveNoStart() throws {
        let descriptor = try #require(VP8PayloadDescriptor(hex("80 80 11 00")))
        #expect(!descriptor.startOfPartition && !descriptor.startsFrame)
        #expect(!descriptor.startsKeyframe(in: hex("80 80 11 00")))
        #expect(descriptor.frameHeader(in: hex("80 80 11 00000000")) == nil)
    }

    @Test func longPictureID() throws {
        let descriptor = try #require(VP8PayloadDescriptor(hex("90 80 9111 00")))
        #expect(descriptor.pictureID == 4369)
        #expect(descriptor.pictureIDIs15Bit)
        #expect(descriptor.byteCount == 4)
    }

    @Test func everyFieldAtOnce() throws {
        // N, S, partition 5; I, L, T, K; 15 bits of id; TL0PICIDX; TID 2, Y, KEYIDX 19.
        let descriptor = try #require(VP8PayloadDescriptor(hex("B5 F0 FFFE 7B B3 00")))
        #expect(descriptor.nonReference && descriptor.startOfPartition && descriptor.partitionIndex == 5)
        #expect(descriptor.pictureID == 0x7FFE)
        #expect(descriptor.tl0PictureIndex == 0x7B)
        #expect(descriptor.temporalLayer == 2 && descriptor.layerSync && descriptor.keyIndex == 19)
        #expect(descriptor.byteCount == 6)
        #expect(descriptor.tl0PictureIndexOffset == 4)
        #expect(descriptor.layerByteOffset == 5)
    }

    /// TID and Y are void without T, KEYIDX without K, and reserved bits always.
    @Test func bitsWithoutTheirFlagAreIgnored() throws {
        let onlyT = try #require(VP8PayloadDescriptor(hex("90 2F FF 00")))
        #expect(onlyT.temporalLayer == 3 && onlyT.layerSync && onlyT.keyIndex == nil)
        let onlyK = try #require(VP8PayloadDescriptor(hex("D8 1F FF 00")))
        #expect(onlyK.temporalLayer == nil && !onlyK.layerSync && onlyK.keyIndex == 31)
        #expect(onlyK.byteCount == 3 && onlyK.layerByteOffset == 2)
    }

    @Test func anExtensionByteWithoutFieldsIsTwoBytes() throws {
        let descriptor = try #require(VP8PayloadDescriptor(hex("90 00 AA")))
        #expect(descriptor.byteCount == 2 && descriptor.isExtended)
        var writer = ByteWriter()
        descriptor.write(to: &writer)
        #expect(writer.bytes == hex("90 00"))
    }

    @Test func everyCutAndAnEmptyPayloadAreRefused() {
        let whole = hex("B5 F0 FFFE 7B B3 00")
        for length in 0..<whole.count {
            #expect(VP8PayloadDescriptor(Array(whole[..<length])) == nil, "\(length) bytes")
        }
        #expect(VP8PayloadDescriptor(whole) != nil)
        #expect(VP8PayloadDescriptor(hex("10")) == nil)
    }

    static func random(_ generator: inout SeededGenerator) -> VP8PayloadDescriptor {
        let layer = generator.optional { UInt8($0.below(4)) }
        var descriptor = VP8PayloadDescriptor(
            nonReference: generator.flag(), startOfPartition: generator.flag(),
            partitionIndex: UInt8(generator.below(8)),
            tl0PictureIndex: generator.optional { $0.integer() }, temporalLayer: layer,
            layerSync: layer != nil && generator.flag(), keyIndex: generator.optional { UInt8($0.below(32)) })
        descriptor.pictureIDIs15Bit = false
        if generator.flag() {
            descriptor.pictureIDIs15Bit = generator.flag()
            descriptor.pictureID = generator.integer(UInt16.self) & (descriptor.pictureIDIs15Bit ? 0x7FFF : 0x7F)
        }
        return descriptor
    }

    @Test(arguments: 0..<5)
    func bytesComeBackAsTheSameDescriptor(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        for _ in 0..<1000 {
            let descriptor = Self.random(&generator)
            var writer = ByteWriter()
            descriptor.write(to: &writer)
            #expect(writer.count == descriptor.byteCount, "seed \(seed)")
            #expect(VP8PayloadDescriptor(writer.bytes + [0]) == descriptor, "seed \(seed)")
        }
    }

    /// All descriptors of two bytes, with whatever follows: read within bounds, and written back where no reserved bit
    /// is set.
    @Test func everyFlagCombinationIsReadWithinBounds() {
        for first in 0...255 as ClosedRange<UInt8> {
            for second in 0...255 as ClosedRange<UInt8> {
                let bytes = [first, second, 0x81, 0x02, 0x03, 0xE4, 0x05]
                guard let descriptor = VP8PayloadDescriptor(bytes) else { Issue.record("\(first) \(second)"); continue }
                let extended = first & 0x80 != 0
                if first & 0x48 == 0 && (!extended || second & 0x3F == 0) {
                    var writer = ByteWriter()
                    descriptor.write(to: &writer)
                    #expect(writer.bytes == Array(bytes[..<descriptor.byteCount]))
                }
            }
        }
    }

    @Test func pictureIDsAreRewrittenInPlace() throws {
        var generator = SeededGenerator(seed: 2)
        for _ in 0..<500 {
            var descriptor = Self.random(&generator)
            var writer = ByteWriter()
            descriptor.write(to: &writer)
            let before = writer.bytes + generator.bytes(1...20)
            var payload = before
            let id: UInt16 = generator.integer()
            let index: UInt8 = generator.integer()
            if generator.flag() {
                var elements = payload.mutableSpan
                var span = elements.mutableBytes
                descriptor.rewritePictureID(id, in: &span)
                descriptor.rewriteTL0PictureIndex(index, in: &span)
            } else {
                payload.withUnsafeMutableBytes {
                    descriptor.rewritePictureID(id, in: $0)
                    descriptor.rewriteTL0PictureIndex(index, in: $0)
                }
            }
            let read = try #require(VP8PayloadDescriptor(payload))
            #expect(read == descriptor)
            #expect(
                read.pictureID
                    == VP8PayloadDescriptor(before)?.pictureID.map { _ in
                        id & (descriptor.pictureIDIs15Bit ? 0x7FFF : 0x7F)
                    })
            #expect(read.tl0PictureIndex == VP8PayloadDescriptor(before)?.tl0PictureIndex.map { _ in index })
            // Nothing else has changed.
            let touched = [
                descriptor.pictureIDOffset, descriptor.pictureIDIs15Bit ? 3 : nil, descriptor.tl0PictureIndexOffset,
            ]
            for offset in before.indices where !touched.contains(offset) { #expect(payload[offset] == before[offset]) }
            #expect(payload.count == before.count)
        }
    }

    @Test func rewritingAForeignShorterPayloadDoesNothing() {
        var descriptor = VP8PayloadDescriptor(
            startOfPartition: true, pictureID: 5, tl0PictureIndex: 6, temporalLayer: 0)
        for length in 0..<4 {
            var payload = [UInt8](repeating: 0xAA, count: length)
            payload.withUnsafeMutableBytes { descriptor.rewritePictureID(9, in: $0) }
            payload.withUnsafeMutableBytes { descriptor.rewriteTL0PictureIndex(9, in: $0) }
            #expect(payload == [UInt8](repeating: 0xAA, count: length))
        }
        #expect(descriptor.pictureID == 5 && descriptor.tl0PictureIndex == 6)
    }
}
