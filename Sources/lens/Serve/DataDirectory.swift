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
        // What is made here from now on, by SQLite too, is for its owner only.
        umask(0o077)
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

    /// - Parameter keepsNotices: somebody is to be told of each change of status.
    func openStore(keepsNotices: Bool) throws -> SQLiteSessionStore {
        let isNew = !FileManager.default.fileExists(atPath: Self.database(url).path)
        return try Self.store(url, Self.auditKey(url, isNew: isNew), keepsNotices: keepsNotices)
    }

    /// What a server keeps there, whether one runs or not: the store and the key of its log.
    static func openExisting(_ url: URL) throws -> (store: SQLiteSessionStore, key: AuditKey) {
        guard FileManager.default.fileExists(atPath: database(url).path) else {
            throw SettingsError(description: "\(url.path) is no data directory; lens serve --data makes one")
        }
        let key = try auditKey(url, isNew: false)
        // The administrator's commands change no session.
        return (try store(url, key, keepsNotices: false), key)
    }

    private static func database(_ url: URL) -> URL { url.appending(path: "lens.sqlite") }

    private static func store(_ url: URL, _ key: AuditKey, keepsNotices: Bool) throws -> SQLiteSessionStore {
        let file = database(url).path
        do {
            return try SQLiteSessionStore(file: file, auditKey: key, keepsNotices: keepsNotices)
        } catch {
            guard case .store(let reason) = error else { throw error }
            throw SettingsError(description: "cannot open \(file): \(reason)")
        }
    }

    /// Without its key the log could not be continued, nor verified.
    private static func auditKey(_ url: URL, isNew: Bool) throws -> AuditKey {
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
        guard write(Data(key.secretBytes), to: file), synchronize(url) else {
            throw SettingsError(description: "cannot write \(file.path); check --data and its owner")
        }
        return key
    }

    /// On the disk, so that no entry is older than the key that sealed it.
    private static func write(_ data: Data, to file: URL) -> Bool {
        let descriptor = unsafe open(file.path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { return false }
        let handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
        do {
            try handle.write(contentsOf: data)
            try handle.synchronize()
        } catch {
            return false
        }
        return true
    }

    /// The directory's own entries.
    private static func synchronize(_ url: URL) -> Bool {
        let descriptor = unsafe open(url.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        return fsync(descriptor) == 0
    }
}
