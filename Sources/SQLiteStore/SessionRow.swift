internal import Foundation
internal import GRDB
internal import Sessions

/// A session as the table has it.
struct SessionRow {
    let arguments: StatementArguments

    init(_ session: LensSession) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        arguments = try [
            "id": session.id.text, "document": String(decoding: encoder.encode(session), as: UTF8.self),
            "owner": Self.text(session.owner), "status": session.status.rawValue, "isListed": session.isListed,
            "livePIN": session.hasEnded ? nil : session.pin.digits,
            "activeTechnician": session.occupiedTechnician?.text,
        ]
    }

    /// Of a row with `document`.
    static func session(of row: Row) throws -> LensSession {
        let document: String = row["document"]
        return try JSONDecoder().decode(LensSession.self, from: Data(document.utf8))
    }

    static func text(_ principal: Principal) -> String {
        switch principal {
        case .apiKey(let name): "key:" + name
        case .customer(let id): "customer:" + id.text
        }
    }
}

/// A page of sessions, newest first. Every part of the question is answered from an index, however many sessions there are.
struct SessionListing {
    private let query: SessionQuery
    private let before: Int64
    private let limit: Int

    init(_ query: SessionQuery, before: Int64, limit: Int) {
        self.query = query
        self.before = before
        self.limit = limit
    }

    func rows(in db: Database) throws -> [Row] {
        guard let statuses = query.statuses else {
            return try fetch("isListed", [], in: db)
        }
        // Two walks for each status, each along its index; together they hold the page.
        var rows: [Row] = []
        for status in statuses {
            rows += try fetch("status = ? AND isListed", [status.rawValue], in: db)
            rows += try fetch(
                "owner = ? AND NOT isListed AND status = ?", [SessionRow.text(query.viewer), status.rawValue], in: db)
        }
        let number = { (row: Row) -> Int64 in row["number"] }
        return Array(rows.sorted { number($0) > number($1) }.prefix(limit))
    }

    private func fetch(_ condition: String, _ values: [String], in db: Database) throws -> [Row] {
        try Row.fetchAll(
            db,
            sql: "SELECT number, document FROM session WHERE \(condition) AND number < ? ORDER BY number DESC LIMIT ?",
            arguments: StatementArguments(values) + [before, limit])
    }
}
