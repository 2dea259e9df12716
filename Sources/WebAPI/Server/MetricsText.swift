/// Figures in the text format of Prometheus (version 0.0.4).
public struct MetricsText: Sendable {
    public enum Kind: String, Sendable {
        /// Only ever grows.
        case counter
        case gauge
        case histogram
    }

    public private(set) var text = ""

    public init() {}

    /// Writes one metric with all its samples.
    /// - Parameters:
    ///   - name: letters, digits and underscores; counters end with `_total`.
    ///   - help: one line.
    ///   - samples: labels in braces or nothing, and the value.
    public mutating func add(_ name: String, _ kind: Kind, help: String, _ samples: [(labels: String, value: Double)]) {
        text += "# HELP \(name) \(help)\n# TYPE \(name) \(kind.rawValue)\n"
        for sample in samples { text += "\(name)\(sample.labels) \(Self.number(sample.value))\n" }
    }

    /// Writes a histogram.
    /// - Parameters:
    ///   - bounds: upper bounds of the classes.
    ///   - counts: of the classes, not summed up; one more than bounds.
    public mutating func add(
        histogram name: String, help: String, bounds: [Double], counts: [UInt64], sum: Double
    ) {
        text += "# HELP \(name) \(help)\n# TYPE \(name) \(Kind.histogram.rawValue)\n"
        var total: UInt64 = 0
        for (bound, count) in zip(bounds, counts) {
            total += count
            text += "\(name)_bucket{le=\"\(Self.number(bound))\"} \(total)\n"
        }
        total += counts.dropFirst(bounds.count).reduce(0, +)
        text += "\(name)_bucket{le=\"+Inf\"} \(total)\n\(name)_sum \(Self.number(sum))\n\(name)_count \(total)\n"
    }

    /// Whole numbers without a point, so that large counts stay exact to the eye.
    private static func number(_ value: Double) -> String {
        Int64(exactly: value).map { String($0) } ?? String(value)
    }
}
