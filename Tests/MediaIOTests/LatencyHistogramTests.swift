import MediaIO
import TestSupport
import Testing

@Suite struct LatencyHistogramTests {
    /// Spread over nine orders of magnitude.
    private static func samples(_ seed: UInt64, _ count: Int) -> [UInt64] {
        var generator = SeededGenerator(seed: seed)
        return (0..<count).map { _ in
            let scale = UInt64.random(in: 0..<40, using: &generator)
            return UInt64.random(in: 0...(1 << scale), using: &generator)
        }
    }

    @Test(arguments: [UInt64(1), 2, 3], [1, 2, 10, 999, 5_000])
    func percentilesAreThoseOfTheSortedData(_ seed: UInt64, _ count: Int) throws {
        let samples = Self.samples(seed, count)
        var histogram = LatencyHistogram()
        for sample in samples { histogram.record(nanoseconds: sample) }
        let sorted = samples.sorted()
        for fraction in [0, 0.01, 0.25, 0.5, 0.9, 0.99, 0.999, 1] {
            let exact = sorted[max(0, Int((Double(count) * fraction).rounded(.up)) - 1)]
            let found = try #require(histogram.percentile(fraction))
            #expect(found >= exact, "seed \(seed), \(fraction)")
            #expect(Double(found) <= Double(exact) * (1 + 1.0 / 64), "seed \(seed), \(fraction)")
        }
        #expect(histogram.percentile(1) == sorted.last)
        #expect(histogram.maximumNanoseconds == sorted.last)
        #expect(histogram.count == UInt64(count))
    }

    @Test func smallTimesAreExact() {
        for value in UInt64(0)..<64 {
            var histogram = LatencyHistogram()
            histogram.record(nanoseconds: value)
            histogram.record(nanoseconds: 1_000)
            #expect(histogram.percentile(0.5) == value)
        }
    }

    @Test func emptyHistogramKnowsNothingAndHugeTimesDoNotTrap() {
        var histogram = LatencyHistogram()
        #expect(histogram.percentile(0.5) == nil)
        histogram.record(nanoseconds: .max)
        #expect(histogram.maximumNanoseconds == .max)
        #expect(histogram.count == 1)
    }

    @Test func timesBelowZeroAreCountedApart() {
        var histogram = LatencyHistogram()
        for value in [0, 1, 1 << 40, .max, -1, .min] as [Int64] { histogram.record(nanoseconds: value) }
        #expect(histogram.count == 4)
        #expect(histogram.negativeCount == 2)
        #expect(histogram.maximumMilliseconds == Double(Int64.max) / 1e6)
        #expect(histogram.milliseconds(quantile: 0.5) == 1e-6)
    }

    @Test func mergedHistogramIsThatOfAllSamples() {
        var all = LatencyHistogram()
        var first = LatencyHistogram()
        var second = LatencyHistogram()
        for (index, sample) in Self.samples(9, 2_000).enumerated() {
            all.record(nanoseconds: sample)
            if index % 3 == 0 { first.record(nanoseconds: sample) } else { second.record(nanoseconds: sample) }
        }
        first.merge(second)
        #expect(first.count == all.count)
        for fraction in [0.1, 0.5, 0.99, 1] { #expect(first.percentile(fraction) == all.percentile(fraction)) }
    }
}
