import HTTPTypes
import Hummingbird
import Sessions

/// Joining and the customer's steps. GET never claims a PIN (D3): joining is a POST.
struct CustomerRoutes: Sendable {
    let call: CallReader
    let sessions: SessionService
    let address: PublicAddress

    private struct Join: Decodable {
        let pin: String?
    }

    private struct Joined: Encodable {
        let session: SessionBody
        let token: String
        let eula: LicenceBody
    }

    private struct Progress: Decodable {
        let step: String
    }

    private struct Devices: Decodable {
        let camera: Bool
        let microphone: Bool
    }

    private struct Media: Decodable {
        let camera: String?
        let microphone: String?
    }

    private struct Answer: Decodable {
        let version: String
        let accepted: Bool
    }

    func add(to routes: RouteBuilder) {
        routes.on(.post, "/api/v1/join", ended: .gone) { request, context in
            let body = try await call.json(Join.self, from: request)
            let client = SessionService.Client(
                address: context.client.address, userAgent: request.headers[.userAgent] ?? "")
            let joined = try await sessions.join(
                pin: body.pin, returning: call.customerToken(of: request), client: client)
            let answer = Joined(
                session: await self.body(joined.session), token: joined.token.text,
                eula: LicenceBody(joined.eula))
            var response = JSONAnswer.response(answer)
            response.headers[.setCookie] = cookie(joined.token)
            return response
        }
        on(routes, "progress", Progress.self) { principal, body in
            guard let step = CustomerProgress(reported: body.step) else {
                throw SessionError.invalid(field: "step", "must be one of: opened, introduced")
            }
            return try await sessions.customerAdvanced(to: step, by: principal)
        }
        on(routes, "devices", Devices.self) { principal, body in
            let consent = DeviceConsent(camera: body.camera, microphone: body.microphone)
            return try await sessions.answerDevices(consent, by: principal)
        }
        on(routes, "eula", Answer.self) { principal, body in
            try await sessions.answerEULA(version: body.version, accepted: body.accepted, by: principal)
        }
        on(routes, "media", Media.self) { principal, body in
            try await sessions.changeMedia(
                camera: body.camera.map { try Field.word($0, "camera") },
                microphone: body.microphone.map { try Field.word($0, "microphone") }, by: principal)
        }
        on(routes, "leave", NoFields.self) { principal, _ in try await sessions.leave(by: principal) }
    }

    private func on<Body: Decodable & SendableMetatype>(
        _ routes: RouteBuilder, _ verb: String, _ type: Body.Type,
        _ change: @escaping @Sendable (Principal, Body) async throws -> LensSession
    ) {
        routes.on(.post, "/api/v1/customer/" + verb, ended: .gone) { request, _ in
            let principal = try await call.principal(of: request)
            let body = try await call.json(Body.self, from: request)
            return JSONAnswer.response(await self.body(try await change(principal, body)))
        }
    }

    private func body(_ session: LensSession) async -> SessionBody {
        await SessionBody(
            session, media: sessions.figures(of: session), for: .customer(session.id), at: sessions.now(),
            publicURL: address.url, language: await sessions.language)
    }

    /// A cookie of the browser's session: the token itself ends with the Lens session. Strict, because only our own
    /// pages make customer calls.
    private func cookie(_ token: CustomerToken) -> String {
        "\(CallReader.customerCookie)=\(token.text); Path=/; HttpOnly; SameSite=Strict"
            + (address.isSecure ? "; Secure" : "")
    }
}
