internal import Foundation
internal import GRDB
public import Sessions

/// The registry is read and written as a whole: administrators change it seldom, and it is small.
extension SQLiteSessionStore: RegistryStore {
    public func registryVersion() async throws(SessionError) -> Int64 {
        try await read { db in try Self.registryVersion(in: db) }
    }

    public func registry() async throws(SessionError) -> (registry: Registry, version: Int64) {
        try await read { db in (try Self.registry(in: db), try Self.registryVersion(in: db)) }
    }

    public func change(
        by actor: Actor, at now: WallTime,
        _ decide: @escaping @Sendable (Registry) throws(SessionError) -> RegistryChange
    ) async throws(SessionError) -> Registry {
        try await write { [auditKey] db in
            var registry = try Self.registry(in: db)
            let change = try decide(registry)
            switch try registry.apply(change) {
            case .written(let entry):
                try db.execute(
                    sql: "INSERT OR REPLACE INTO registry (place, document) VALUES (?, ?)",
                    arguments: [entry.place.text, try Document.text(entry)])
            case .removed(let place):
                try db.execute(sql: "DELETE FROM registry WHERE place = ?", arguments: [place.text])
            }
            try db.execute(sql: "UPDATE registryVersion SET version = version + 1")
            try AuditTable.append(.changed(change, by: actor, at: now), to: db, auditKey)
            return registry
        }
    }

    public func add(_ login: Login, from address: String, at now: WallTime) async throws(SessionError) {
        try await write { [auditKey] db in
            try db.execute(sql: "DELETE FROM login WHERE expiresAt <= ?", arguments: [now.milliseconds])
            try db.execute(
                sql: "INSERT INTO login (id, expiresAt, document) VALUES (?, ?, ?)",
                arguments: [login.id.text, login.expiresAt.milliseconds, try Document.text(login)])
            try AuditTable.append(.loggedIn(login.technician, from: address, at: now), to: db, auditKey)
        }
    }

    public func login(_ id: LoginID) async throws(SessionError) -> Login? {
        try await read { db in try Self.login(id, in: db) }
    }

    public func remove(_ id: LoginID, at now: WallTime) async throws(SessionError) {
        try await write { [auditKey] db in
            guard let login = try Self.login(id, in: db) else { return }
            try db.execute(sql: "DELETE FROM login WHERE id = ?", arguments: [id.text])
            try AuditTable.append(.loggedOut(login.technician, at: now), to: db, auditKey)
        }
    }

    public func noteRefusedLogin(
        of technician: TechnicianID?, from address: String, at now: WallTime
    ) async throws(SessionError) {
        try await write { [auditKey] db in
            try AuditTable.append(.loginRefused(technician, from: address, at: now), to: db, auditKey)
        }
    }

    private static func registryVersion(in db: Database) throws -> Int64 {
        try Int64.fetchOne(db, sql: "SELECT version FROM registryVersion") ?? 0
    }

    private static func registry(in db: Database) throws -> Registry {
        Registry(
            try String.fetchAll(db, sql: "SELECT document FROM registry").map {
                try Document.value(RegistryEntry.self, of: $0)
            })
    }

    private static func login(_ id: LoginID, in db: Database) throws -> Login? {
        try String.fetchOne(db, sql: "SELECT document FROM login WHERE id = ?", arguments: [id.text])
            .map { try Document.value(Login.self, of: $0) }
    }
}
