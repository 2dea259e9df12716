/// Counts times in buckets 1/16 of an octave wide: constant memory, error below 7 %, nothing allocated after `init`.
public struct LatencyHistogram: Sendable {
    private static let subBuckets = 16
    private static let octaves = 40
    private var buckets = [UInt64](repeating: 0, count: (octaves + 1) * subBuckets)
    public private(set) var count: UInt64 = 0
    /// The largest time recorded, in ns.
    public private(set) var maximumNanoseconds: UInt64 = 0

    public init() {}

    public mutating func record(nanoseconds: UInt64) {
        buckets[Self.bucket(of: nanoseconds)] &+= 1
        count &+= 1
        maximumNanoseconds = max(maximumNanoseconds, nanoseconds)
    }

    /// The time that `fraction` (0 ... 1) of the records do not exceed, in ns; nil before the first record.
    public func percentile(_ fraction: Double) -> UInt64? {
        guard count > 0 else { return nil }
        let wanted = UInt64(max(1, (Double(count) * fraction).rounded(.up)))
        var seen: UInt64 = 0
        for (index, bucket) in buckets.enumerated() {
            seen &+= bucket
            if seen >= wanted { return min(Self.upperBound(of: index), maximumNanoseconds) }
        }
        return maximumNanoseconds
    }

    public mutating func merge(_ other: LatencyHistogram) {
        for index in buckets.indices { buckets[index] &+= other.buckets[index] }
        count &+= other.count
        maximumNanoseconds = max(maximumNanoseconds, other.maximumNanoseconds)
    }

    private static func bucket(of value: UInt64) -> Int {
        guard value >= UInt64(subBuckets) else { return Int(value) }
        let octave = 63 &- value.leadingZeroBitCount &- 3
        let sub = Int(truncatingIfNeeded: value >> UInt64(octave &- 1)) & (subBuckets &- 1)
        return min(octave &* subBuckets &+ sub, (octaves &+ 1) &* subBuckets &- 1)
    }

    private static func upperBound(of bucket: Int) -> UInt64 {
        guard bucket >= subBuckets else { return UInt64(bucket) }
        let octave = bucket / subBuckets
        let sub = bucket % subBuckets
        return UInt64(subBuckets + sub + 1) << UInt64(octave - 1) - 1
    }
}
