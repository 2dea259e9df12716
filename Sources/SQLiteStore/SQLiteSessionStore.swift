internal import Foundation
internal import GRDB
public import Sessions

/// Sessions in a file. What a call has answered is on the disk: each operation is one transaction with `synchronous` FULL, and the
/// rules over all sessions are unique indices.
public final class SQLiteSessionStore: SessionStore {
    private let database: DatabasePool
    let auditKey: AuditKey
    private let keepsNotices: Bool
    /// PINs that are remembered after they lead nowhere any more: few of all that there are, since a used one is told apart from a wrong
    /// one.
    private static let pastPINs: Int64 = 10_000

    /// Opens the file, or makes it, and brings its tables up to date.
    /// - Parameters:
    ///   - auditKey: seals the audit log; the same one each time.
    ///   - keepsNotices: somebody is to be told of each change of status.
    /// - Throws: `store`, with the reason.
    public init(file path: String, auditKey: AuditKey, keepsNotices: Bool = false) throws(SessionError) {
        self.auditKey = auditKey
        self.keepsNotices = keepsNotices
        do {
            var configuration = Configuration()
            configuration.busyMode = .timeout(10)
            database = try DatabasePool(path: path, configuration: configuration)
            // After the pool has been made: making it sets NORMAL, under which a commit waits for no disk.
            try database.writeWithoutTransaction { try $0.execute(sql: "PRAGMA synchronous = FULL") }
            try Schema.migrator.migrate(database)
        } catch {
            throw .store("\(error)")
        }
    }

    public func create(_ session: LensSession, by actor: Actor) async throws(SessionError) {
        try await write { [auditKey, keepsNotices] db in
            let row = try SessionRow(session)
            try Self.keepingRules {
                try db.execute(
                    sql: """
                        INSERT INTO session (
                            id, document, owner, groupID, visibility, status, isListed, livePIN, activeTechnician,
                            waitingSince, endedAt, mailDueAt, technician)
                        VALUES (
                            :id, :document, :owner, :groupID, :visibility, :status, :isListed, :livePIN,
                            :activeTechnician, :waitingSince, :endedAt, :mailDueAt,
                            :technician)
                        """, arguments: row.arguments)
            }
            try db.execute(sql: "DELETE FROM pastPIN WHERE pin = ?", arguments: [session.pin.digits])
            try AuditTable.append(.created(session, by: actor), to: db, auditKey)
            if keepsNotices { try NoticeTable.append(session, after: nil, at: session.createdAt, to: db) }
        }
    }

    public func find(_ id: SessionID) async throws(SessionError) -> LensSession? {
        try await read { db in try Self.session(id, in: db) }
    }

    public func claim(pin: PIN, by claim: CustomerClaim, at now: WallTime) async throws(SessionError) -> SessionChange {
        try await write { [self] db in
            let id = try String.fetchOne(db, sql: "SELECT id FROM session WHERE livePIN = ?", arguments: [pin.digits])
            guard let id = id.flatMap({ SessionID($0) }) else {
                let past = try String.fetchOne(
                    db, sql: "SELECT refusal FROM pastPIN WHERE pin = ?", arguments: [pin.digits])
                throw SessionError.pin(past.flatMap { PINRefusal(rawValue: $0) } ?? .invalid)
            }
            return try update(id, .pinClaimed(pin, claim), by: .customer, at: now, in: db)
        }
    }

    public func update(
        _ id: SessionID, with event: SessionEvent, by actor: Actor, at now: WallTime
    ) async throws(SessionError) -> SessionChange {
        try await write { [self] db in try update(id, event, by: actor, at: now, in: db) }
    }

    public func record(_ figures: MediaFigures, for id: SessionID) async throws(SessionError) {
        try await write { db in
            guard var session = try Self.session(id, in: db) else { return }
            session.finalFigures = figures
            try Self.keep(session, in: db)
        }
    }

    public func list(_ query: SessionQuery) async throws(SessionError) -> SessionPage {
        var before = Int64.max
        if let cursor = query.cursor {
            guard let number = Int64(cursor) else { throw .invalid(field: "cursor", "is not one that a page gave") }
            before = number
        }
        let limit = min(max(query.limit, SessionQuery.limits.lowerBound), SessionQuery.limits.upperBound)
        let last = before
        return try await read { db in
            let rows = try SessionListing(query, before: last, limit: limit + 1).rows(in: db)
            let sessions = try rows.prefix(limit).map { try SessionRow.session(of: $0) }
            let cursor = rows.count > limit ? rows[limit - 1]["number"] as Int64? : nil
            return SessionPage(sessions: sessions, cursor: cursor.map(String.init))
        }
    }

    public func auditLog(from number: Int64, limit: Int) async throws(SessionError) -> [AuditEntry] {
        try await read { db in try AuditTable.entries(from: number, limit: limit, in: db) }
    }

    public func auditTrail(of id: SessionID) async throws(SessionError) -> [AuditEntry] {
        try await read { db in try AuditTable.entries(of: id, in: db) }
    }

    public func auditHead() async throws(SessionError) -> AuditHead {
        try await read { db in try AuditTable.head(in: db) }
    }

    // MARK: - Within a transaction

    private func update(
        _ id: SessionID, _ event: SessionEvent, by actor: Actor, at now: WallTime, in db: Database
    ) throws -> SessionChange {
        guard let before = try Self.session(id, in: db) else { throw SessionError.notFound }
        var after = before
        let actions = try after.handle(event, at: now)
        try Self.keep(after, in: db)
        try Self.retirePIN(from: before, to: after, in: db)
        if let record = AuditRecord.changed(from: before, to: after, by: event, of: actor, at: now) {
            try AuditTable.append(record, to: db, auditKey)
        }
        if keepsNotices, before.status != after.status {
            try NoticeTable.append(after, after: before.status, at: now, to: db)
        }
        return SessionChange(session: after, actions: actions)
    }

    static func session(_ id: SessionID, in db: Database) throws -> LensSession? {
        try Row.fetchOne(db, sql: "SELECT number, document FROM session WHERE id = ?", arguments: [id.text])
            .map { try SessionRow.session(of: $0) }
    }

    private static func keep(_ session: LensSession, in db: Database) throws {
        let row = try SessionRow(session)
        try keepingRules {
            try db.execute(
                sql: """
                    UPDATE session SET document = :document, owner = :owner, groupID = :groupID,
                        visibility = :visibility, status = :status, isListed = :isListed, livePIN = :livePIN,
                        activeTechnician = :activeTechnician, waitingSince = :waitingSince, endedAt = :endedAt,
                        mailDueAt = :mailDueAt, technician = :technician
                    WHERE id = :id
                    """, arguments: row.arguments)
        }
    }

    /// Remembers why a PIN leads nowhere any more; whoever gets it next makes that void.
    private static func retirePIN(from before: LensSession, to after: LensSession, in db: Database) throws {
        func retire(_ pin: PIN, _ refusal: PINRefusal) throws {
            try db.execute(
                sql: "INSERT OR REPLACE INTO pastPIN (pin, refusal) VALUES (?, ?)",
                arguments: [pin.digits, refusal.rawValue])
            try db.execute(
                sql: "DELETE FROM pastPIN WHERE number <= ?", arguments: [db.lastInsertedRowID - pastPINs])
        }
        if after.pin != before.pin {
            try retire(before.pin, .expired)
            try db.execute(sql: "DELETE FROM pastPIN WHERE pin = ?", arguments: [after.pin.digits])
        }
        if after.hasEnded, !before.hasEnded { try retire(after.pin, after.gates.pinClaimed ? .alreadyUsed : .expired) }
    }

    /// Says which rule a unique index has kept.
    private static func keepingRules(_ body: () throws -> Void) throws {
        do {
            try body()
        } catch let error as DatabaseError where error.resultCode == .SQLITE_CONSTRAINT {
            let message = error.message ?? ""
            if message.contains("livePIN") { throw SessionError.pinTaken }
            if message.contains("activeTechnician") { throw SessionError.technicianBusy }
            throw error
        }
    }

    // MARK: - Transactions

    func read<T: Sendable>(_ body: @escaping @Sendable (Database) throws -> T) async throws(SessionError) -> T {
        do { return try await database.read(body) } catch { throw Self.refusal(error) }
    }

    func write<T: Sendable>(_ body: @escaping @Sendable (Database) throws -> T) async throws(SessionError) -> T {
        do { return try await database.write(body) } catch { throw Self.refusal(error) }
    }

    private static func refusal(_ error: any Error) -> SessionError { error as? SessionError ?? .store("\(error)") }
}
