/// How long something took, counted in classes that get wider, as Prometheus wants it.
public struct DurationHistogram: Sendable, Hashable {
    /// Upper bounds of the classes, in seconds; what is longer stands in one more class.
    public static let bounds: [Double] = [0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1200, 3600]

    /// One more than bounds; not summed up.
    public private(set) var counts = [UInt64](repeating: 0, count: bounds.count + 1)
    public private(set) var sum: Double = 0

    public init() {}

    public var count: UInt64 { counts.reduce(0, +) }

    /// - Parameter seconds: what a clock that went back shows as negative counts as none.
    public mutating func record(_ seconds: Double) {
        let seconds = max(0, seconds)
        counts[Self.bounds.firstIndex { seconds <= $0 } ?? Self.bounds.count] += 1
        sum += seconds
    }
}
