/// Frames per second as a fraction in lowest terms, so that 30000/1001 stays exact.
public struct FrameRate: Hashable, Sendable, CustomStringConvertible {
    public let numerator: Int
    public let denominator: Int

    /// Nil unless it is between 1 and 240 frames/s.
    public init?(_ numerator: Int, over denominator: Int = 1) {
        guard (1...1_000_000_000).contains(numerator), (1...1_000_000_000).contains(denominator),
            numerator >= denominator, numerator / denominator <= 240
        else { return nil }
        var (divisor, rest) = (numerator, denominator)
        while rest != 0 { (divisor, rest) = (rest, divisor % rest) }
        self.numerator = numerator / divisor
        self.denominator = denominator / divisor
    }

    public var framesPerSecond: Double { Double(numerator) / Double(denominator) }

    /// Nanoseconds from frame 0 to this frame; exact to a nanosecond however long the call is.
    public func nanoseconds(toFrame index: Int) -> Int64 {
        let (whole, rest) =
            index.multipliedReportingOverflow(by: denominator).overflow
            ? (0, 0) : (index * denominator).quotientAndRemainder(dividingBy: numerator)
        return Int64(whole) &* 1_000_000_000 &+ Int64(Double(rest) * 1e9 / Double(numerator))
    }

    public var description: String {
        denominator == 1 ? "\(numerator)" : fixed(framesPerSecond, 2)
    }
}
