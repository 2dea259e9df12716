/// Counts durations in buckets of at most 1/64 relative width, so memory stays bounded however long the call is.
///
/// Quantiles are exact to the width of a bucket and never below the true value; the maximum is exact.
public struct LatencyHistogram: Sendable {
    /// Values below this many nanoseconds share their precision (about 1 µs).
    private static let unitBits = 10
    private static let subBits = 6
    /// Durations above 2^40 ns (about 18 minutes) count in the last bucket.
    private static let topBits = 40

    private var buckets: [UInt32]
    public private(set) var count: UInt64 = 0
    /// Durations below zero: the two clocks disagree. They are counted and left out of the quantiles.
    public private(set) var negativeCount: UInt64 = 0
    public private(set) var maximumNanoseconds: UInt64 = 0

    public init() {
        buckets = [UInt32](repeating: 0, count: Self.index(of: 1 << Self.topBits) + 1)
    }

    public mutating func record(nanoseconds: Int64) {
        guard let value = UInt64(exactly: nanoseconds) else {
            negativeCount &+= 1
            return
        }
        let index = min(Self.index(of: value), buckets.count - 1)
        buckets[index] = buckets[index].addingReportingOverflow(1).overflow ? .max : buckets[index] + 1
        count &+= 1
        maximumNanoseconds = max(maximumNanoseconds, value)
    }

    /// The smallest recorded duration, to a bucket's width, that at least this part of all durations does not exceed.
    /// - Parameter quantile: 0 to 1.
    /// - Returns: milliseconds, or nil if nothing was recorded.
    public func milliseconds(quantile: Double) -> Double? {
        guard count > 0 else { return nil }
        let rank = max(1, UInt64((Double(count) * min(max(quantile, 0), 1)).rounded(.up)))
        var seen: UInt64 = 0
        for (index, amount) in buckets.enumerated() {
            seen += UInt64(amount)
            if seen >= rank { return Double(min(Self.upperBound(of: index), maximumNanoseconds)) / 1e6 }
        }
        return maximumMilliseconds
    }

    public var maximumMilliseconds: Double? { count > 0 ? Double(maximumNanoseconds) / 1e6 : nil }

    /// Adds all counts of another histogram.
    public mutating func merge(_ other: LatencyHistogram) {
        for index in buckets.indices {
            let sum = buckets[index].addingReportingOverflow(other.buckets[index])
            buckets[index] = sum.overflow ? .max : sum.partialValue
        }
        count &+= other.count
        negativeCount &+= other.negativeCount
        maximumNanoseconds = max(maximumNanoseconds, other.maximumNanoseconds)
    }

    /// Linear below 64 units, then 64 buckets for each doubling.
    private static func index(of nanoseconds: UInt64) -> Int {
        let units = nanoseconds >> unitBits
        let bits = UInt64.bitWidth - units.leadingZeroBitCount
        guard bits > subBits else { return Int(units) }
        let shift = bits - subBits - 1
        return (shift + 1) << subBits + Int(units >> UInt64(shift)) - 1 << subBits
    }

    /// The largest duration that falls into this bucket.
    private static func upperBound(of index: Int) -> UInt64 {
        let units: UInt64
        if index < 1 << subBits {
            units = UInt64(index) + 1
        } else {
            let shift = UInt64(index >> subBits) - 1
            units = (UInt64(index & (1 << subBits - 1)) + 1 << subBits + 1) << shift
        }
        return units << UInt64(unitBits) - 1
    }
}
