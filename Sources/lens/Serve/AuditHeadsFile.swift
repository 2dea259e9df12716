import Foundation
import Sessions

/// Where the audit log has ended, noted outside the database from time to time, so that a log that was cut off is found (D18). One
/// head on each line.
struct AuditHeadsFile: Sendable {
    private let file: URL

    init(_ file: URL) { self.file = file }

    /// Beside the log. It finds what was cut off by accident; against who may write here too it belongs elsewhere.
    static func standard(_ directory: URL) -> URL { directory.appending(path: "audit.heads") }

    /// All heads that were noted. A last line that was not written to its end is left out.
    func read(mustExist: Bool) throws -> [AuditHead] {
        guard let data = FileManager.default.contents(atPath: file.path) else {
            if mustExist { throw SettingsError(description: "cannot read \(file.path)") }
            return []
        }
        var lines = String(decoding: data, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false)
        lines.removeLast()
        return lines.enumerated().compactMap { index, line in
            let head = AuditHead(line)
            // One that was cut off by a crash stands between whole ones.
            if head == nil { printError("lens: line \(index + 1) of \(file.path) is no head and is left out") }
            return head
        }
    }

    /// On the disk when it returns.
    func append(_ head: AuditHead) throws {
        let descriptor = unsafe open(file.path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw SettingsError(description: "cannot write \(file.path)") }
        let handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
        // A line that was not written to its end must not spoil this one.
        let isWhole = FileManager.default.contents(atPath: file.path).map { $0.isEmpty || $0.last == 0x0A } ?? true
        try handle.write(contentsOf: Data(((isWhole ? "" : "\n") + head.text + "\n").utf8))
        try handle.synchronize()
    }
}
