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

// A package of its own, so that exact counts need no other package: CI builds it in a minute.
let package = Package(
    name: "lens-exact-counts",
    products: [.library(name: "CAllocationCounter", targets: ["CAllocationCounter"])],
    dependencies: [.package(name: "lens-relay", path: "../../")],
    targets: [
        .target(name: "CAllocationCounter"),
        .target(name: "CExactCounts"),
        .executableTarget(
            name: "ExactCounts",
            dependencies: [
                "CAllocationCounter", "CExactCounts", measured("MediaWire"), measured("MediaCore"), measured("MediaIO"),
            ],
            swiftSettings: strict),
    ]
)
