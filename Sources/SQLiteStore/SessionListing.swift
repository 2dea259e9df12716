internal import GRDB
internal import Sessions

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
        if query.statuses == nil, isOfAll { return try fetch("isListed", [], in: db) }
        // Some walks for each status, each along its index; together they hold the page.
        var rows: [Int64: Row] = [:]
        for status in query.statuses ?? Set(SessionStatus.allCases) {
            for (condition, values) in scopes {
                for row in try fetch(condition + " AND isListed AND status = ?", values + [status.rawValue], in: db) {
                    rows[row["number"]] = row
                }
            }
            guard query.statuses != nil else { continue }
            let own = [SessionRow.text(query.viewer), status.rawValue]
            for row in try fetch("owner = ? AND NOT isListed AND status = ?", own, in: db) {
                rows[row["number"]] = row
            }
        }
        return rows.sorted { $0.key > $1.key }.prefix(limit).map(\.value)
    }

    private var isOfAll: Bool { query.access?.isAdministrator ?? true }

    /// What the viewer may see of the listed sessions (D20), each part with its values.
    private var scopes: [(condition: String, values: [String])] {
        guard let access = query.access, !isOfAll else { return [("TRUE", [])] }
        let group = access.technician.group.text
        var scopes = [
            ("owner = ?", [SessionRow.text(query.viewer)]),
            ("technician = ?", [access.technician.id.text]),
            ("groupID = ? AND visibility = ?", [group, SessionVisibility.group.rawValue]),
        ]
        if access.technician.role == .supervisor {
            scopes.append(("groupID = ? AND visibility = ?", [group, SessionVisibility.private.rawValue]))
        }
        return scopes
    }

    private func fetch(_ condition: String, _ values: [String], in db: Database) throws -> [Row] {
        try Row.fetchAll(
            db,
            sql: "SELECT number, document FROM session WHERE \(condition) AND number < ? ORDER BY number DESC LIMIT ?",
            arguments: StatementArguments(values) + [before, limit])
    }
}
