import MediaCore
import MediaWire
import TestSupport
import Testing

@Suite struct NackGeneratorTests {
    private static func sequence(_ number: Int) -> SequenceNumber { SequenceNumber(UInt16(truncatingIfNeeded: number)) }

    private func due(_ generator: inout NackGenerator, _ now: Instant, roundTrip: Int64? = nil) -> [UInt16] {
        var lost: [SequenceNumber] = []
        generator.due(at: now, roundTrip: roundTrip, into: &lost)
        return lost.map(\.rawValue)
    }

    @Test func streamWithoutLossAsksForNothing() {
        var generator = NackGenerator()
        for number in 65_000..<70_000 {
            #expect(generator.received(Self.sequence(number), at: Instant(nanoseconds: 0)) == .inOrder)
        }
        #expect(generator.nextTimeout == nil)
        #expect(due(&generator, Instant(nanoseconds: 5_000_000_000)).isEmpty)
    }

    @Test func gapIsAskedForAfterReorderingTimeAndAgainAfterRoundTrip() {
        var generator = NackGenerator()
        let start = Instant(nanoseconds: 1_000_000_000)
        generator.received(SequenceNumber(10), at: start)
        #expect(generator.received(SequenceNumber(13), at: start) == .gap(2))
        #expect(generator.nextTimeout == start.advanced(byMilliseconds: 5))
        #expect(due(&generator, start.advanced(byMilliseconds: 4)).isEmpty)

        let first = start.advanced(byMilliseconds: 5)
        #expect(due(&generator, first, roundTrip: 40_000_000) == [11, 12])
        #expect(due(&generator, first, roundTrip: 40_000_000).isEmpty)
        #expect(generator.nextTimeout == first.advanced(byMilliseconds: 50))

        #expect(generator.received(SequenceNumber(11), at: first.advanced(byMilliseconds: 30)) == .recovered)
        #expect(due(&generator, first.advanced(byMilliseconds: 50), roundTrip: 40_000_000) == [12])
        #expect(generator.recovered == 1)
        #expect(generator.requested == 3)
    }

    @Test func reorderedPacketIsNeverAskedFor() {
        var generator = NackGenerator()
        let start = Instant(nanoseconds: 0)
        generator.received(SequenceNumber(65_535), at: start)
        generator.received(SequenceNumber(1), at: start)
        #expect(generator.received(SequenceNumber(0), at: start.advanced(byMilliseconds: 3)) == .reordered)
        #expect(generator.nextTimeout == nil)
        #expect(due(&generator, start.advanced(byMilliseconds: 500)).isEmpty)
        #expect(generator.received(SequenceNumber(0), at: start) == .unexpected)
        #expect(generator.recovered == 0)
    }

    @Test func gapAcrossTheWrapNamesTheRightNumbers() {
        var generator = NackGenerator()
        let start = Instant(nanoseconds: 0)
        generator.received(SequenceNumber(65_533), at: start)
        generator.received(SequenceNumber(2), at: start)
        #expect(due(&generator, start.advanced(byMilliseconds: 5)) == [65_534, 65_535, 0, 1])
    }

    @Test func hopelessPacketIsGivenUpAfterTenRequests() {
        var limits = NackGenerator.Limits()
        limits.ageMilliseconds = 60_000
        var generator = NackGenerator(limits)
        var now = Instant(nanoseconds: 0)
        generator.received(SequenceNumber(1), at: now)
        generator.received(SequenceNumber(3), at: now)
        var requests = 0
        var steps = 0
        while let timeout = generator.nextTimeout, steps < 100 {
            now = max(now, timeout)
            requests += due(&generator, now, roundTrip: 10_000_000).count
            steps += 1
        }
        #expect(requests == 10)
        #expect(generator.abandoned == 1)
        #expect(generator.missingCount == 0)
    }

    @Test func packetIsGivenUpWhenItIsTooOld() {
        var generator = NackGenerator()
        let start = Instant(nanoseconds: 0)
        generator.received(SequenceNumber(1), at: start)
        generator.received(SequenceNumber(3), at: start)
        #expect(due(&generator, start.advanced(byMilliseconds: 999), roundTrip: 5_000_000_000) == [2])
        #expect(generator.nextTimeout == start.advanced(byMilliseconds: 1_000))
        #expect(due(&generator, start.advanced(byMilliseconds: 1_000)).isEmpty)
        #expect(generator.abandoned == 1)
        #expect(generator.nextTimeout == nil)
    }

    @Test func outageKeepsTheNewestGapsOnly() {
        var generator = NackGenerator()
        let start = Instant(nanoseconds: 0)
        generator.received(SequenceNumber(0), at: start)
        generator.received(SequenceNumber(20_000), at: start)
        #expect(generator.missingCount == 256)
        #expect(generator.abandoned == 19_999 - 256)
        let asked = due(&generator, start.advanced(byMilliseconds: 5))
        #expect(asked.first == 19_744)
        #expect(asked.last == 19_999)
        generator.received(SequenceNumber(20_003), at: start.advanced(byMilliseconds: 6))
        #expect(generator.missingCount == 256)
        #expect(generator.abandoned == 20_001 - 256)
    }

    @Test func keyframeMakesOlderGapsNeedless() {
        var generator = NackGenerator()
        let start = Instant(nanoseconds: 0)
        generator.received(SequenceNumber(0), at: start)
        generator.received(SequenceNumber(4), at: start)
        generator.received(SequenceNumber(6), at: start)
        generator.abandon(before: SequenceNumber(4))
        #expect(due(&generator, start.advanced(byMilliseconds: 5)) == [5])
        #expect(generator.abandoned == 3)
    }

    @Test func answerToOneRequestMeasuresTheRoundTrip() {
        var generator = NackGenerator()
        let start = Instant(nanoseconds: 0)
        generator.received(SequenceNumber(1), at: start)
        generator.received(SequenceNumber(3), at: start)
        _ = due(&generator, start.advanced(byMilliseconds: 5))
        generator.received(SequenceNumber(2), at: start.advanced(byMilliseconds: 35))
        #expect(generator.measuredRoundTrip == 30_000_000)
    }

    /// Whatever the network does, the list stays bounded, only missing numbers are asked for, and every number is
    /// accounted for.
    @Test(arguments: 0..<20 as Range<UInt64>)
    func accountsForEveryNumber(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var generator = NackGenerator()
        var now = Instant(nanoseconds: 0)
        let first = Int.random(in: 0..<65_536, using: &random)
        var seen: Set<UInt16> = []
        var lastRequest: [UInt16: Instant] = [:]
        var held: [Int] = []
        var expected = 0
        var reordered = 0
        generator.received(Self.sequence(first), at: now)
        for step in 1...20_000 {
            now = now.advanced(byMilliseconds: Int64.random(in: 0...4, using: &random))
            let number = first + step
            // Forgets old numbers, so that the set never holds one of an earlier turn of the sequence.
            seen.remove(UInt16(truncatingIfNeeded: number &+ 32_768))
            if Int.random(in: 0..<100, using: &random) < 8 {
                if Bool.random(using: &random) { held.append(number) }
            } else {
                let arrival = generator.received(Self.sequence(number), at: now)
                if case .gap(let count) = arrival { expected += count }
                seen.insert(UInt16(truncatingIfNeeded: number))
            }
            if !held.isEmpty, Int.random(in: 0..<5, using: &random) == 0 {
                let late = held.remove(at: Int.random(in: 0..<held.count, using: &random))
                switch generator.received(Self.sequence(late), at: now) {
                case .reordered: reordered += 1
                case .gap(let count): expected += count
                default: break
                }
                seen.insert(UInt16(truncatingIfNeeded: late))
            }
            for lost in due(&generator, now, roundTrip: 30_000_000) {
                #expect(!seen.contains(lost), "seed \(seed): asked for \(lost), which had come")
                if let last = lastRequest[lost], now.nanoseconds(since: last) < 10_000_000_000 {
                    #expect(now.nanoseconds(since: last) >= 37_500_000, "seed \(seed): asked for \(lost) too soon")
                }
                lastRequest[lost] = now
            }
            #expect(generator.missingCount <= 256, "seed \(seed)")
        }
        let accounted = Int(generator.recovered) + Int(generator.abandoned) + generator.missingCount + reordered
        #expect(accounted == expected, "seed \(seed)")
    }
}
