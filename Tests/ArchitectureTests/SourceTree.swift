import Foundation
import Synchronization
import TestSupport

/// A text file of the repository.
struct SourceFile: Sendable {
    /// From the repository's top.
    let path: String
    let lines: [String]
    /// The lines without comments and without what stands in string literals; line numbers stay.
    let code: [String]

    init(path: String, text: String) {
        self.path = path
        lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        var isInBlock = false
        var isInText = false
        code = lines.map { Self.strip($0, &isInBlock, &isInText) }
    }

    private static func strip(_ line: String, _ isInBlock: inout Bool, _ isInText: inout Bool) -> String {
        let bytes = Array(line.utf8)
        var kept: [UInt8] = []
        var isInLiteral = false
        var index = 0
        func isAt(_ mark: StaticString) -> Bool {
            let count = mark.utf8CodeUnitCount
            guard index + count <= bytes.count else { return false }
            return (0..<count).allSatisfy { bytes[index + $0] == mark.utf8Start[$0] }
        }
        while index < bytes.count {
            if isInText {
                if isAt("\"\"\"") { (isInText, index) = (false, index + 3) } else { index += 1 }
            } else if isInBlock {
                if isAt("*/") { (isInBlock, index) = (false, index + 2) } else { index += 1 }
            } else if isInLiteral {
                if isAt("\"") { isInLiteral = false }
                index += isAt("\\") ? 2 : 1
            } else if isAt("\"\"\"") {
                (isInText, index) = (true, index + 3)
            } else if isAt("\"") {
                (isInLiteral, index) = (true, index + 1)
            } else if isAt("//") {
                break
            } else if isAt("/*") {
                (isInBlock, index) = (true, index + 2)
            } else {
                kept.append(bytes[index])
                index += 1
            }
        }
        return String(decoding: kept, as: UTF8.self)
    }

    private static let accessLevels: [Substring] = ["public", "package", "internal", "fileprivate", "private"]

    /// The modules that a Swift file imports.
    var imports: [String] {
        code.compactMap { line in
            var words = line.split(separator: " ")
            while let first = words.first, first.hasPrefix("@") || Self.accessLevels.contains(first) {
                words.removeFirst()
            }
            guard words.count >= 2, words[0] == "import" else { return nil }
            // `import struct Foundation.Data` names the module behind the kind.
            let kinds = ["struct", "class", "enum", "protocol", "func", "let", "var", "typealias"]
            let name = kinds.contains(String(words[1])) && words.count > 2 ? words[2] : words[1]
            return String(name.prefix { $0 != "." })
        }
    }
}

/// What no line may contain: a regular expression.
struct Pattern: Sendable {
    private let expression: NSRegularExpression

    init(_ text: String) {
        // A pattern that is none is a mistake of this very file, and stops the run.
        expression = try! NSRegularExpression(pattern: text)
    }

    /// The numbers of the lines that match, from 1.
    func matches(_ lines: [String]) -> [Int] {
        let text = lines.joined(separator: "\n")
        let found = expression.matches(in: text, range: NSRange(location: 0, length: text.utf16.count))
        if found.isEmpty { return [] }
        let units = Array(text.utf16)
        return found.map { match in units[..<match.range.location].count { $0 == 10 } + 1 }
    }
}

enum SourceTree {
    private static let read = Mutex<[String: SourceFile]>([:])

    private static func file(_ path: String) throws -> SourceFile {
        if let known = read.withLock({ $0[path] }) { return known }
        let file = SourceFile(
            path: path, text: try String(contentsOfFile: Fixtures.repository + "/" + path, encoding: .utf8))
        read.withLock { $0[path] = file }
        return file
    }

    /// Files below a folder with one of these endings, in order of their paths; build products left out.
    static func files(in folder: String, endings: [String] = ["swift"]) throws -> [SourceFile] {
        let top = URL(fileURLWithPath: Fixtures.repository + "/" + folder).resolvingSymlinksInPath().path
        var paths = [String]()
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: top, isDirectory: &isFolder) else { return [] }
        if isFolder.boolValue {
            let all = FileManager.default.enumerator(atPath: top)
            while let path = all?.nextObject() as? String {
                if path.split(separator: "/").contains(where: { $0.hasPrefix(".") || $0 == "__pycache__" }) { continue }
                if endings.contains(where: { path.hasSuffix("." + $0) }) { paths.append(folder + "/" + path) }
            }
        } else {
            paths = [folder]
        }
        return try paths.sorted().map(file)
    }

    /// The target folders in `Sources/` that hold Swift.
    static func targets() throws -> [String] {
        let names = try files(in: "Sources").compactMap {
            $0.path.split(separator: "/").dropFirst().first.map(String.init)
        }
        return Set(names).sorted()
    }
}
