// swift-tools-version: 6.2
import Foundation
import PackageDescription

/// Every Swift target is built with the same strict settings.
let strict: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .strictMemorySafety(),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .enableExperimentalFeature("Lifetimes"),
]

/// Test targets spell out no `unsafe`: they call C oracles and build broken input on purpose.
let testSettings: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableExperimentalFeature("Lifetimes"),
]

func library(_ name: String, _ dependencies: [Target.Dependency] = [], resources: [Resource]? = nil) -> Target {
    .target(name: name, dependencies: dependencies, resources: resources, swiftSettings: strict)
}

func tests(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .testTarget(name: name, dependencies: dependencies + ["TestSupport"], swiftSettings: testSettings)
}

func system(_ name: String, pkgConfig: String, apt: String) -> Target {
    .systemLibrary(name: name, pkgConfig: pkgConfig, providers: [.apt([apt])])
}

/// Intel's multi-buffer library runs on x86-64 only; a build without it does SRTP over OpenSSL. Debian: libipsec-mb-dev.
#if arch(x86_64)
    let hasIPSecMB = FileManager.default.fileExists(atPath: "/usr/include/intel-ipsec-mb.h")
#else
    let hasIPSecMB = false
#endif
let ipsecMB: [Target] = hasIPSecMB ? [.systemLibrary(name: "CIPSecMB", providers: [.apt(["libipsec-mb-dev"])])] : []

let package = Package(
    name: "lens-relay",
    products: [
        .executable(name: "lens", targets: ["lens"]),
        .library(name: "MediaWire", targets: ["MediaWire"]),
        .library(name: "MediaCore", targets: ["MediaCore"]),
        .library(name: "MediaIO", targets: ["MediaIO"]),
        .library(name: "Codecs", targets: ["Codecs"]),
        .library(name: "MediaFiles", targets: ["MediaFiles"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.0"),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.0"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.0"),
        .package(url: "https://github.com/apple/swift-nio-extras", from: "1.35.0"),
        .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.0"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.0"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        .package(url: "https://github.com/hummingbird-project/swift-mustache", from: "2.1.0"),
    ],
    targets: [
        // C
        .target(name: "CLinux"),
        .target(name: "CMemory"),
        .target(name: "CVectorGCM"),
        system("COpenSSL", pkgConfig: "openssl", apt: "libssl-dev"),
        system("CSRTP", pkgConfig: "libsrtp2", apt: "libsrtp2-dev"),
        system("CVPX", pkgConfig: "vpx", apt: "libvpx-dev"),
        system("COpus", pkgConfig: "opus", apt: "libopus-dev"),
        system("CZlib", pkgConfig: "zlib", apt: "zlib1g-dev"),
        system("CCurl", pkgConfig: "libcurl", apt: "libcurl4-openssl-dev"),

        // Media
        library("MediaWire"),
        library(
            "MediaCore", ["MediaWire", "CMemory", "CVectorGCM", "COpenSSL", "CSRTP"] + (hasIPSecMB ? ["CIPSecMB"] : [])),
        library("MediaIO", ["MediaCore", "MediaWire", "CLinux"]),
        library("Codecs", ["CVPX", "COpus"]),
        library("MediaFiles", ["CZlib"]),
        library(
            "Endpoints",
            [
                "MediaWire", "MediaCore", "MediaIO", "Codecs", "MediaFiles",
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "Logging", package: "swift-log"),
            ]),

        // Sessions
        library("Sessions", ["COpenSSL"]),
        library("SQLiteStore", ["Sessions", .product(name: "GRDB", package: "GRDB.swift")]),
        library(
            "Mail", ["CCurl", .product(name: "Mustache", package: "swift-mustache")],
            resources: [.embedInCode("Templates")]),
        library(
            "WebAPI",
            [
                "Sessions", "Mail",
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOTLS", package: "swift-nio"),
                .product(name: "NIOHTTPTypes", package: "swift-nio-extras"),
                .product(name: "HummingbirdCore", package: "hummingbird"),
                .product(name: "HummingbirdHTTP2", package: "hummingbird"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "Logging", package: "swift-log"),
            ],
            resources: [.embedInCode("Pages")]),

        .executableTarget(
            name: "lens",
            dependencies: [
                "MediaWire", "MediaCore", "MediaIO", "Codecs", "MediaFiles", "Endpoints", "Sessions", "SQLiteStore",
                "Mail",
                "WebAPI",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
                .product(name: "Yams", package: "Yams"),
            ],
            swiftSettings: strict),

        // Test support
        .target(name: "TestSupport", path: "Tests/TestSupport", swiftSettings: testSettings),
        .target(
            name: "Simulation", dependencies: ["MediaWire", "MediaCore", "Endpoints"], path: "Tests/Simulation",
            swiftSettings: testSettings),

        // Tests
        tests("MediaWireTests", ["MediaWire"]),
        tests("MediaCoreTests", ["MediaCore", "MediaWire"]),
        tests("MediaIOTests", ["MediaIO", "MediaCore", "MediaWire"]),
        tests("CodecsTests", ["Codecs", "MediaFiles"]),
        tests("MediaFilesTests", ["MediaFiles"]),
        tests("EndpointsTests", ["Endpoints", "MediaIO", "MediaCore", "MediaWire", "MediaFiles", "Codecs"]),
        tests("SessionsTests", ["Sessions", "SQLiteStore"]),
        tests("MailTests", ["Mail"]),
        tests(
            "WebAPITests",
            [
                "WebAPI", "Sessions",
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "HummingbirdTesting", package: "hummingbird"),
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "Logging", package: "swift-log"),
            ]),
        tests("SimulationTests", ["Simulation", "Endpoints", "MediaCore", "MediaWire", "Codecs", "MediaFiles"]),
        tests("ArchitectureTests", []),
        tests("LensTests", ["lens", "Endpoints", "MediaFiles", "MediaCore", "MediaWire"]),
    ] + ipsecMB
)
