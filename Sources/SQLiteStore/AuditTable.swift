internal import Foundation
internal import GRDB
internal import Sessions

/// The audit log as a table, which only grows.
enum AuditTable {
    static func append(_ record: AuditRecord, to db: Database, _ key: AuditKey) throws {
        var chain = AuditChain(key: key, continuing: try head(in: db))
        let entry = chain.append(record)
        let details = try Document.text(record.details)
        try db.execute(
            sql: "INSERT INTO audit (number, at, actor, step, session, details, seal) VALUES (?, ?, ?, ?, ?, ?, ?)",
            arguments: [
                entry.number, record.at.milliseconds, record.actor, record.step.rawValue, record.session?.text, details,
                Data(entry.seal.bytes),
            ])
    }

    static func head(in db: Database) throws -> AuditHead {
        guard let row = try Row.fetchOne(db, sql: "SELECT number, seal FROM audit ORDER BY number DESC LIMIT 1") else {
            return .empty
        }
        return AuditHead(number: row["number"], seal: try seal(of: row))
    }

    static func entries(from number: Int64, limit: Int, in db: Database) throws -> [AuditEntry] {
        try Row.fetchAll(
            db, sql: "SELECT * FROM audit WHERE number >= ? ORDER BY number LIMIT ?",
            arguments: [number, max(0, limit)]
        ).map(entry)
    }

    static func entries(of session: SessionID, in db: Database) throws -> [AuditEntry] {
        try Row.fetchAll(
            db, sql: "SELECT * FROM audit WHERE session = ? ORDER BY number", arguments: [session.text]
        ).map(entry)
    }

    private static func entry(_ row: Row) throws -> AuditEntry {
        let step: String = row["step"]
        let session: String? = row["session"]
        let details: String = row["details"]
        guard let step = AuditStep(rawValue: step) else { throw Unreadable(number: row["number"]) }
        let record = AuditRecord(
            at: WallTime(milliseconds: row["at"]), actor: row["actor"], step: step,
            session: session.flatMap { SessionID($0) },
            details: try Document.value([String: String].self, of: details))
        return AuditEntry(number: row["number"], record: record, seal: try seal(of: row))
    }

    private static func seal(of row: Row) throws -> AuditSeal {
        let bytes: Data = row["seal"]
        guard let seal = AuditSeal(Array(bytes)) else { throw Unreadable(number: row["number"]) }
        return seal
    }

    /// An entry whose columns cannot have been written here.
    struct Unreadable: Error, CustomStringConvertible {
        let number: Int64
        var description: String { "entry \(number) of the audit log cannot be read" }
    }
}
