// swift-tools-version: 6.2
import PackageDescription

/// The settings of the sources that are measured.
let strict: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .strictMemorySafety(),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .enableExperimentalFeature("Lifetimes"),
]

func measured(_ name: String) -> Target.Dependency { .product(name: name, package: "lens-relay") }

let package = Package(
    name: "lens-benchmarks",
    dependencies: [
        .package(name: "lens-relay", path: "../"),
        // Without traits: its interposers come from elsewhere, and allocations are counted here by a target of our own.
        .package(url: "https://github.com/ordo-one/benchmark", from: "1.38.1", traits: []),
    ],
    targets: [
        .target(name: "CAllocationCounter", path: "Exact/Sources/CAllocationCounter"),
        .executableTarget(
            name: "LensBenchmarks",
            dependencies: [
                "CAllocationCounter",
                measured("MediaWire"), measured("MediaCore"), measured("Codecs"), measured("MediaFiles"),
                .product(name: "Benchmark", package: "benchmark"),
            ],
            path: "Benchmarks/LensBenchmarks",
            swiftSettings: strict,
            plugins: [.plugin(name: "BenchmarkPlugin", package: "benchmark")]),
        .executableTarget(name: "BenchTable", swiftSettings: strict),
    ]
)
