/// How alike two recordings of one sound are: the normalised cross-correlation at one lag for the whole clip.
public struct AudioCorrelation: Hashable, Sendable {
    /// −1 to 1; 1 for equal shapes, whatever the loudness.
    public var value: Double
    /// Samples by which the received clip is behind the reference.
    public var lag: Int
    /// The part of the reference, 0 to 1, that lies over the received clip at this lag.
    public var overlap: Double

    /// The best correlation over every lag within the limits, or nil if no lag fits them or one clip is silent.
    ///
    /// The lag is looked for at a sixteenth of the sample rate, then refined at a quarter of it and at the full rate; the
    /// value itself always comes from every sample of the overlap. Time and memory grow linearly with the clip.
    /// - Parameters:
    ///   - maximumLag: in samples, either way. One second at 48 kHz unless told.
    ///   - minimumOverlap: the least part of the reference that must be covered, 0 to 1.
    public static func measure(
        reference: [Int16], received: [Int16], maximumLag: Int = 48_000, minimumOverlap: Double = 0.95
    ) -> AudioCorrelation? {
        let allowed = lags(reference.count, received.count, maximumLag, minimumOverlap)
        guard let first = allowed.first, let last = allowed.last else { return nil }
        let (quarter, receivedQuarter) = (decimated(reference), decimated(received))
        let peaks = LagSearch.peaks(
            reference: decimated(quarter), received: decimated(receivedQuarter), lags: first / 16 - 1...last / 16 + 1)

        // Two survivors are enough where the finest step can only move a peak by a few samples.
        let near = best(2, of: around(peaks), quarter, receivedQuarter)
        guard let lag = best(1, of: around(near).filter(allowed.contains), reference, received).first,
            let value = pearson(reference, received, lag: lag)
        else { return nil }
        let covered = overlap(reference.count, received.count, lag: lag)
        return AudioCorrelation(value: value, lag: lag, overlap: Double(covered.count) / Double(reference.count))
    }

    /// Lags that keep within the limit and cover enough of the reference.
    private static func lags(_ reference: Int, _ received: Int, _ limit: Int, _ minimumOverlap: Double) -> Range<Int> {
        let needed = max(2, Int((Double(reference) * minimumOverlap).rounded(.up)))
        // At lag l the overlap goes from max(0, -l) to min(reference, received - l).
        let low = max(-limit, needed - reference)
        let high = min(limit, received - needed)
        return reference >= needed && low <= high ? low..<(high + 1) : 0..<0
    }

    /// Reference indices that have a received sample at this lag.
    private static func overlap(_ reference: Int, _ received: Int, lag: Int) -> Range<Int> {
        let start = max(0, -lag)
        return start..<max(start, min(reference, received - lag))
    }

    /// Means of four samples each: a coarse low-pass, which is all the lag search needs.
    private static func decimated(_ clip: [Int16]) -> [Int16] {
        var result = [Int16](repeating: 0, count: clip.count / 4)
        for index in result.indices {
            let at = index * 4
            let sum = Int32(clip[at]) + Int32(clip[at + 1]) + Int32(clip[at + 2]) + Int32(clip[at + 3])
            result[index] = Int16(truncatingIfNeeded: sum / 4)
        }
        return result
    }

    /// Around each lag, what may be the true one at four times the rate.
    private static func around(_ lags: [Int]) -> [Int] {
        Set(lags.flatMap { ($0 * 4 - 6)...($0 * 4 + 6) }).sorted()
    }

    private static func best(_ count: Int, of lags: [Int], _ reference: [Int16], _ received: [Int16]) -> [Int] {
        let values = lags.compactMap { lag in pearson(reference, received, lag: lag).map { (lag: lag, value: $0) } }
        return values.sorted { $0.value > $1.value }.prefix(count).map(\.lag)
    }

    /// Pearson's coefficient over the overlap at one lag; nil if there is none or one side does not vary.
    static func pearson(_ reference: [Int16], _ received: [Int16], lag: Int) -> Double? {
        let covered = overlap(reference.count, received.count, lag: lag)
        guard covered.count >= 2 else { return nil }
        let (x, y) = (reference.span, received.span)
        // Products of 16-bit samples leave room for 2^33 of them in 64 bits.
        var (sumX, sumY, sumXX, sumYY, sumXY) = (Int64(0), Int64(0), Int64(0), Int64(0), Int64(0))
        for index in covered {
            let (a, b) = (Int64(x[index]), Int64(y[index &+ lag]))
            sumX &+= a
            sumY &+= b
            sumXX &+= a &* a
            sumYY &+= b &* b
            sumXY &+= a &* b
        }
        let count = Double(covered.count)
        let (meanX, meanY) = (Double(sumX) / count, Double(sumY) / count)
        let varianceX = Double(sumXX) / count - meanX * meanX
        let varianceY = Double(sumYY) / count - meanY * meanY
        guard varianceX > 1e-9, varianceY > 1e-9 else { return nil }
        let value = (Double(sumXY) / count - meanX * meanY) / (varianceX * varianceY).squareRoot()
        return min(max(value, -1), 1)
    }
}
