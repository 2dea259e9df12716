import MediaWire
import TestSupport
import Testing

/// Framing of Opus packets (RFC 6716 section 3).
@Suite struct OpusPacketTests {
    /// The whole of table 2 in RFC 6716 section 3.1.
    @Test(arguments: 0...31 as ClosedRange<UInt8>)
    func everyConfigurationHasItsModeBandwidthAndLength(configuration: UInt8) {
        let toc = OpusTOC(rawValue: configuration << 3)
        let index = Int(configuration)
        switch index {
        case 0..<12:
            #expect(toc.mode == .silk)
            #expect(toc.bandwidth == [.narrow, .medium, .wide][index / 4])
            #expect(toc.samplesPerFrame == [480, 960, 1920, 2880][index % 4])
        case 12..<16:
            #expect(toc.mode == .hybrid)
            #expect(toc.bandwidth == [.superWide, .full][(index - 12) / 2])
            #expect(toc.samplesPerFrame == [480, 960][index % 2])
        default:
            #expect(toc.mode == .celt)
            #expect(toc.bandwidth == [.narrow, .wide, .superWide, .full][(index - 16) / 4])
            #expect(toc.samplesPerFrame == [120, 240, 480, 960][index % 4])
        }
        #expect(OpusPacket.duration([configuration << 3, 0]) == toc.samplesPerFrame)
        #expect(OpusPacket.channelCount([configuration << 3, 0]) == 1)
        #expect(OpusPacket.channelCount([configuration << 3 | 4, 0]) == 2)
    }

    @Test func r1AtLeastOneByte() {
        #expect(OpusPacket.duration([]) == nil)
        #expect(OpusPacket.channelCount([]) == nil)
        #expect(OpusPacket.frames([]) == nil)
        // A lone TOC byte is a frame of no bytes: DTX.
        #expect(OpusPacket.frames(hex("78")) == [1..<1])
        #expect(OpusPacket.duration(hex("78")) == 960)
    }

    @Test func r2NoImplicitLengthOver1275() {
        func packet(_ head: String, _ count: Int) -> [UInt8] { hex(head) + [UInt8](repeating: 0, count: count) }
        #expect(OpusPacket.frameCount(packet("78", 1275)) == 1)
        #expect(OpusPacket.frameCount(packet("78", 1276)) == nil)
        #expect(OpusPacket.frameCount(packet("79", 2550)) == 2)
        #expect(OpusPacket.frameCount(packet("79", 2552)) == nil)
        #expect(OpusPacket.frameCount(packet("7A00", 1275)) == 2)
        #expect(OpusPacket.frameCount(packet("7A00", 1276)) == nil)
        #expect(OpusPacket.frameCount(packet("7B02", 2550)) == 2)
        #expect(OpusPacket.frameCount(packet("7B02", 2552)) == nil)
        #expect(OpusPacket.frameCount(packet("7B8200", 1275)) == 2)
        #expect(OpusPacket.frameCount(packet("7B8200", 1276)) == nil)
    }

    @Test func r3Code1NeedsTwoEqualFrames() {
        #expect(OpusPacket.frames(hex("79 AABB")) == [1..<2, 2..<3])
        #expect(OpusPacket.duration(hex("79 AABB")) == 1920)
        #expect(OpusPacket.frames(hex("79")) == [1..<1, 1..<1])
        #expect(OpusPacket.frames(hex("79 AABBCC")) == nil)
    }

    @Test func r4Code2NeedsItsFirstLength() {
        #expect(OpusPacket.frames(hex("7A 01 AA BBCC")) == [2..<3, 3..<5])
        #expect(OpusPacket.frames(hex("7A 02 AABB")) == [2..<4, 4..<4])
        #expect(OpusPacket.frames(hex("7A 00")) == [2..<2, 2..<2])
        #expect(OpusPacket.frames(hex("7A")) == nil)
        #expect(OpusPacket.frames(hex("7A 03 AABB")) == nil)
        #expect(OpusPacket.frames(hex("7A FC")) == nil)
        #expect(OpusPacket.frames(hex("7A FC 00 AA")) == nil)
        let long = hex("7A FD 01") + [UInt8](repeating: 0, count: 258)
        #expect(OpusPacket.frames(long) == [3..<260, 260..<261])
    }

    @Test func r5Code3HasFramesAndAtMost120Milliseconds() {
        #expect(OpusPacket.frames(hex("7B")) == nil)
        #expect(OpusPacket.frames(hex("7B 00")) == nil)
        #expect(OpusPacket.duration(hex("7B 06")) == 5760)
        #expect(OpusPacket.duration(hex("7B 07")) == nil)
        #expect(OpusPacket.duration(hex("1B 02")) == 5760)
        #expect(OpusPacket.duration(hex("1B 03")) == nil)
        // CELT, 2.5 ms: 48 frames.
        #expect(OpusPacket.duration(hex("83 30")) == 5760)
        #expect(OpusPacket.duration(hex("83 31")) == nil)
        #expect(OpusPacket.duration(hex("83 3F")) == nil)
    }

    @Test func r6EqualFramesDivideWhatPaddingLeaves() {
        #expect(OpusPacket.frames(hex("7B 03 AABBCC")) == [2..<3, 3..<4, 4..<5])
        #expect(OpusPacket.frames(hex("7B 03 AABBCCDD")) == nil)
        // One byte that says 1, one byte of padding.
        #expect(OpusPacket.frames(hex("7B 43 01 AABBCC 00")) == [3..<4, 4..<5, 5..<6])
        #expect(OpusPacket.frames(hex("7B 43 02 AABBCC 00")) == nil)
        // Padding that takes all, and one byte more.
        #expect(OpusPacket.frames(hex("7B 42 02 0000")) == [3..<3, 3..<3])
        #expect(OpusPacket.frames(hex("7B 42 03 0000")) == nil)
        #expect(OpusPacket.frames(hex("7B 42")) == nil)
        #expect(OpusPacket.frames(hex("7B 42 FF")) == nil)
    }

    /// Section 3.2.5: 255 counts 254 and goes on.
    @Test func paddingLengthsGoOnAfter255() {
        let padded = hex("7B 41 FF 02 AA") + [UInt8](repeating: 0, count: 256)
        #expect(OpusPacket.frames(padded) == [4..<5])
        #expect(OpusPacket.frames(Array(padded.dropLast())) == [4..<4])
        #expect(OpusPacket.frames(Array(padded.dropLast(2))) == nil)
        let exactly254 = hex("7B 41 FE AA") + [UInt8](repeating: 0, count: 254)
        #expect(OpusPacket.frames(exactly254) == [3..<4])
        let zeroMore = hex("7B 41 FF 00 AA") + [UInt8](repeating: 0, count: 254)
        #expect(OpusPacket.frames(zeroMore) == [4..<5])
    }

    @Test func r7LengthsAndFramesFitInFrontOfThePadding() {
        #expect(OpusPacket.frames(hex("7B 83 01 02 AA BBCC DDEEFF")) == [4..<5, 5..<7, 7..<10])
        #expect(OpusPacket.frames(hex("7B 83 01 02 AA BBCC")) == [4..<5, 5..<7, 7..<7])
        #expect(OpusPacket.frames(hex("7B 83 01 02 AA BB")) == nil)
        #expect(OpusPacket.frames(hex("7B 83 01")) == nil)
        #expect(OpusPacket.frames(hex("7B C2 02 01 AA BB 0000")) == [4..<5, 5..<6])
        #expect(OpusPacket.frames(hex("7B C2 02 02 AA 0000")) == nil)
        // A length byte that the padding would hold.
        #expect(OpusPacket.frames(hex("7B C2 01 00")) == nil)
        #expect(OpusPacket.frames(hex("7B 81 AA")) == [2..<3])
    }

    /// What the packet is made of, and its bytes by the rules of section 3.2.
    private static func random(_ generator: inout SeededGenerator) -> (packet: [UInt8], frames: [[UInt8]], toc: OpusTOC)
    {
        let code = UInt8(generator.below(4))
        let toc = OpusTOC(rawValue: UInt8(generator.below(32)) << 3 | (generator.flag() ? 4 : 0) | code)
        func length(_ generator: inout SeededGenerator) -> Int {
            [0, 1, 251, 252, 255, 256, 1275, generator.below(1276)][generator.below(8)]
        }
        let most = OpusPacket.maximumSamples / toc.samplesPerFrame
        let count = [1, 2, 2, 1 + generator.below(most)][Int(code)]
        let isEqual = code == 1 || code == 3 && generator.flag()
        let common = length(&generator)
        let frames = (0..<count).map { _ in
            let size = isEqual ? common : length(&generator)
            return generator.bytes(size...size)
        }
        func lengthBytes(_ length: Int) -> [UInt8] {
            if length < 252 { return [UInt8(length)] }
            let first = 252 + (length & 3)
            return [UInt8(first), UInt8((length - first) / 4)]
        }
        var packet = [toc.rawValue]
        var padding = 0
        if code == 3 {
            let isPadded = generator.flag()
            packet.append(UInt8(count) | (isEqual ? 0 : 0x80) | (isPadded ? 0x40 : 0))
            if isPadded {
                padding = [0, 1, 254, 255, 508, generator.below(700)][generator.below(6)]
                var rest = padding
                while rest > 254 { packet.append(255); rest -= 254 }
                packet.append(UInt8(rest))
            }
        }
        if code == 2 || code == 3 && !isEqual {
            for frame in frames.dropLast() { packet += lengthBytes(frame.count) }
        }
        return (packet + frames.joined() + [UInt8](repeating: 0, count: padding), frames, toc)
    }

    @Test(arguments: 0..<10)
    func framesAreFoundWhereTheyWerePut(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        for _ in 0..<60 {
            let (packet, frames, toc) = Self.random(&generator)
            let ranges = try #require(OpusPacket.frames(packet), "seed \(seed)")
            #expect(ranges.map { Array(packet[$0]) } == frames, "seed \(seed)")
            #expect(OpusPacket.frameCount(packet) == frames.count, "seed \(seed)")
            #expect(OpusPacket.duration(packet) == frames.count * toc.samplesPerFrame, "seed \(seed)")
            #expect(OpusPacket.channelCount(packet) == (toc.isStereo ? 2 : 1), "seed \(seed)")
        }
    }

    @Test(arguments: 0..<10)
    func damagedPacketsAreReadWithinBoundsOrRefused(seed: UInt64) {
        var mutator = Mutator(seed: seed)
        let packets = (0..<20).map { _ in Self.random(&mutator.generator).packet }.filter { $0.count < 600 }
        var refused = 0
        for _ in 0..<1500 {
            let bytes = mutator.mutate(packets[mutator.generator.below(packets.count)], splicing: packets)
            let duration = OpusPacket.duration(bytes)
            guard let frames = OpusPacket.frames(bytes) else {
                #expect(duration == nil, "seed \(seed)")
                refused += 1
                continue
            }
            #expect(duration.map { (120...OpusPacket.maximumSamples).contains($0) } == true, "seed \(seed)")
            #expect((1...48).contains(frames.count), "seed \(seed)")
            var end = 1
            for frame in frames {
                #expect(frame.lowerBound >= end && frame.upperBound <= bytes.count, "seed \(seed)")
                #expect(frame.count <= OpusPacket.maximumFrameLength, "seed \(seed)")
                end = frame.upperBound
            }
        }
        #expect(refused > 50, "seed \(seed)")
    }
}
