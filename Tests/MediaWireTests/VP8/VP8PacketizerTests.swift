import Foundation
import MediaWire
import TestSupport
import Testing

/// Packetizer and depacketizer (RFC 7741 section 4) against each other and against real frames.
@Suite struct VP8PacketizerTests {
    /// An inter frame of `count` bytes that is whole: its first partition is empty.
    static func frame(_ count: Int, _ generator: inout SeededGenerator) -> [UInt8] {
        hex("110000") + generator.bytes((count - 3)...(count - 3))
    }

    /// Frames of an IVF file: 32 bytes of header, then 12 bytes before each frame, its size first, little-endian.
    static func frames(ofIVF name: String) throws -> [[UInt8]] {
        let file = [UInt8](try Data(contentsOf: URL(fileURLWithPath: Fixtures.path(name))))
        var frames: [[UInt8]] = []
        var offset = 32
        while offset + 12 <= file.count {
            let size = (0..<4).reduce(0) { $0 | Int(file[offset + $1]) << (8 * $1) }
            try #require(offset + 12 + size <= file.count)
            frames.append(Array(file[(offset + 12)..<(offset + 12 + size)]))
            offset += 12 + size
        }
        return frames
    }

    @Test(arguments: [200, 500, 1100])
    func realFramesComeBackBitExact(maximumPayloadSize: Int) throws {
        let frames = try Self.frames(ofIVF: "small.ivf")
        try #require(frames.count > 30)
        var packetizer = VP8Packetizer(maximumPayloadSize: maximumPayloadSize, initialPictureID: 32760)
        var keyframes = 0
        for (index, frame) in frames.enumerated() {
            let payloads = packetizer.packetize(frame)
            let assembled = try VP8Depacketizer.assemble(payloads)
            #expect(assembled.data == frame)
            #expect(assembled.descriptor.pictureID == UInt16((32760 + index) % 32768))
            #expect(assembled.isKeyframe == VP8Depacketizer.startsKeyframe(payloads[0]))
            if assembled.isKeyframe { keyframes += 1 }
            #expect(payloads.dropFirst().allSatisfy { !VP8Depacketizer.startsKeyframe($0) })
        }
        #expect(keyframes >= 1)
        let first = try VP8Depacketizer.assemble(packetizer.packetize(frames[0])).header
        let file = [UInt8](try Data(contentsOf: URL(fileURLWithPath: Fixtures.path("small.ivf"))))
        #expect(first.width == Int(file[12]) | Int(file[13]) << 8)
        #expect(first.height == Int(file[14]) | Int(file[15]) << 8)
    }

    @Test func allPayloadsButTheLastHaveOneSizeAndTheLastIsNotLonger() throws {
        var generator = SeededGenerator(seed: 1)
        for capacity in [16, 17, 50, 1100] {
            var packetizer = VP8Packetizer(maximumPayloadSize: capacity, initialPictureID: 0)
            for count in Array(3...120) + [1095, 1096, 1097, 2192, 2193, 30_000] {
                let payloads = packetizer.packetize(Self.frame(count, &generator))
                let sizes = payloads.map(\.count)
                let room = capacity - 4
                #expect(Set(sizes.dropLast()).count <= 1)
                #expect(sizes.allSatisfy { (5...capacity).contains($0) })
                #expect(try #require(sizes.last) <= sizes[0])
                #expect(payloads.count == (count + room - 1) / room, "as few as possible")
                #expect(sizes[0] - 4 == (count + payloads.count - 1) / payloads.count, "as even as possible")
            }
        }
    }

    @Test func onlyTheFirstPayloadHasTheStartBit() throws {
        var generator = SeededGenerator(seed: 1)
        var packetizer = VP8Packetizer(maximumPayloadSize: 100, initialPictureID: 0x7FFF)
        let payloads = packetizer.packetize(Self.frame(500, &generator), nonReference: true)
        let descriptors = try payloads.map { try #require(VP8PayloadDescriptor($0)) }
        #expect(descriptors.map(\.startOfPartition) == [true] + [Bool](repeating: false, count: payloads.count - 1))
        #expect(
            descriptors.allSatisfy {
                $0.partitionIndex == 0 && $0.pictureID == 0x7FFF && $0.pictureIDIs15Bit && $0.nonReference
                    && $0.byteCount == 4
            })
        #expect(packetizer.nextPictureID == 0)
    }

    @Test func anEmptyFrameTakesNoPictureID() {
        var packetizer = VP8Packetizer(initialPictureID: 0xFFFF)
        #expect(packetizer.packetize([]).isEmpty)
        #expect(packetizer.nextPictureID == 0x7FFF)
    }

    @Test func aPayloadSizeTooSmallForAnythingIsRaised() {
        for size in [Int.min, 0, 4, 15] {
            #expect(VP8Packetizer(maximumPayloadSize: size, initialPictureID: 0).maximumPayloadSize == 16)
        }
    }
}

@Suite struct VP8DepacketizerTests {
    private static let keyframe = hex("300300 9D012A 2600 1600") + [UInt8](repeating: 0x42, count: 25)

    private func assemble(_ payloads: [String]) -> Result<VP8Depacketizer.Frame, VP8Depacketizer.Damage> {
        Result { () throws(VP8Depacketizer.Damage) in try VP8Depacketizer.assemble(payloads.map(hex)) }
    }

    private func damage(_ payloads: [String]) -> VP8Depacketizer.Damage? {
        if case .failure(let damage) = assemble(payloads) { damage } else { nil }
    }

    @Test func takesPartitionsInPacketsOfTheirOwn() throws {
        let frame = try assemble(["90 80 11 110000 AA", "91 80 11 BB", "81 80 11 CC", "93 80 11 DD", "84 80 11 EE"])
            .get()
        #expect(frame.data == hex("110000 AA BB CC DD EE"))
        #expect(frame.descriptor.pictureID == 17)
    }

    @Test(
        arguments: [
            ([], .missingStart),
            (["80 80 11 110000"], .missingStart),
            (["91 80 11 110000"], .missingStart),
            (["90 80 11"], .malformedPayload),
            (["90 80 11 110000", ""], .malformedPayload),
            (["90 80 11 110000", "80 80"], .malformedPayload),
            (["90 80 11 110000", "90 80 11 110000"], .mixedFrames),
            (["90 80 11 110000", "80 80 12 AA"], .mixedFrames),
            (["90 80 11 110000", "00 AA"], .mixedFrames),
            (["90 C0 11 01 110000", "80 C0 11 02 AA"], .mixedFrames),
            (["90 80 11 110000", "92 80 11 AA", "81 80 11 AA"], .mixedFrames),
            (["10 1100"], .malformedFrame),
            (["10 310000 "], .malformedFrame),
            (["10 300300 9D012A 2600 1600 0011"], .malformedFrame),
            (["10 300300 9D012B 2600 1600 0011"], .malformedFrame),
        ] as [([String], VP8Depacketizer.Damage)])
    func refusesWhatIsNoWholeFrame(payloads: [String], expected: VP8Depacketizer.Damage) {
        #expect(damage(payloads) == expected)
    }

    /// Every loss of a payload of a keyframe that leaves the first partition short is found, as is a lost first
    /// payload.
    @Test func aLostPayloadIsFoundWhereTheFrameCanTell() {
        var packetizer = VP8Packetizer(maximumPayloadSize: 16, initialPictureID: 7)
        let payloads = packetizer.packetize(Self.keyframe)
        for lost in payloads.indices {
            var rest = payloads
            rest.remove(at: lost)
            #expect(throws: lost == 0 ? VP8Depacketizer.Damage.missingStart : .malformedFrame) {
                try VP8Depacketizer.assemble(rest)
            }
        }
        #expect(throws: Never.self) { try VP8Depacketizer.assemble(payloads) }
    }

    @Test func aFrameOverTheLimitIsRefused() {
        var packetizer = VP8Packetizer(maximumPayloadSize: 16, initialPictureID: 7)
        let payloads = packetizer.packetize(Self.keyframe)
        #expect(throws: Never.self) {
            try VP8Depacketizer.assemble(payloads, maximumFrameSize: Self.keyframe.count)
        }
        #expect(throws: VP8Depacketizer.Damage.tooLarge) {
            try VP8Depacketizer.assemble(payloads, maximumFrameSize: Self.keyframe.count - 1)
        }
    }

    @Test func isReadyForTheNextFrameAfterDamage() throws {
        var packetizer = VP8Packetizer(initialPictureID: 7)
        let payload = packetizer.packetize(Self.keyframe)[0]
        var depacketizer = VP8Depacketizer()
        #expect(throws: VP8Depacketizer.Damage.missingStart) { try depacketizer.finish() }
        try depacketizer.append(payload.rawSpan)
        depacketizer.reset()
        try depacketizer.append(payload.rawSpan)
        #expect(try depacketizer.finish().data == Self.keyframe)
        try depacketizer.append(payload.rawSpan)
        #expect(try depacketizer.finish().data == Self.keyframe)
    }

    /// Damaged payloads of real frames: a frame or an error, and never more bytes than came in.
    @Test(arguments: 0..<10)
    func damagedPayloadsNeverTrap(seed: UInt64) throws {
        var mutator = Mutator(seed: seed)
        var packetizer = VP8Packetizer(maximumPayloadSize: 300, initialPictureID: 5)
        let frames = try VP8PacketizerTests.frames(ofIVF: "small.ivf").prefix(20).map { packetizer.packetize($0) }
        let donors = frames.map { $0[0] }
        var refused = 0
        for _ in 0..<400 {
            var payloads = frames[mutator.generator.below(frames.count)]
            for _ in 0..<(1 + mutator.generator.below(2)) {
                let at = mutator.generator.below(payloads.count)
                payloads[at] = mutator.mutate(payloads[at], splicing: donors)
            }
            if mutator.generator.flag() { payloads.swapAt(0, mutator.generator.below(payloads.count)) }
            for payload in payloads {
                _ = VP8Depacketizer.startsKeyframe(payload)
                guard let descriptor = VP8PayloadDescriptor(payload) else { continue }
                _ = descriptor.frameHeader(in: payload)
                #expect(descriptor.byteCount < payload.count, "seed \(seed)")
            }
            do {
                let frame = try VP8Depacketizer.assemble(payloads)
                #expect(frame.data.count < payloads.reduce(0) { $0 + $1.count }, "seed \(seed)")
                #expect(frame.header.firstPartitionSize <= frame.data.count, "seed \(seed)")
            } catch {
                refused += 1
            }
        }
        #expect(refused > 20, "seed \(seed)")
    }
}
