internal import Benchmark
internal import CAllocationCounter

/// Proves the allocation counter, which every other figure of allocations stands on. A wrong count fails the run.
func registerCounterBenchmarks() {
    Benchmark.register("counter/7 allocations in C and 2 in Swift", state: {}) { benchmark, _ in
        var object: Counted?
        let counted = benchmark.measure(units: 1) {
            // Linked into the program itself, so they count as its own.
            allocation_counter_exercise()
            // The object and its array's storage.
            object = Counted()
        }
        // Keeps the object from being moved to the stack.
        blackHole(object)
        try check(counted.bySwift == 9, "the counter saw \(counted.bySwift) of 9 allocations")
        try check(counted.byLibraries == 0, "the counter saw \(counted.byLibraries) allocations that were not made")
        try check(counted.frees == 6, "the counter saw \(counted.frees) of 6 frees")
    }
    Benchmark.register("counter/1 allocation in the C library", state: {}) { benchmark, _ in
        let counted = benchmark.measure(units: 1) { allocation_counter_exercise_library() }
        try check(counted.bySwift == 0, "the counter took \(counted.bySwift) allocations of the library for our own")
        try check(counted.byLibraries == 1, "the counter saw \(counted.byLibraries) of 1 allocation")
        try check(counted.frees == 1, "the counter saw \(counted.frees) of 1 free")
    }
    Benchmark.register("counter/nothing", state: {}) { benchmark, _ in
        let counted = benchmark.measure(units: 1) {}
        let nothing = counted.bySwift + counted.byLibraries + counted.frees
        try check(nothing == 0, "the counter counts itself")
    }
}

private final class Counted {
    let numbers = [Int](repeating: 1, count: 100)
}
