/// Figures in the text format of Prometheus (version 0.0.4).
public struct MetricsText: Sendable {
    public enum Kind: String, Sendable {
        /// Only ever grows.
        case counter
        case gauge
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

    /// Whole numbers without a point, so that large counts stay exact to the eye.
    private static func number(_ value: Double) -> String {
        Int64(exactly: value).map { String($0) } ?? String(value)
    }
}
