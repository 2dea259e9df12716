internal import Benchmark

/// Every benchmark. Each runs in a process of its own; names begin with the group that the table sorts by.
let benchmarks: @Sendable () -> Void = {
    unsafe Benchmark.defaultConfiguration = .init(
        metrics: [.throughput, .wallClock, .units, .swiftAllocations, .libraryAllocations],
        timeUnits: .nanoseconds,
        warmupIterations: 10,
        maxDuration: .seconds(1),
        maxIterations: 10_000)
    registerCounterBenchmarks()
    registerWireBenchmarks()
    registerSRTPBenchmarks()
    registerForwardBenchmarks()
    registerCodecBenchmarks()
}
