// swift-tools-version: 6.2
import PackageDescription

/// One program for each kind of untrusted bytes, made for libFuzzer: `make fuzz` builds them with its instrumentation and runs each for a
/// while. A package of its own, because everything in it is built that way.
let settings: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableExperimentalFeature("Lifetimes"),
    // libFuzzer brings the main function along.
    .unsafeFlags(["-parse-as-library"]),
]

func fuzzer(_ name: String, _ dependencies: [String]) -> Target {
    .executableTarget(
        name: "Fuzz" + name, dependencies: dependencies.map { .product(name: $0, package: "lens-relay") },
        path: "Sources/" + name, swiftSettings: settings)
}

let package = Package(
    name: "fuzz",
    dependencies: [.package(name: "lens-relay", path: "..")],
    targets: [
        fuzzer("STUN", ["MediaWire", "MediaCore"]),
        fuzzer("SDP", ["MediaWire", "MediaCore"]),
        fuzzer("RTP", ["MediaWire"]),
        fuzzer("RTCP", ["MediaWire"]),
        fuzzer("TCPFraming", ["MediaWire"]),
        fuzzer("DTLS", ["MediaWire", "MediaCore"]),
        fuzzer("Shard", ["MediaWire", "MediaCore"]),
    ]
)
