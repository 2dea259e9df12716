internal import Foundation

/// What one round measured of one benchmark, per packet or frame.
struct Measurement {
    /// Median over the iterations.
    var nanoseconds: Double
    /// Means over the iterations.
    var swiftAllocations: Double
    var libraryAllocations: Double

    /// A round's measurements by the names of their benchmarks.
    static func round(at path: String) throws -> [String: Measurement] {
        let elements = try JSONDecoder().decode([Element].self, from: Data(contentsOf: URL(fileURLWithPath: path)))
        var round: [String: Measurement] = [:]
        for element in elements { round[element.name] = try Measurement(element) }
        return round
    }

    private init(_ element: Element) throws {
        func metric(_ name: String) throws -> Element.Metric {
            guard let metric = element.secondaryMetrics[name] else { throw Missing(metric: name, of: element.name) }
            return metric
        }
        let units = try metric("Units").score
        guard units > 0, let median = try metric("Time (wall clock)").scorePercentiles["50.0"] else {
            throw Missing(metric: "Units", of: element.name)
        }
        // The export is in µs.
        nanoseconds = median * 1_000 / units
        swiftAllocations = try metric("Swift allocations").mean / units
        libraryAllocations = try metric("Library allocations").mean / units
    }

    private struct Missing: Error, CustomStringConvertible {
        let metric: String
        let benchmark: String
        init(metric: String, of benchmark: String) {
            self.metric = metric
            self.benchmark = benchmark
        }
        var description: String { "no \"\(metric)\" of \"\(benchmark)\"" }
    }
}

/// The parts of a JMH export that the table needs.
private struct Element: Decodable {
    let benchmark: String
    let secondaryMetrics: [String: Metric]

    struct Metric: Decodable {
        let score: Double
        let scorePercentiles: [String: Double]

        /// The export rounds to three digits behind the point; one allocation in thousands of iterations must not become
        /// none.
        var mean: Double { score == 0 && scorePercentiles["100.0", default: 0] > 0 ? 0.000_1 : score }
    }

    /// The export writes "package.benchmark.TARGET.NAME" with underscores for spaces; no name here has an underscore.
    var name: String {
        let parts = benchmark.split(separator: ".", maxSplits: 3).last.map(String.init) ?? benchmark
        return parts.replacingOccurrences(of: "_", with: " ")
    }
}
