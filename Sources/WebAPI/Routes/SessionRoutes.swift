import HTTPTypes
import Hummingbird
import HummingbirdCore
import Sessions

/// The technician's calls.
struct SessionRoutes: Sendable {
    let call: CallReader
    let sessions: SessionService
    let address: PublicAddress

    private struct Creation: Decodable {
        let type: String?
        let name: String?
        let method: String?
        let reference: String?
        let visibility: String?
        let email: String?
        let language: String?
    }

    private struct Start: Decodable {
        let technician: String?
    }

    private struct End: Decodable {
        let notes: String?
    }

    private struct Notes: Decodable {
        let notes: String
    }

    private struct Page: Encodable {
        let sessions: [SessionBody]
        let cursor: String?
    }

    private static let root = "/api/v1/sessions"

    func add(to routes: RouteBuilder) {
        routes.on(.post, Self.root) { request, _ in
            let principal = try await call.principal(of: request)
            let body = try await call.json(Creation.self, from: request)
            let session = try await sessions.create(Self.newSession(body), by: principal)
            var response = try await answer(session, principal, status: .created)
            response.headers[.location] = "\(Self.root)/\(session.id)"
            return response
        }
        routes.on(.get, Self.root) { request, _ in
            let principal = try await call.principal(of: request)
            let page = try await sessions.list(Self.query(request, principal))
            return JSONAnswer.response(
                Page(sessions: await bodies(page.sessions, principal), cursor: page.cursor))
        }
        // Gone for the customer, whose token ends with it; technicians see it as long as it is kept.
        routes.on(.get, Self.root + "/{session}", ended: .gone) { request, context in
            let principal = try await call.principal(of: request)
            let session = try await sessions.session(call.session(in: context), for: principal)
            return try await answer(session, principal)
        }
        on(routes, "pin", NoFields.self) { id, principal, _ in try await sessions.replacePIN(of: id, by: principal) }
        on(routes, "start", Start.self) { id, principal, body in
            let technician = try body.technician.map { text in
                guard let technician = TechnicianID(text) else {
                    throw SessionError.invalid(field: "technician", "is not the name of a technician")
                }
                return technician
            }
            return try await sessions.start(id, as: technician, by: principal)
        }
        on(routes, "snapshot", NoFields.self) { id, principal, _ in
            try await sessions.noteSnapshot(of: id, by: principal)
        }
        on(routes, "hold", NoFields.self) { id, principal, _ in try await sessions.hold(id, by: principal) }
        on(routes, "resume", NoFields.self) { id, principal, _ in try await sessions.resume(id, by: principal) }
        on(routes, "notes", Notes.self) { id, principal, body in
            try await sessions.note(body.notes, on: id, by: principal)
        }
        on(routes, "end", End.self) { id, principal, body in
            try await sessions.end(id, notes: body.notes, by: principal)
        }
    }

    /// A call that changes one session and answers it.
    private func on<Body: Decodable & SendableMetatype>(
        _ routes: RouteBuilder, _ verb: String, _ type: Body.Type,
        _ change: @escaping @Sendable (SessionID, Principal, Body) async throws -> LensSession
    ) {
        routes.on(.post, Self.root + "/{session}/" + verb) { request, context in
            let principal = try await call.principal(of: request)
            let id = try call.session(in: context)
            let body = try await call.json(Body.self, from: request)
            return try await answer(change(id, principal, body), principal)
        }
    }

    private func answer(
        _ session: LensSession, _ principal: Principal, status: HTTPResponse.Status = .ok
    ) async throws -> Response {
        JSONAnswer.response(await body(session, principal), status: status)
    }

    /// Of a page: what is the same for all is asked for once.
    private func bodies(_ list: [LensSession], _ principal: Principal) async -> [SessionBody] {
        let figures = await sessions.figures(of: list)
        let (language, now) = (await sessions.language, sessions.now())
        return list.map { session in
            SessionBody(
                session, media: figures[session.id] ?? MediaFigures(), for: principal, at: now,
                publicURL: address.url, language: language)
        }
    }

    private func body(_ session: LensSession, _ principal: Principal) async -> SessionBody {
        await SessionBody(
            session, media: sessions.figures(of: session), for: principal, at: sessions.now(), publicURL: address.url,
            language: await sessions.language)
    }

    private static func newSession(_ body: Creation) throws -> NewSession {
        try NewSession(
            kind: Field.word(Field.required(body.type, "type"), "type"), name: Field.required(body.name, "name"),
            method: Field.word(Field.required(body.method, "method"), "method"), reference: body.reference,
            visibility: body.visibility.map { try Field.word($0, "visibility") } ?? .private,
            email: body.email.map(email), language: body.language.map { try Field.word($0, "language") })
    }

    /// Checked before a PIN is made (D16).
    private static func email(_ text: String) throws -> EmailAddress {
        guard let email = EmailAddress(text) else {
            throw SessionError.invalid(field: "email", "must be an e-mail address such as name@example.org")
        }
        return email
    }

    private static func query(_ request: Request, _ viewer: Principal) throws -> SessionQuery {
        let parameters = request.uri.queryParameters
        var query = SessionQuery(viewer: viewer)
        if let text = parameters["status"], !text.isEmpty {
            let words = text.split(separator: ",", omittingEmptySubsequences: false)
            query.statuses = Set(try words.map { try Field.word(String($0), "status") as SessionStatus })
        }
        if let text = parameters["limit"] {
            guard let limit = Int(text), SessionQuery.limits.contains(limit) else {
                throw SessionError.invalid(
                    field: "limit",
                    "must be a number from \(SessionQuery.limits.lowerBound) to \(SessionQuery.limits.upperBound)")
            }
            query.limit = limit
        }
        query.cursor = parameters["cursor"].map { String($0) }
        return query
    }
}
