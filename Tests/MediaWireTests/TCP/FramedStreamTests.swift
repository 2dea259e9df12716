import MediaWire
import TestSupport
import Testing

/// RFC 4571 section 2.
@Suite struct FramedStreamTests {
    private func receive(_ stream: inout FramedStream, _ bytes: [UInt8]) -> [[UInt8]] {
        var frames: [[UInt8]] = []
        stream.receive(bytes.rawSpan) { frames.append($0.toArray()) }
        return frames
    }

    private func framed(_ datagram: [UInt8]) -> [UInt8]? { FramedStream.frame(datagram.rawSpan) }

    @Test(arguments: [UInt64(1), 2, 3]) func framesComeOutWholeHoweverTheStreamIsCut(_ seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        for _ in 0..<100 {
            let frames = (0..<20).map { index in
                (0..<Int.random(in: 0...1_500, using: &generator)).map { UInt8(truncatingIfNeeded: $0 + index) }
            }
            let whole = try frames.flatMap { try #require(framed($0)) }
            var stream = FramedStream(limit: 1_500)
            var found: [[UInt8]] = []
            var offset = 0
            while offset < whole.count {
                let end = min(
                    whole.count,
                    offset
                        + Int.random(in: 1...[1, 3, 700, 5_000].randomElement(using: &generator)!, using: &generator))
                found += receive(&stream, Array(whole[offset..<end]))
                offset = end
            }
            #expect(found == frames.filter { !$0.isEmpty })
            #expect(!stream.isBroken && stream.pendingCount == 0)
        }
    }

    @Test func halfAFrameCostsItsLengthAndNoMore() {
        var stream = FramedStream(limit: 1_500)
        #expect(receive(&stream, [5]).isEmpty)
        #expect(receive(&stream, [220] + [UInt8](repeating: 1, count: 1_499)).isEmpty)
        #expect(stream.pendingCount == 1_501)
        #expect(receive(&stream, [9]) == [[UInt8](repeating: 1, count: 1_499) + [9]])
    }

    @Test func aFrameThatIsTooLongBreaksTheStream() {
        for cut in [1, 2, 3] {
            var stream = FramedStream(limit: 100)
            let bytes: [UInt8] = [0, 1, 7, 0, 101] + [UInt8](repeating: 0, count: 200)
            let frames = receive(&stream, Array(bytes[..<(2 + cut)])) + receive(&stream, Array(bytes[(2 + cut)...]))
            #expect(frames == [[7]])
            #expect(stream.isBroken && stream.pendingCount == 0)
            #expect(receive(&stream, [0, 1, 7]).isEmpty, "nothing comes after that")
        }
    }

    @Test func whatIsTooLongIsNotFramed() {
        #expect(framed([UInt8](repeating: 0, count: 65_535))?.count == 65_537)
        #expect(framed([UInt8](repeating: 0, count: 65_536)) == nil)
    }
}
