import Foundation
import SQLiteStore
import Sessions

/// What a server keeps across restarts: sessions and audit log in `lens.sqlite`, and the key that seals the log. One server has it at
/// a time.
struct DataDirectory: ~Copyable {
    private let url: URL
    /// Held as long as the directory is in use; the kernel lets go of it with the process.
    private let lock: Int32

    /// Makes the directory if it is not there.
    init(_ path: String) throws {
        let url = URL(filePath: path, directoryHint: .isDirectory)
        do {
            try FileManager.default.createDirectory(
                at: url, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        } catch {
            throw SettingsError(description: "cannot make the data directory \(path); check --data")
        }
        let lock = unsafe open(url.appending(path: "lens.lock").path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard lock >= 0 else {
            throw SettingsError(description: "cannot write to the data directory \(path); check --data and its owner")
        }
        guard flock(lock, LOCK_EX | LOCK_NB) == 0 else {
            close(lock)
            throw SettingsError(description: "\(path) is in use by another lens serve; end it, or give another --data")
        }
        self.url = url
        self.lock = lock
    }

    deinit { close(lock) }

    func openStore() throws -> SQLiteSessionStore {
        let file = url.appending(path: "lens.sqlite").path
        let key = try auditKey(isNew: !FileManager.default.fileExists(atPath: file))
        do {
            return try SQLiteSessionStore(file: file, auditKey: key)
        } catch {
            guard case .store(let reason) = error else { throw error }
            throw SettingsError(description: "cannot open \(file): \(reason)")
        }
    }

    /// Without its key the log could not be continued, nor verified.
    private func auditKey(isNew: Bool) throws -> AuditKey {
        let file = url.appending(path: "audit.key")
        if let bytes = FileManager.default.contents(atPath: file.path) {
            if let key = AuditKey(Array(bytes)) { return key }
            throw SettingsError(description: "\(file.path) is no key of the audit log; restore it from a backup")
        }
        guard isNew else {
            throw SettingsError(
                description: "\(file.path) is missing, and the audit log needs it; restore it from a backup")
        }
        var generator = SystemRandomNumberGenerator()
        let key = AuditKey(using: &generator)
        let isKept = FileManager.default.createFile(
            atPath: file.path, contents: Data(key.secretBytes), attributes: [.posixPermissions: 0o600])
        guard isKept else { throw SettingsError(description: "cannot write \(file.path); check --data and its owner") }
        return key
    }
}
