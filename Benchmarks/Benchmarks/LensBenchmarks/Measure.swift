internal import Benchmark
internal import CAllocationCounter
internal import Foundation

extension BenchmarkMetric {
    /// Packets or frames that one iteration handles: the table divides by it.
    static let units = BenchmarkMetric.custom("Units", polarity: .prefersLarger, useScalingFactor: false)
    /// Allocations by our code and the Swift runtime in one iteration.
    static let swiftAllocations = BenchmarkMetric.custom("Swift allocations", useScalingFactor: false)
    /// Allocations by C libraries in one iteration.
    static let libraryAllocations = BenchmarkMetric.custom("Library allocations", useScalingFactor: false)
}

/// What one thread allocated and freed between two readings of the counter.
struct Allocations: Equatable {
    var bySwift: Int
    var byLibraries: Int
    var frees: Int

    init(from before: allocation_counts, to after: allocation_counts) {
        bySwift = Int(after.by_swift - before.by_swift)
        byLibraries = Int(after.by_libraries - before.by_libraries)
        frees = Int(after.frees - before.frees)
    }
}

extension Benchmark {
    /// Measures `body`, which handles `units` packets or frames: the time, and what this thread allocates and frees.
    ///
    /// What comes before and after in the benchmark's closure is not measured.
    @discardableResult
    func measure(units: Int, _ body: () throws -> Void) rethrows -> Allocations {
        startMeasurement()
        let before = allocation_counter_read()
        try body()
        let after = allocation_counter_read()
        stopMeasurement()
        let allocations = Allocations(from: before, to: after)
        measurement(.units, units)
        measurement(.swiftAllocations, allocations.bySwift)
        measurement(.libraryAllocations, allocations.byLibraries)
        return allocations
    }

    /// Registers a benchmark whose state is made at its first iteration, in the process that runs it.
    static func register<State>(
        _ name: String, state make: @escaping () throws -> State,
        _ iterate: @escaping (Benchmark, State) throws -> Void
    ) {
        var state: State?
        Benchmark(name) { benchmark in
            do {
                allocation_counter_start()
                let current = try state ?? make()
                state = current
                try iterate(benchmark, current)
            } catch {
                // Run without the package's tool, a failure would go unsaid.
                FileHandle.standardError.write(Data("\(name): \(error)\n".utf8))
                benchmark.error("\(name): \(error)")
            }
        }
    }
}

/// A benchmark that did not do what it says it measures.
struct BenchmarkFailure: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}

/// Throws unless `condition` holds.
func check(_ condition: Bool, _ message: @autoclosure () -> String) throws {
    if !condition { throw BenchmarkFailure(message()) }
}
