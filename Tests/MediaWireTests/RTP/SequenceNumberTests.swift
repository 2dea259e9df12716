import MediaWire
import TestSupport
import Testing

@Suite struct SequenceNumberTests {
    @Test(
        arguments: [
            (0, 0, 0), (1, 0, 1), (0, 1, -1), (0, 65535, 1), (65535, 0, -1), (10, 65530, 16), (32767, 0, 32767),
            (32768, 0, -32768), (0, 32768, -32768), (40000, 10000, 30000),
        ] as [(UInt16, UInt16, Int)])
    func distanceCrossesTheWrap(to: UInt16, from: UInt16, distance: Int) {
        #expect(SequenceNumber(to).distance(from: SequenceNumber(from)) == distance)
        #expect(SequenceNumber(to).isNewer(than: SequenceNumber(from)) == (distance > 0))
    }

    @Test func advancesAcrossTheWrapBothWays() {
        #expect(SequenceNumber(65535).advanced(by: 1) == SequenceNumber(0))
        #expect(SequenceNumber(0).advanced(by: -1) == SequenceNumber(65535))
        #expect(SequenceNumber(5).advanced(by: 65536 * 3 + 2) == SequenceNumber(7))
        #expect(SequenceNumber(5).advanced(by: .min) == SequenceNumber(5))
    }

    @Test func timestampsWrapLikewise() {
        #expect(RTPTimestamp(5).distance(from: RTPTimestamp(0xFFFF_FFFB)) == 10)
        #expect(RTPTimestamp(0xFFFF_FFFB).distance(from: RTPTimestamp(5)) == -10)
        #expect(RTPTimestamp(0x8000_0000).distance(from: RTPTimestamp(0)) == -0x8000_0000)
        #expect(RTPTimestamp(0xFFFF_FFFF).advanced(by: 3000) == RTPTimestamp(2999))
        #expect(RTPTimestamp(0).advanced(by: -1).isNewer(than: RTPTimestamp(0)) == false)
    }

    @Test func unwrapsForwardAndKeepsLateNumbersBehind() {
        var unwrapper = SequenceUnwrapper()
        #expect(unwrapper.newest == nil)
        #expect([65534, 65535, 0, 1].map { unwrapper.unwrap(SequenceNumber($0)) } == [65534, 65535, 65536, 65537])
        #expect(unwrapper.unwrap(SequenceNumber(65533)) == 65533)
        #expect(unwrapper.newest == 65537)
        #expect(unwrapper.peek(SequenceNumber(100)) == 65636)
        #expect(unwrapper.newest == 65537)
    }

    @Test func numbersBeforeTheFirstAreNegative() {
        var unwrapper = SequenceUnwrapper()
        #expect(unwrapper.unwrap(SequenceNumber(2)) == 2)
        #expect(unwrapper.unwrap(SequenceNumber(65535)) == -1)
        #expect(unwrapper.unwrap(SequenceNumber(3)) == 3)
    }

    /// A stream of millions of numbers with reordering within half the space comes out exactly.
    @Test(arguments: 0..<5)
    func unwrapsAnyStreamThatStaysWithinHalfTheSpace(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        var unwrapper = SequenceUnwrapper()
        var newest = Int64(generator.integer(UInt16.self))
        #expect(unwrapper.unwrap(SequenceNumber(UInt16(newest))) == newest)
        for _ in 0..<20_000 {
            let jump = Int64.random(in: -32767...32767, using: &generator)
            let next = newest + jump
            let wire = SequenceNumber(UInt16(truncatingIfNeeded: next))
            #expect(unwrapper.unwrap(wire) == next, "seed \(seed)")
            newest = max(newest, next)
        }
        #expect(newest > 1_000_000)
    }
}
