import HTTPTypes
import Hummingbird
import Sessions

/// Marks on the picture, for both sides. Pages send them in batches, some ten times a second.
struct DrawingRoutes: Sendable {
    let call: CallReader
    let sessions: SessionService

    private struct Marks: Decodable {
        let marks: [JSONValue]
    }

    func add(to routes: RouteBuilder) {
        routes.on(.post, "/api/v1/sessions/{session}/drawing") { request, context in
            let principal = try await call.principal(of: request)
            let id = try call.session(in: context)
            let body = try await call.json(Marks.self, from: request)
            try await sessions.draw(String(buffer: JSONAnswer.bytes(body.marks)), in: id, by: principal)
            return Response(status: .noContent)
        }
    }
}
