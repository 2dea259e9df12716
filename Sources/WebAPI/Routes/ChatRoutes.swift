import HTTPTypes
import Hummingbird
import Sessions

/// The conversation of a session, for both sides (S24, S30).
struct ChatRoutes: Sendable {
    let call: CallReader
    let sessions: SessionService

    private struct Text: Decodable {
        let text: String
    }

    private struct Conversation: Encodable {
        let lines: [ChatLineBody]
    }

    func add(to routes: RouteBuilder) {
        let path = "/api/v1/sessions/{session}/chat"
        routes.on(.post, path) { request, context in
            let principal = try await call.principal(of: request)
            let id = try call.session(in: context)
            let body = try await call.json(Text.self, from: request)
            let line = try await sessions.say(body.text, in: id, by: principal)
            return JSONAnswer.response(ChatLineBody(line, of: id), status: .created)
        }
        routes.on(.get, path, ended: .gone) { request, context in
            let principal = try await call.principal(of: request)
            let id = try call.session(in: context)
            let lines = try await sessions.conversation(of: id, for: principal)
            return JSONAnswer.response(Conversation(lines: lines.map { ChatLineBody($0, of: id) }))
        }
    }
}

/// A line of chat on the wire.
struct ChatLineBody: Encodable {
    let session: String
    let number: Int64
    let at: String
    let side: String
    let author: String
    let text: String

    init(_ line: ChatLine, of session: SessionID) {
        self.session = session.text
        number = line.number
        at = line.at.rfc3339
        side = line.side.rawValue
        author = line.author
        text = line.text
    }
}
