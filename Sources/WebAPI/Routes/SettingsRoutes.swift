import HTTPTypes
import Hummingbird
import Sessions

/// What administrators set while the service runs.
struct SettingsRoutes: Sendable {
    let call: CallReader
    let sessions: SessionService

    private struct Fields: Decodable, Sendable {
        let pinLifetimeMinutes: Int?
        let waitingLimitMinutes: Int?
        let retentionDays: Int?
        let language: String?
        let eula: LicenceBody?
    }

    private struct Body: Encodable {
        let pinLifetimeMinutes: Int
        let waitingLimitMinutes: Int
        let retentionDays: Int
        let language: String
        let eula: LicenceBody

        init(_ settings: SessionSettings) {
            pinLifetimeMinutes = settings.pinLifetimeMinutes
            waitingLimitMinutes = settings.waitingLimitMinutes
            retentionDays = settings.retentionDays
            language = settings.language.rawValue
            eula = LicenceBody(settings.eula)
        }
    }

    func add(to routes: RouteBuilder) {
        routes.on(.get, "/api/v1/settings") { request, _ in
            _ = try await sessions.accounts.registry(for: call.principal(of: request))
            return JSONAnswer.response(Body(try await sessions.currentSettings()))
        }
        routes.on(.patch, "/api/v1/settings") { request, _ in
            let principal = try await call.principal(of: request)
            let body = try await call.json(Fields.self, from: request)
            let language: InviteLanguage? = try body.language.map { try Field.word($0, "language") }
            _ = try await sessions.accounts.change(by: principal) { (registry) throws(SessionError) in
                var settings = registry.settings
                if let minutes = body.pinLifetimeMinutes { try settings.setPINLifetime(minutes: minutes) }
                if let minutes = body.waitingLimitMinutes { try settings.setWaitingLimit(minutes: minutes) }
                if let days = body.retentionDays { try settings.setRetention(days: days) }
                if let eula = body.eula { try settings.setEULA(EULA(version: eula.version, text: eula.text)) }
                if let language { settings.language = language }
                return .changeSettings(settings)
            }
            return JSONAnswer.response(Body(try await sessions.currentSettings()))
        }
    }
}
