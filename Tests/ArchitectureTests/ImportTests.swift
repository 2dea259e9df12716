import Testing

/// Imports go only downward, and each target is kept away from what it must not know.
@Suite struct ImportTests {
    private enum Rule: Sendable {
        /// These modules and no others.
        case only([String])
        /// None whose name begins so.
        case nothingLike([String])
    }

    private static let rules: [String: Rule] = [
        "MediaWire": .only([]),
        "MediaCore": .only(["MediaWire", "CMemory", "CVectorGCM", "CSRTP", "COpenSSL", "CIPSecMB", "Synchronization"]),
        "MediaIO": .only(["MediaCore", "MediaWire", "CLinux", "Glibc", "Synchronization"]),
        "Codecs": .only(["CVPX", "COpus", "Glibc", "Synchronization"]),
        "MediaFiles": .only(["CZlib", "Glibc"]),
        "Sessions": .nothingLike([
            "Media", "Codecs", "Endpoints", "WebAPI", "HTTP", "Hummingbird", "NIO", "AsyncHTTP", "CLinux", "CSRTP",
            "CVPX",
            "COpus",
        ]),
        "Mail": .only(["CCurl", "Mustache", "Dispatch", "Synchronization"]),
        "SQLiteStore": .only(["Sessions", "GRDB", "Foundation"]),
        "WebAPI": .nothingLike(["Media", "Codecs", "Endpoints", "CLinux", "CSRTP", "CVPX", "COpus"]),
        "Endpoints": .nothingLike(["Sessions", "WebAPI", "Hummingbird", "CLinux", "CSRTP", "CVPX", "COpus"]),
        "lens": .nothingLike(["CLinux", "CSRTP", "CVPX", "COpus"]),
    ]

    @Test func everyTargetHasARule() throws {
        #expect(try SourceTree.targets() == Self.rules.keys.sorted())
    }

    @Test(arguments: rules.keys.sorted()) func targetImportsWhatItMay(_ target: String) throws {
        let rule = try #require(Self.rules[target])
        let files = try SourceTree.files(in: "Sources/" + target)
        #expect(!files.isEmpty)
        for file in files {
            for module in file.imports {
                switch rule {
                case .only(let allowed): #expect(allowed.contains(module), "\(file.path) imports \(module)")
                case .nothingLike(let forbidden):
                    #expect(!forbidden.contains { module.hasPrefix($0) }, "\(file.path) imports \(module)")
                }
            }
        }
    }

    @Test func sessionsAndMediaIOMeetInTheExecutableOnly() throws {
        for target in try SourceTree.targets() where target != "lens" {
            let imports = Set(try SourceTree.files(in: "Sources/" + target).flatMap(\.imports) + [target])
            #expect(!imports.isSuperset(of: ["Sessions", "MediaIO"]), "\(target)")
        }
    }

    @Test func importsAreReadFromEveryForm() {
        let file = SourceFile(
            path: "x.swift",
            text: """
                public import A
                @testable import B
                internal import struct C.D
                import E // import F
                // import G
                let text = "import H"
                /* import I */
                """)
        #expect(file.imports == ["A", "B", "C", "E"])
    }
}
