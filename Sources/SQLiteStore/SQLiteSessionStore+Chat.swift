internal import GRDB
public import Sessions

/// Chats, and what goes by time.
extension SQLiteSessionStore {
    public func append(
        _ line: NewChatLine, to id: SessionID, at now: WallTime
    ) async throws(SessionError) -> ChatLine {
        try await write { db in
            guard let session = try Self.session(id, in: db) else { throw SessionError.notFound }
            try session.permitChat()
            let last = try Int64.fetchOne(
                db, sql: "SELECT MAX(number) FROM chat WHERE session = ?", arguments: [id.text])
            let kept = ChatLine(
                number: (last ?? 0) + 1, at: now, side: line.side, author: line.author, text: line.text)
            guard kept.number <= ChatLine.countLimit else { throw SessionError.chatFull }
            try db.execute(
                sql: "INSERT INTO chat (session, number, at, side, author, text) VALUES (?, ?, ?, ?, ?, ?)",
                arguments: [id.text, kept.number, now.milliseconds, kept.side.rawValue, kept.author, kept.text])
            return kept
        }
    }

    public func chat(of id: SessionID) async throws(SessionError) -> [ChatLine] {
        try await read { db in
            try Row.fetchAll(db, sql: "SELECT * FROM chat WHERE session = ? ORDER BY number", arguments: [id.text])
                .map { row in
                    let side: String = row["side"]
                    return ChatLine(
                        number: row["number"], at: WallTime(milliseconds: row["at"]),
                        side: ChatLine.Side(rawValue: side) ?? .technician, author: row["author"], text: row["text"])
                }
        }
    }

    public func waiting(sinceBefore time: WallTime) async throws(SessionError) -> [SessionID] {
        try await read { db in
            try String.fetchAll(
                db, sql: "SELECT id FROM session WHERE status = ? AND waitingSince < ?",
                arguments: [SessionStatus.waiting.rawValue, time.milliseconds]
            ).compactMap { SessionID($0) }
        }
    }

    public func connecting(createdBefore time: WallTime) async throws(SessionError) -> [SessionID] {
        try await read { db in
            try Row.fetchAll(
                db,
                sql: "SELECT document FROM session WHERE status = ? AND document ->> '$.createdAt.milliseconds' < ?",
                arguments: [SessionStatus.connecting.rawValue, time.milliseconds]
            ).map { try SessionRow.session(of: $0).id }
        }
    }

    public func active() async throws(SessionError) -> [LensSession] {
        try await read { db in
            let statuses: [SessionStatus] = [.active, .onHold, .reconnecting, .offline]
            let marks = databaseQuestionMarks(count: statuses.count)
            return try Row.fetchAll(
                db, sql: "SELECT document FROM session WHERE status IN (\(marks))",
                arguments: StatementArguments(statuses.map(\.rawValue))
            ).map { try SessionRow.session(of: $0) }
        }
    }

    public func sessions(withMailDueBy now: WallTime) async throws(SessionError) -> [LensSession] {
        try await read { db in
            try Row.fetchAll(
                db, sql: "SELECT document FROM session WHERE mailDueAt <= ? ORDER BY mailDueAt",
                arguments: [now.milliseconds]
            ).map { try SessionRow.session(of: $0) }
        }
    }

    public func statusCounts() async throws(SessionError) -> [SessionStatus: Int] {
        try await read { db in
            try Row.fetchAll(db, sql: "SELECT status, COUNT(*) AS count FROM session GROUP BY status")
                .reduce(into: [:]) { counts, row in
                    let status: String = row["status"]
                    if let status = SessionStatus(rawValue: status) { counts[status] = row["count"] }
                }
        }
    }

    public func removeSessions(endedBefore time: WallTime, at now: WallTime) async throws(SessionError) -> Int {
        try await write { [auditKey] db in
            try db.execute(sql: "DELETE FROM session WHERE endedAt < ?", arguments: [time.milliseconds])
            let count = db.changesCount
            if count > 0 { try AuditTable.append(.removed(count, endedBefore: time, at: now), to: db, auditKey) }
            return count
        }
    }
}
