internal import GRDB
public import Sessions

/// Changes of status that somebody is still to be told of.
enum NoticeTable {
    static func append(_ session: LensSession, after previous: SessionStatus?, at now: WallTime, to db: Database) throws
    {
        try db.execute(
            sql: "INSERT INTO notice (session, at, previous, document) VALUES (?, ?, ?, ?)",
            arguments: [session.id.text, now.milliseconds, previous?.rawValue, try Document.text(session)])
    }
}

extension SQLiteSessionStore: NoticeStore {
    public func notices(limit: Int) async throws(SessionError) -> [StatusNotice] {
        try await read { db in
            try Row.fetchAll(
                db,
                sql: """
                    SELECT * FROM notice WHERE number IN (SELECT MIN(number) FROM notice GROUP BY session)
                    ORDER BY number LIMIT ?
                    """, arguments: [max(0, limit)]
            ).map { row in
                let previous: String? = row["previous"]
                return StatusNotice(
                    number: row["number"], session: try SessionRow.session(of: row),
                    previous: previous.flatMap { SessionStatus(rawValue: $0) }, at: WallTime(milliseconds: row["at"]))
            }
        }
    }

    public func removeNotice(_ number: Int64) async throws(SessionError) {
        try await write { db in try db.execute(sql: "DELETE FROM notice WHERE number = ?", arguments: [number]) }
    }
}
