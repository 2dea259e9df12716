import HTTPTypes
import Hummingbird
import NIOCore
import Sessions

/// What has been: a session's trail in the audit log, and the list as a table for other programs.
struct HistoryRoutes: Sendable {
    let call: CallReader
    let sessions: SessionService

    private struct Trail: Encodable {
        struct Entry: Encodable {
            let number: Int64
            let at: String
            let actor: String
            let step: String
            let details: [String: String]
        }

        let entries: [Entry]
    }

    func add(to routes: RouteBuilder) {
        routes.on(.get, "/api/v1/sessions/{session}/trail") { request, context in
            let principal = try await call.principal(of: request)
            let entries = try await sessions.trail(of: call.session(in: context), for: principal)
            return JSONAnswer.response(
                Trail(
                    entries: entries.map {
                        Trail.Entry(
                            number: $0.number, at: $0.record.at.rfc3339, actor: $0.record.actor,
                            step: $0.record.step.rawValue, details: $0.record.details)
                    }))
        }
        routes.on(.get, "/api/v1/history.csv") { request, _ in
            let principal = try await call.principal(of: request)
            // Asked once before anything is answered, so that a refusal is one.
            let first = try await page(after: nil, for: principal)
            let body = ResponseBody { writer in
                try await writer.write(ByteBuffer(string: CSV.line(Self.columns)))
                var page: SessionPage? = first
                while let rows = page {
                    try await writer.write(ByteBuffer(string: rows.sessions.map(Self.row).joined()))
                    page =
                        if let cursor = rows.cursor { try await self.page(after: cursor, for: principal) } else { nil }
                }
                try await writer.finish(nil)
            }
            return Response(
                status: .ok,
                headers: [
                    .contentType: "text/csv; charset=utf-8; header=present", .cacheControl: "no-store",
                    .contentDisposition: "attachment; filename=\"history.csv\"",
                ], body: body)
        }
    }

    private func page(after cursor: String?, for principal: Principal) async throws(SessionError) -> SessionPage {
        try await sessions.list(
            SessionQuery(
                statuses: [.closed, .timedOut, .declined, .aborted], viewer: principal, limit: 500, cursor: cursor))
    }

    private static let columns = [
        "id", "type", "status", "name", "reference", "owner", "technician", "createdAt", "claimedAt", "waitingSince",
        "startedAt", "endedAt", "endReason", "notes",
    ]

    private static func row(_ session: LensSession) -> String {
        CSV.line([
            session.id.text, session.request.kind.rawValue, session.status.rawValue, session.request.name,
            session.request.reference ?? "", session.owner.name, session.technician?.text ?? "",
            session.createdAt.rfc3339, session.claimedAt?.rfc3339 ?? "", session.waitingSince?.rfc3339 ?? "",
            session.startedAt?.rfc3339 ?? "", session.endedAt?.rfc3339 ?? "", session.endReason?.rawValue ?? "",
            session.notes ?? "",
        ])
    }
}

/// Comma-separated values (RFC 4180).
enum CSV {
    static func line(_ fields: [String]) -> String { fields.map(field).joined(separator: ",") + "\r\n" }

    private static func field(_ text: String) -> String {
        // Spreadsheets take such a beginning for a formula.
        // By scalars: a mark with an accent on it is another character, and the same to other programs.
        let isFormula = text.unicodeScalars.first.map { "=+-@\t\r".unicodeScalars.contains($0) } ?? false
        let safe = isFormula ? "'" + text : text
        guard
            safe.unicodeScalars.contains(where: {
                ",\"".unicodeScalars.contains($0) || $0.properties.isWhitespace && $0 != " "
            })
        else { return safe }
        var quoted = String.UnicodeScalarView()
        for scalar in safe.unicodeScalars {
            if scalar == "\"" { quoted.append(scalar) }
            quoted.append(scalar)
        }
        return "\"" + String(quoted) + "\""
    }
}
