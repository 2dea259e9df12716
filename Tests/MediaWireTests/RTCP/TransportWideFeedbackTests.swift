import TestSupport
import Testing

@testable import MediaWire

/// draft-holmer-rmcat-transport-wide-cc-extensions-01 section 3.1.
@Suite struct TransportWideFeedbackTests {
    private func feedback(
        _ arrivals: [TransportWideFeedback.Arrival], base: UInt16 = 5, time: Int32 = 3, count: UInt8 = 7
    ) -> TransportWideFeedback {
        TransportWideFeedback(
            senderSSRC: SSRC(1), mediaSSRC: SSRC(2), baseSequence: base, referenceTime: time, feedbackCount: count,
            arrivals: arrivals)
    }

    /// Two that came, one that did not, one late, one early: by hand, bit by bit.
    @Test func readsAndWritesEveryKindOfChunk() throws {
        let mixed = feedback([
            .received(delta: 4), .received(delta: 255), .lost, .received(delta: 256), .received(delta: -1),
        ])
        // 1 1 01 01 00 10 10 00 00: a vector of two bits each; then 04, FF, 0100, FFFF, and padding.
        let bytes = hex("8FCD0006 00000001 00000002 0005 0005 000003 07 D4A0 04 FF 0100 FFFF")
        #expect(written(mixed) == bytes)
        #expect(single(bytes) == .transportWideFeedback(mixed))

        let run = feedback(Array(repeating: .lost, count: 20))
        #expect(written(run) == hex("8FCD0005 00000001 00000002 0005 0014 000003 07 0014 0000"))
        let plain = feedback([.received(delta: 1), .lost, .received(delta: 2)])
        // 1 0 101…: a vector of one bit each.
        #expect(
            written(plain)
                == hex("8FCD0005 00000001 00000002 0005 0003 000003 07 A800 01 02"))
    }

    @Test func timesBeforeTheMomentOfChoiceAreNegative() throws {
        let packet = feedback([.received(delta: 0)], base: 65_535, time: -1, count: 255)
        let bytes = written(packet)
        #expect(Array(bytes[16..<20]) == [0xFF, 0xFF, 0xFF, 0xFF])
        #expect(single(bytes) == .transportWideFeedback(packet))
    }

    @Test(arguments: 0..<200)
    func whatIsWrittenIsReadBack(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        let count = Int.random(in: 1...600, using: &generator)
        let lossy = Int.random(in: 0...100, using: &generator), wild = Int.random(in: 0...20, using: &generator)
        let arrivals = (0..<count).map { _ -> TransportWideFeedback.Arrival in
            if Int.random(in: 0..<100, using: &generator) < lossy { return .lost }
            let isWild = Int.random(in: 0..<100, using: &generator) < wild
            return .received(
                delta: isWild
                    ? Int16.random(in: .min ... .max, using: &generator) : Int16.random(in: 0...255, using: &generator))
        }
        let packet = feedback(
            arrivals, base: UInt16.random(in: 0 ... .max, using: &generator),
            time: Int32.random(in: -0x80_0000...0x7F_FFFF, using: &generator))
        let bytes = written(packet)
        #expect(bytes.count % 4 == 0)
        #expect(single(bytes) == .transportWideFeedback(packet))
    }

    @Test(arguments: [
        // Too short; no chunk; a chunk without its delta; a run of none; a reserved symbol; more packets than anybody sends.
        "8FCD0003 00000001 00000002 0005 0001", "8FCD0004 00000001 00000002 0005 0001 000003 07",
        "8FCD0005 00000001 00000002 0005 0004 000003 07 2004 0000",
        "8FCD0005 00000001 00000002 0005 0001 000003 07 0000 0000",
        "8FCD0005 00000001 00000002 0005 0001 000003 07 6001 0000",
        "8FCD0005 00000001 00000002 0005 0001 000003 07 F000 0000",
        "8FCD0005 00000001 00000002 0005 FFFF 000003 07 1FFF 1FFF",
    ])
    func whatDoesNotAddUpIsRefused(text: String) { #expect(single(hex(text)) == nil) }

    @Test func damagedFeedbackIsReadOrRefused() {
        var mutator = Mutator(seed: 15)
        let originals = [
            written(feedback((0..<100).map { $0 % 7 == 0 ? .lost : .received(delta: Int16($0 * 3)) })),
            written(feedback(Array(repeating: .received(delta: 1), count: 300))),
        ]
        for round in 0..<5_000 {
            let damaged = mutator.mutate(originals[round % 2], splicing: originals)
            guard case .transportWideFeedback(let packet)? = single(damaged) else { continue }
            #expect(packet.arrivals.count <= TransportWideFeedback.maximumPackets)
        }
    }
}
