import TestSupport
import Testing

@testable import Endpoints

@Suite struct LatencyHistogramTests {
    @Test func emptyHistogramKnowsNothing() {
        let histogram = LatencyHistogram()
        #expect(histogram.milliseconds(quantile: 0.5) == nil)
        #expect(histogram.maximumMilliseconds == nil)
    }

    @Test(arguments: [UInt64(1), 2, 3])
    func quantilesStayWithinABucketOfTheSortedValues(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        var histogram = LatencyHistogram()
        var values: [Int64] = []
        for _ in 0..<20_000 {
            // Log-uniform from 1 µs to 10 s.
            let value = Int64(1000 * (1...24).map { _ in Double.random(in: 1...1.96, using: &generator) }.reduce(1, *))
            values.append(value)
            histogram.record(nanoseconds: value)
        }
        values.sort()
        for quantile in [0.01, 0.5, 0.9, 0.99, 0.999] {
            let exact = Double(values[Int((Double(values.count) * quantile).rounded(.up)) - 1]) / 1e6
            let found = try #require(histogram.milliseconds(quantile: quantile))
            #expect(found >= exact * 0.999999, "seed \(seed), quantile \(quantile)")
            #expect(found <= exact * (1 + 1.0 / 64) + 0.002, "seed \(seed), quantile \(quantile)")
        }
        #expect(histogram.maximumMilliseconds == values.last.map { Double($0) / 1e6 })
        #expect(histogram.milliseconds(quantile: 1) == histogram.maximumMilliseconds)
    }

    @Test func extremesAreCountedAndNeverTrap() {
        var histogram = LatencyHistogram()
        for value in [0, 1, 1023, 1024, 65_535, 65_536, 1 << 40, .max, -1, .min] as [Int64] {
            histogram.record(nanoseconds: value)
        }
        #expect(histogram.count == 8)
        #expect(histogram.negativeCount == 2)
        #expect(histogram.maximumNanoseconds == UInt64(Int64.max))
    }

    @Test func mergingEqualsRecordingIntoOne() {
        var (a, b, both) = (LatencyHistogram(), LatencyHistogram(), LatencyHistogram())
        for value in stride(from: Int64(1_000_000), to: 90_000_000, by: 333_333) {
            if value % 2 == 0 { a.record(nanoseconds: value) } else { b.record(nanoseconds: value) }
            both.record(nanoseconds: value)
        }
        a.merge(b)
        for quantile in [0.1, 0.5, 0.9, 0.99] {
            #expect(a.milliseconds(quantile: quantile) == both.milliseconds(quantile: quantile))
        }
        #expect(a.count == both.count)
    }
}
