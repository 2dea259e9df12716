/// Counts times in buckets of at most 1/64 relative width: constant memory, nothing allocated after `init`.
///
/// Percentiles are exact to the width of a bucket and never below the true value; the maximum is exact.
public struct LatencyHistogram: Sendable {
    private static let subBits = 6
    private var buckets = [UInt64](repeating: 0, count: (64 - subBits + 1) << subBits)
    public private(set) var count: UInt64 = 0
    /// Times below zero: the two clocks disagree. They are counted and left out of everything else.
    public private(set) var negativeCount: UInt64 = 0
    /// The largest time recorded, in ns.
    public private(set) var maximumNanoseconds: UInt64 = 0

    public init() {}

    public mutating func record(nanoseconds: UInt64) {
        buckets[Self.bucket(of: nanoseconds)] &+= 1
        count &+= 1
        maximumNanoseconds = max(maximumNanoseconds, nanoseconds)
    }

    @_disfavoredOverload
    public mutating func record(nanoseconds: Int64) {
        if let value = UInt64(exactly: nanoseconds) { record(nanoseconds: value) } else { negativeCount &+= 1 }
    }

    /// The time that `fraction` (0 ... 1) of the records do not exceed, in ns; nil before the first record.
    public func percentile(_ fraction: Double) -> UInt64? {
        guard count > 0 else { return nil }
        let wanted = UInt64(max(1, (Double(count) * min(max(fraction, 0), 1)).rounded(.up)))
        var seen: UInt64 = 0
        for (index, bucket) in buckets.enumerated() {
            seen &+= bucket
            if seen >= wanted { return min(Self.upperBound(of: index), maximumNanoseconds) }
        }
        return maximumNanoseconds
    }

    /// As `percentile`, in ms.
    public func milliseconds(quantile: Double) -> Double? { percentile(quantile).map { Double($0) / 1e6 } }

    public var maximumMilliseconds: Double? { count > 0 ? Double(maximumNanoseconds) / 1e6 : nil }

    /// Takes over all counts of another histogram without sharing its memory.
    public mutating func copy(_ other: LatencyHistogram) {
        for index in buckets.indices { buckets[index] = other.buckets[index] }
        count = other.count
        negativeCount = other.negativeCount
        maximumNanoseconds = other.maximumNanoseconds
    }

    /// Adds all counts of another histogram.
    public mutating func merge(_ other: LatencyHistogram) {
        for index in buckets.indices { buckets[index] &+= other.buckets[index] }
        count &+= other.count
        negativeCount &+= other.negativeCount
        maximumNanoseconds = max(maximumNanoseconds, other.maximumNanoseconds)
    }

    /// One bucket for each nanosecond below 64, then 64 buckets for each doubling.
    private static func bucket(of value: UInt64) -> Int {
        let bits = UInt64.bitWidth &- value.leadingZeroBitCount
        guard bits > subBits else { return Int(truncatingIfNeeded: value) }
        let shift = bits &- subBits &- 1
        return shift << subBits &+ Int(truncatingIfNeeded: value >> UInt64(shift))
    }

    /// The largest time that falls into this bucket.
    private static func upperBound(of bucket: Int) -> UInt64 {
        guard bucket >= 2 << subBits else { return UInt64(bucket) }
        let shift = UInt64(bucket >> subBits) &- 1
        let top = UInt64(bucket & (1 << subBits &- 1) | 1 << subBits) &+ 1
        return top << shift &- 1
    }
}
