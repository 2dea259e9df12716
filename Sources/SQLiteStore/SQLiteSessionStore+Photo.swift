internal import Foundation
internal import GRDB
public import Sessions

/// Photos, their bytes apart from what is said of them.
extension SQLiteSessionStore {
    public func append(_ photo: NewPhoto, to id: SessionID, at now: WallTime) async throws(SessionError) -> Photo {
        try await write { [auditKey] db in
            guard let session = try Self.session(id, in: db) else { throw SessionError.notFound }
            try session.permitPhoto()
            let last = try Int64.fetchOne(
                db, sql: "SELECT MAX(number) FROM photo WHERE session = ?", arguments: [id.text])
            let kept = photo.photo((last ?? 0) + 1, at: now)
            guard kept.number <= Photo.countLimit else { throw SessionError.photosFull }
            try db.execute(
                sql: "INSERT INTO photo (session, number, document, bytes) VALUES (?, ?, ?, ?)",
                arguments: [id.text, kept.number, try Document.text(kept), Data(photo.bytes)])
            try AuditTable.append(.photoSent(kept, in: id), to: db, auditKey)
            return kept
        }
    }

    public func photos(of id: SessionID) async throws(SessionError) -> [Photo] {
        try await read { db in
            try String.fetchAll(
                db, sql: "SELECT document FROM photo WHERE session = ? ORDER BY number", arguments: [id.text]
            ).map { try Document.value(Photo.self, of: $0) }
        }
    }

    public func photo(
        _ number: Int64, of id: SessionID
    ) async throws(SessionError) -> (photo: Photo, bytes: [UInt8])? {
        try await read { db in
            try Row.fetchOne(
                db, sql: "SELECT document, bytes FROM photo WHERE session = ? AND number = ?",
                arguments: [id.text, number]
            ).map { row in
                let document: String = row["document"]
                let bytes: Data = row["bytes"]
                return (try Document.value(Photo.self, of: document), Array(bytes))
            }
        }
    }
}
