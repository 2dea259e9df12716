import Codecs
import Testing
import TestSupport

@Suite("VP8 decoding after loss")
struct VP8LossTests {
    @Test("conceals with the last picture, decodes on, and is exact again from the next keyframe")
    func recoversOnKeyframe() throws {
        let pictures = try Clips.pictures(fixture: "small.ivf", limit: 40)
        var encoder = try VP8Encoder(.init(width: 160, height: 120, targetBitrate: 200_000))
        var reference = try VP8Decoder()
        var decoder = try VP8Decoder()
        var previous: I420Frame?
        var differing = 0
        for (index, picture) in pictures.enumerated() {
            let encoded = try #require(
                try encoder.encode(picture, at: Int64(index) * 3000, forceKeyframe: index == 25))
            let expected = try #require(try reference.decode(encoded.data))
            if (10..<13).contains(index) {
                let concealed = decoder.concealLoss()
                #expect(concealed == previous)
                #expect(concealed != nil)
            } else {
                let decoded = try #require(try decoder.decode(encoded.data))
                previous = decoded
                if (13..<25).contains(index), decoded != expected { differing += 1 }
                if index < 10 || index >= 25 { #expect(decoded == expected, "frame \(index)") }
            }
            let drifts = decoder.mayDrift
            #expect(drifts == (10..<25).contains(index), "frame \(index)")
        }
        #expect(differing > 0, "the loss must show, or the test proves nothing")
    }

    @Test("has nothing to show before the first picture")
    func nothingYet() throws {
        var decoder = try VP8Decoder()
        let concealed = decoder.concealLoss()
        #expect(concealed == nil)
    }

    @Test("asks for a keyframe when a stream begins in the middle")
    func startsWithoutKeyframe() throws {
        let stream = try Clips.stream(width: 96, height: 80, count: 6)
        var decoder = try VP8Decoder()
        for frame in stream.dropFirst() {
            let error = codecError { () throws(CodecError) in _ = try decoder.decode(frame.data) }
            #expect(error == .keyframeRequired)
        }
        let awaits = decoder.awaitsKeyframe
        #expect(awaits)
        #expect(try decoder.decode(stream[0].data) != nil)
        #expect(try decoder.decode(stream[1].data) != nil)
    }

    @Test("survives seeded loss of a third of the frames", arguments: [UInt64(1), 2, 3, 4])
    func randomLoss(seed: UInt64) throws {
        let pictures = try Clips.pictures(fixture: "small.ivf", limit: 60)
        var encoder = try VP8Encoder(.init(width: 160, height: 120, targetBitrate: 200_000))
        var decoder = try VP8Decoder()
        var generator = SeededGenerator(seed: seed)
        for (index, picture) in pictures.enumerated() {
            let encoded = try #require(
                try encoder.encode(picture, at: Int64(index) * 3000, forceKeyframe: index % 20 == 0))
            if !encoded.isKeyframe, Int.random(in: 0..<3, using: &generator) == 0 {
                let concealed = decoder.concealLoss()
                #expect(concealed != nil, "seed \(seed)")
            } else {
                let decoded = try #require(try decoder.decode(encoded.data), "seed \(seed)")
                if encoded.isKeyframe {
                    let psnr = try #require(decoded.psnrY(against: picture))
                    #expect(psnr > 25, "seed \(seed), frame \(index)")
                }
            }
        }
    }
}
