import Codecs
import Testing
import TestSupport

@Suite("VP8 decoding of damaged input")
struct VP8DamageTests {
    @Test(
        "throws or decodes, never crashes, and decodes clean input exactly afterwards", arguments: [(1, 300), (2, 40)])
    func mutations(threads: Int, cases: Int) throws {
        let stream = try Clips.stream(width: 160, height: 128, count: 8, threads: threads).map(\.data)
        var reference = try VP8Decoder()
        var expected: [I420Frame?] = []
        for frame in stream { expected.append(try reference.decode(frame)) }

        // One decoder lives through all cases, so that what one leaves behind meets the next.
        var decoder = try VP8Decoder(threads: threads, sideLimit: 1024)
        var refused = 0
        for seed in 0..<UInt64(cases) {
            var mutator = Mutator(seed: seed)
            let damagedKeyframe = Bool.random(using: &mutator.generator)
            for (index, frame) in stream.enumerated() {
                let isDamaged = index == 0 ? damagedKeyframe : Bool.random(using: &mutator.generator)
                let data = isDamaged ? mutator.mutate(frame, splicing: stream) : frame
                do throws(CodecError) {
                    guard let picture = try decoder.decode(data) else { continue }
                    #expect(picture.y.count == picture.width * picture.height, "seed \(seed)")
                    #expect(picture.width <= 1024 && picture.height <= 1024, "seed \(seed)")
                } catch {
                    refused += 1
                    let isOwnFault = error.isInvalidArgument
                    #expect(!isOwnFault, "seed \(seed): \(error)")
                }
            }
            for index in 0..<3 {
                let decoded = try decoder.decode(stream[index])
                #expect(decoded == expected[index], "seed \(seed), frame \(index)")
            }
        }
        #expect(refused > cases / 2, "the damage must be felt, or the test proves nothing")
    }

    @Test("refuses every cut of a keyframe's header, and decodes on")
    func truncatedHeader() throws {
        let stream = try Clips.stream(width: 160, height: 128, count: 2)
        var decoder = try VP8Decoder()
        for length in 0..<12 {
            let cut = Array(stream[0].data.prefix(length))
            let error = codecError { () throws(CodecError) in _ = try decoder.decode(cut) }
            #expect(error?.isDamagedInput == true, "\(length) bytes")
        }
        #expect(try decoder.decode(stream[0].data) != nil)
        #expect(try decoder.decode(stream[1].data) != nil)
    }

    @Test("asks for a keyframe after an inter frame that was cut short")
    func truncatedInterFrame() throws {
        let stream = try Clips.stream(width: 160, height: 128, count: 4)
        var decoder = try VP8Decoder()
        _ = try decoder.decode(stream[0].data)
        let cut = Array(stream[1].data.prefix(8))
        let first = codecError { () throws(CodecError) in _ = try decoder.decode(cut) }
        #expect(first?.isDamagedInput == true)
        let second = codecError { () throws(CodecError) in _ = try decoder.decode(stream[2].data) }
        #expect(second == .keyframeRequired)
        #expect(decoder.concealLoss() != nil)
        #expect(try decoder.decode(stream[0].data) != nil)
    }

    @Test("an empty frame is refused and spoils nothing")
    func emptyFrame() throws {
        let stream = try Clips.stream(width: 160, height: 128, count: 2)
        var decoder = try VP8Decoder()
        _ = try decoder.decode(stream[0].data)
        let error = codecError { () throws(CodecError) in _ = try decoder.decode([]) }
        #expect(error?.isDamagedInput == true)
        #expect(try decoder.decode(stream[1].data) != nil)
    }

    @Test("a picture over the limit is refused by its header", arguments: [(16_383, 16_383), (4097, 16), (16, 4097)])
    func hugePicture(width: Int, height: Int) throws {
        let stream = try Clips.stream(width: 160, height: 128, count: 1)
        var huge = stream[0].data
        // RFC 6386 section 9.1: width and height in bytes 6 to 9, 14 bits each.
        huge[6] = UInt8(width & 0xFF)
        huge[7] = UInt8(width >> 8)
        huge[8] = UInt8(height & 0xFF)
        huge[9] = UInt8(height >> 8)
        var decoder = try VP8Decoder()
        let error = codecError { () throws(CodecError) in _ = try decoder.decode(huge) }
        #expect(error == .pictureTooLarge(width: width, height: height, limit: 4096))
        #expect(try decoder.decode(stream[0].data) != nil)
    }

    @Test("random bytes are refused or decoded, never fatal")
    func randomBytes() throws {
        let clean = try Clips.stream(width: 160, height: 128, count: 1)[0].data
        var decoder = try VP8Decoder(sideLimit: 512)
        for seed in UInt64(0)..<200 {
            var generator = SeededGenerator(seed: seed)
            let count = Int.random(in: 1...600, using: &generator)
            var bytes = (0..<count).map { _ in UInt8.random(in: 0...255, using: &generator) }
            // Half of them get past the header.
            if seed.isMultiple(of: 2) { bytes.replaceSubrange(0..<min(10, count), with: clean.prefix(min(10, count))) }
            _ = codecError { () throws(CodecError) in _ = try decoder.decode(bytes) }
        }
        #expect(try decoder.decode(clean) != nil)
    }

    @Test("refuses settings outside their range")
    func badSettings() {
        for (threads, limit) in [(0, 4096), (17, 4096), (1, 0), (1, 16_384)] {
            let error = codecError { () throws(CodecError) in _ = try VP8Decoder(threads: threads, sideLimit: limit) }
            #expect(error?.isInvalidArgument == true)
        }
    }
}
