import HTTPTypes
import Hummingbird
import NIOCore
import Sessions

/// What happens, as it happens: Server-Sent Events (WHATWG HTML section 9.2), one stream for a console, one for a customer's page.
///
/// Each event has an id; whoever comes back with `Last-Event-ID` gets what was missed. Where that is no longer known, the first event
/// is `reset`, and the listener reads the sessions again.
struct EventRoutes: Sendable {
    let call: CallReader
    let sessions: SessionService
    let address: PublicAddress

    /// Tells the numbers of this process from those of the one before it.
    private let epoch = UInt32.random(in: .min ... .max)

    init(call: CallReader, sessions: SessionService, address: PublicAddress) {
        self.call = call
        self.sessions = sessions
        self.address = address
    }

    func add(to routes: RouteBuilder) {
        routes.on(.get, "/api/v1/events") { request, _ in
            let principal = try await call.principal(of: request)
            if case .customer = principal { throw SessionError.technicianOnly }
            return stream(.everything, for: principal, request)
        }
        routes.on(.get, "/api/v1/customer/events", ended: .gone) { request, _ in
            guard case .customer(let id) = try await call.principal(of: request) else {
                throw SessionError.customerOnly
            }
            if try await sessions.session(id, for: .customer(id)).hasEnded { throw SessionError.ended }
            return stream(.session(id), for: .customer(id), request)
        }
    }

    private func stream(_ scope: SessionFeed.Scope, for principal: Principal, _ request: Request) -> Response {
        let last = request.headers[.lastEventID].flatMap(number)
        let subscription = sessions.feed.subscribe(to: scope, as: principal, after: last)
        // A stream may outlive what opened it: a logout, a new password, a key that was removed.
        let isStill: @Sendable () async -> Bool = { (try? await call.principal(of: request)) == principal }
        let body = ResponseBody { writer in
            var begin = "retry: 2000\n\n"
            if subscription.missed == nil { begin += event("reset", subscription.latest, json: "{}") }
            try await writer.write(ByteBuffer(string: begin))
            for item in subscription.missed ?? [] {
                let heard = try await heard(item, by: principal, isStill)
                if let text = heard.text { try await writer.write(ByteBuffer(string: text)) }
                if !heard.goesOn { return try await writer.finish(nil) }
            }
            for await item in subscription.items {
                let heard = try await heard(item, by: principal, isStill)
                if let text = heard.text { try await writer.write(ByteBuffer(string: text)) }
                if !heard.goesOn { break }
            }
            try await writer.finish(nil)
        }
        return Response(
            status: .ok,
            headers: [.contentType: "text/event-stream", .cacheControl: "no-store", .accelBuffering: "no"], body: body)
    }

    /// What a listener hears of an item. It does not go on when there is nothing more to be heard: the customer's session has ended, or
    /// the login has.
    private func heard(
        _ item: SessionFeed.Item, by principal: Principal, _ isStill: () async -> Bool
    ) async throws -> (text: String?, goesOn: Bool) {
        var goesOn = true
        let text: String?
        switch item.event {
        case .beat:
            goesOn = await isStill()
            text = goesOn ? ":\n\n" : nil
        case .session(let session):
            text = try await sessionEvent(session, item.number, principal)
            if case .customer = principal { goesOn = !session.hasEnded }
        case .chat(let line):
            text = try await chatEvent(line, item, principal)
        case .photo(let photo):
            text = try await photoEvent(photo, item, principal)
        case .drawing(let drawing):
            text = drawingEvent(drawing, item)
        case .figures(let reading, let time):
            text = item.session.map { event("stats", item.number, FiguresBody(reading, of: $0, at: time)) }
        }
        return (text, goesOn)
    }

    /// Nil for a session that the listener may not see.
    private func sessionEvent(
        _ session: LensSession, _ number: UInt64, _ principal: Principal
    ) async throws -> String? {
        if case .technician(let id) = principal {
            guard let access = try await sessions.accounts.registry().access(of: id), access.reaches(session),
                session.isListed || session.owner == principal
            else { return nil }
        }
        let body = SessionBody(
            session, media: await sessions.recentFigures(of: session), for: principal, at: sessions.now(),
            publicURL: address.url, language: await sessions.language)
        return event("session", number, body)
    }

    private func chatEvent(
        _ line: ChatLine, _ item: SessionFeed.Item, _ principal: Principal
    ) async throws -> String? {
        guard let id = item.session else { return nil }
        if case .technician = principal, await !sessions.mayChat(in: id, principal) { return nil }
        return event("chat", item.number, ChatLineBody(line, of: id))
    }

    /// Nil for those whom the picture is not for.
    private func photoEvent(
        _ photo: Photo, _ item: SessionFeed.Item, _ principal: Principal
    ) async throws -> String? {
        guard let id = item.session, await sessions.maySeePhotos(of: id, principal) else { return nil }
        return event("photo", item.number, PhotoBody(photo, of: id))
    }

    private func drawingEvent(
        _ drawing: Drawing, _ item: SessionFeed.Item
    ) -> String? {
        guard let id = item.session else { return nil }
        // The marks were read and written as JSON, and the rest needs no escape.
        return event(
            "drawing", item.number,
            json: "{\"marks\":\(drawing.marks),\"session\":\"\(id)\",\"side\":\"\(drawing.side.rawValue)\"}")
    }

    private func event(_ name: String, _ number: UInt64, _ body: some Encodable) -> String {
        event(name, number, json: String(buffer: JSONAnswer.bytes(body)))
    }

    private func event(_ name: String, _ number: UInt64, json: String) -> String {
        // JSON has no bare line breaks, so one data line holds it.
        // What is not kept has no id, so that who comes back names the last that was.
        (number == 0 && name != "reset" ? "" : "id: \(epoch)-\(number)\n") + "event: \(name)\ndata: \(json)\n\n"
    }

    /// Nil for an id of another process.
    private func number(_ id: String) -> UInt64? {
        let parts = id.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count == 2, parts.first == "\(epoch)" else { return nil }
        return parts.last.flatMap { UInt64($0) }
    }
}

extension HTTPField.Name {
    static let lastEventID = HTTPField.Name("Last-Event-ID") ?? .accept
    /// Keeps nginx from holding events back.
    static let accelBuffering = HTTPField.Name("X-Accel-Buffering") ?? .accept
}
