import HTTPTypes
import Hummingbird
import Sessions

/// Technicians' logins (S3, S35), and who a caller is.
struct LoginRoutes: Sendable {
    let call: CallReader
    let accounts: AccountService
    let address: PublicAddress

    private struct Credentials: Decodable {
        let email: String
        let password: String
    }

    private struct LoggedIn: Encodable {
        let token: String
        let expiresAt: String
        let mustChangePassword: Bool
    }

    private struct NewPassword: Decodable {
        let old: String
        let new: String
    }

    private struct Automation: Encodable {
        let kind = "apiKey"
        let name: String
    }

    private struct Person: Encodable {
        let kind = "technician"
        let technician: TechnicianBody
        let group: GroupBody
        let permissions: [String]
    }

    func add(to routes: RouteBuilder) {
        routes.on(.post, "/api/v1/login") { request, context in
            let body = try await call.json(Credentials.self, from: request)
            let login = try await accounts.login(
                email: body.email, password: body.password, address: context.client.address)
            var response = JSONAnswer.response(
                LoggedIn(
                    token: login.token.text, expiresAt: login.expiresAt.rfc3339,
                    mustChangePassword: login.mustChangePassword))
            response.headers[.setCookie] = cookie(
                login.token.text, seconds: accounts.settings.loginLifetimeMinutes * 60)
            return response
        }
        routes.on(.post, "/api/v1/logout") { request, _ in
            _ = try await call.json(NoFields.self, from: request)
            if let token = call.loginToken(of: request) { try await accounts.logout(token) }
            return Response(status: .noContent, headers: [.setCookie: cookie("", seconds: 0)])
        }
        routes.on(.get, "/api/v1/me") { request, _ in
            let principal = try await call.principal(of: request, withOneTimePassword: true)
            switch principal {
            case .apiKey(let name): return JSONAnswer.response(Automation(name: name))
            case .customer: throw SessionError.technicianOnly
            case .technician(let id): return try await JSONAnswer.response(person(id))
            }
        }
        routes.on(.put, "/api/v1/me/password") { request, context in
            let principal = try await call.principal(of: request, withOneTimePassword: true)
            let body = try await call.json(NewPassword.self, from: request)
            try await accounts.changePassword(
                of: principal, from: body.old, to: body.new, address: context.client.address)
            return Response(status: .noContent)
        }
    }

    private func person(_ id: TechnicianID) async throws -> Person {
        let registry = try await accounts.registry()
        guard let access = registry.access(of: id), let account = registry.accounts[id],
            let group = registry.groups[account.technician.group]
        else { throw SessionError.loginEnded }
        return Person(
            technician: TechnicianBody(account), group: GroupBody(group),
            permissions: access.permissions.map(\.rawValue).sorted())
    }

    /// Strict, because only our own pages make console calls: no other site can make a browser send it.
    private func cookie(_ text: String, seconds: Int64) -> String {
        "\(CallReader.consoleCookie)=\(text); Path=/; Max-Age=\(seconds); HttpOnly; SameSite=Strict"
            + (address.isSecure ? "; Secure" : "")
    }
}
