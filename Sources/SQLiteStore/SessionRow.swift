internal import Foundation
internal import GRDB
internal import Sessions

/// A session as the table has it.
struct SessionRow {
    let arguments: StatementArguments

    init(_ session: LensSession) throws {
        arguments = try [
            "id": session.id.text, "document": Document.text(session), "owner": Self.text(session.owner),
            "groupID": session.group?.text, "visibility": session.request.visibility.rawValue,
            "status": session.status.rawValue, "isListed": session.isListed,
            "livePIN": session.hasEnded ? nil : session.pin.digits,
            "activeTechnician": session.occupiedTechnician?.text,
            "waitingSince": session.waitingSince?.milliseconds, "endedAt": session.endedAt?.milliseconds,
            "technician": session.technician?.text, "mailDueAt": session.mail?.dueAt?.milliseconds,
        ]
    }

    /// Of a row with `document`.
    static func session(of row: Row) throws -> LensSession {
        let document: String = row["document"]
        return try Document.value(LensSession.self, of: document)
    }

    static func text(_ principal: Principal) -> String {
        switch principal {
        case .apiKey(let name): "key:" + name
        case .technician(let id): "technician:" + id.text
        case .customer(let id): "customer:" + id.text
        }
    }
}
