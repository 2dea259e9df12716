import Foundation
import HTTPTypes
import Sessions
import Testing

@testable import WebAPI

/// Logins and administration as a console makes them.
struct LoginCallsTests {
    private let bench: WebBench

    init() throws { bench = try WebBench() }

    private func put(_ call: Caller, _ path: String, token: String, _ json: String) async throws -> Reply {
        try await call.send(.put, path, token: token, type: "application/json", body: Array(json.utf8))
    }

    private func patch(_ call: Caller, _ path: String, _ json: String, token: String? = WebBench.key) async throws
        -> Reply
    {
        try await call.send(.patch, path, token: token, type: "application/json", body: Array(json.utf8))
    }

    /// A technician of a group with these permissions, logged in with a password of their own.
    private func logIn(
        _ call: Caller, _ name: String, group: String, _ permissions: String, role: String = "technician"
    )
        async throws -> String
    {
        _ = try await call.post(
            "/api/v1/groups", #"{"id":"\#(group)","name":"\#(group)","permissions":[\#(permissions)]}"#)
        let made = try await call.post(
            "/api/v1/technicians",
            #"{"email":"\#(name)@example.org","name":"\#(name)","group":"\#(group)","role":"\#(role)"}"#)
        #expect(made.status == 201, "\(made.text)")
        let password = try #require(made["password"])
        let first = try await login(call, "\(name)@example.org", password)
        #expect(first.json["mustChangePassword"] as? Bool == true)
        let changed = try await put(
            call, "/api/v1/me/password", token: try #require(first["token"]),
            #"{"old":"\#(password)","new":"a password of \#(name)"}"#)
        #expect(changed.status == 204, "\(changed.text)")
        return try #require(try await login(call, "\(name)@example.org", "a password of \(name)")["token"])
    }

    private func login(_ call: Caller, _ email: String, _ password: String) async throws -> Reply {
        try await call.post("/api/v1/login", token: nil, #"{"email":"\#(email)","password":"\#(password)"}"#)
    }

    private let all = #""lens","screen","privateSessions","methodPIN","methodLink","methodChat","hold""#

    @Test func S35_aTechnicianLogsInAndMakesASession() async throws {
        try await bench.calls { call in
            let token = try await logIn(call, "tess", group: "support", all)
            let me = try await call.get("/api/v1/me", token: token)
            #expect(me.object("technician")?["email"] as? String == "tess@example.org")
            #expect(me.object("group")?["id"] as? String == "support")
            let session = try await call.post(
                "/api/v1/sessions", token: token, #"{"type":"lens","name":"Ada","method":"pin","visibility":"group"}"#)
            #expect(session.status == 201)
            #expect(session["owner"] == "tess")
            #expect(session["pin"]?.count == 6)
            #expect(try await call.get("/api/v1/sessions/\(try #require(session["id"]))")["pin"] == nil, "D20")
        }
    }

    @Test func D7_aMissingPermissionIsNamed() async throws {
        try await bench.calls { call in
            let token = try await logIn(call, "tess", group: "few", #""lens","methodPIN""#)
            let reply = try await call.post(
                "/api/v1/sessions", token: token, #"{"type":"lens","name":"Ada","method":"pin"}"#)
            #expect(reply.status == 403)
            #expect(reply.code == "PERMISSION_MISSING")
            #expect(reply["permission"] == "privateSessions")
        }
    }

    @Test func aLoginSetsACookieThatScriptsCannotRead() async throws {
        try await bench.calls { call in
            _ = try await logIn(call, "tess", group: "support", all)
            let reply = try await login(call, "tess@example.org", "a password of tess")
            let cookie = try #require(reply.headers[.setCookie])
            for part in ["lens_console=login.", "HttpOnly", "SameSite=Strict", "Secure", "Path=/", "Max-Age=43200"] {
                #expect(cookie.contains(part), "\(part)")
            }
            let pair = String(cookie.prefix { $0 != ";" })
            #expect(try await call.send(.get, "/api/v1/me", cookie: pair).status == 200)
            let joined = try await call.send(
                .post, "/api/v1/customer/leave", cookie: pair, type: "application/json", body: Array("{}".utf8))
            #expect(joined.status == 403, "a technician is no customer")
            let out = try await call.send(
                .post, "/api/v1/logout", cookie: pair, type: "application/json", body: Array("{}".utf8))
            #expect(out.status == 204)
            #expect(out.headers[.setCookie]?.contains("lens_console=; Path=/; Max-Age=0") == true)
            #expect(try await call.send(.get, "/api/v1/me", cookie: pair).status == 401)
        }
    }

    @Test func aOneTimePasswordIsGoodForNothingElse() async throws {
        try await bench.calls { call in
            let first = try #require(try await bench.accounts.prepare())
            let token = try #require(try await login(call, first.email.text, first.password)["token"])
            let me = try await call.get("/api/v1/me", token: token)
            #expect(me.object("technician")?["mustChangePassword"] as? Bool == true)
            for path in ["/api/v1/sessions", "/api/v1/groups"] {
                let reply = try await call.get(path, token: token)
                #expect(reply.status == 403)
                #expect(reply.code == "PASSWORD_CHANGE_NEEDED")
            }
        }
    }

    @Test func wrongLoginsAreRefusedAlikeAndThenSlowedDown() async throws {
        try await bench.calls { call in
            _ = try await logIn(call, "tess", group: "support", all)
            let wrong = try await login(call, "tess@example.org", "wrong")
            let unknown = try await login(call, "nobody@example.org", "wrong")
            #expect(wrong.status == 401)
            #expect(wrong.text == unknown.text)
            #expect(wrong.code == "LOGIN_REFUSED")
            for _ in 0..<3 { #expect(try await login(call, "x", "y").status == 401) }
            let slowed = try await login(call, "tess@example.org", "a password of tess")
            #expect(slowed.status == 429)
            #expect(slowed.code == "LOGIN_THROTTLED")
            #expect(slowed.headers[.retryAfter] == "60")
        }
    }

    @Test func administrationIsForAdministrators() async throws {
        try await bench.calls { call in
            let token = try await logIn(call, "tess", group: "support", all)
            let calls: [(HTTPRequest.Method, String, String?)] = [
                (.get, "/api/v1/groups", nil), (.post, "/api/v1/groups", #"{"id":"x","name":"x"}"#),
                (.patch, "/api/v1/groups/support", "{}"), (.delete, "/api/v1/groups/support", nil),
                (.get, "/api/v1/technicians", nil),
                (.post, "/api/v1/technicians", #"{"email":"x@example.org","name":"x","group":"support"}"#),
                (.get, "/api/v1/technicians/tess", nil), (.patch, "/api/v1/technicians/tess", "{}"),
                (.post, "/api/v1/technicians/tess/password", "{}"), (.get, "/api/v1/api-keys", nil),
                (.post, "/api/v1/api-keys", #"{"name":"x"}"#), (.delete, "/api/v1/api-keys/x", nil),
            ]
            for (method, path, body) in calls {
                let reply = try await call.send(
                    method, path, token: token, type: body == nil ? nil : "application/json",
                    body: body.map { Array($0.utf8) })
                #expect(reply.status == 403, "\(method) \(path)")
                #expect(reply.code == "ADMINISTRATOR_ONLY", "\(method) \(path)")
                let nobody = try await call.send(method, path)
                #expect(nobody.status == 401, "\(method) \(path)")
            }
        }
    }

    @Test func groupsAreMadeChangedAndRemoved() async throws {
        try await bench.calls { call in
            let made = try await call.post(
                "/api/v1/groups", #"{"id":"second","name":"Second line","permissions":["lens","hold"]}"#)
            #expect(made.status == 201)
            #expect(made.headers[.location] == "/api/v1/groups/second")
            #expect(try await call.post("/api/v1/groups", #"{"id":"second","name":"x"}"#).code == "NAME_TAKEN")
            #expect(try await call.post("/api/v1/groups", #"{"id":"a b","name":"x"}"#).status == 422)
            #expect(
                try await call.post("/api/v1/groups", #"{"id":"x","name":"x","permissions":["fly"]}"#).status == 422)
            #expect(try await call.post("/api/v1/groups", #"{"name":"x"}"#).status == 400)
            let changed = try await patch(call, "/api/v1/groups/second", #"{"permissions":["chat"]}"#)
            #expect(changed.json["permissions"] as? [String] == ["chat"])
            #expect(changed["name"] == "Second line")
            #expect(try await patch(call, "/api/v1/groups/third", "{}").code == "GROUP_NOT_FOUND")
            #expect(try await call.send(.delete, "/api/v1/groups/second", token: WebBench.key).status == 204)
            let list = try await call.get("/api/v1/groups")
            #expect((list.json["groups"] as? [Any])?.isEmpty == true)
        }
    }

    @Test func techniciansAreChangedAndDisabled() async throws {
        try await bench.calls { call in
            let token = try await logIn(call, "tess", group: "support", all)
            #expect(try await patch(call, "/api/v1/technicians/tess", #"{"name":"Theresa"}"#)["name"] == "Theresa")
            #expect(try await call.get("/api/v1/me", token: token).status == 200)
            #expect(try await patch(call, "/api/v1/technicians/tess", #"{"id":"x"}"#).status == 422)
            #expect(try await patch(call, "/api/v1/technicians/tess", #"{"group":"none"}"#).code == "GROUP_NOT_FOUND")
            #expect(try await patch(call, "/api/v1/technicians/none", "{}").code == "TECHNICIAN_NOT_FOUND")
            let disabled = try await patch(call, "/api/v1/technicians/tess", #"{"disabled":true}"#)
            #expect(disabled.json["disabled"] as? Bool == true)
            #expect(try await call.get("/api/v1/me", token: token).status == 401)
            #expect(try await call.send(.delete, "/api/v1/groups/support", token: WebBench.key).code == "GROUP_IN_USE")
            for text in [
                #"{"email":"no","name":"x","group":"support"}"#,
                #"{"email":"x@example.org","name":"","group":"support"}"#,
                #"{"email":"x@example.org","name":"x","group":"support","role":"king"}"#,
                #"{"email":"x@example.org","name":"x","group":"support","password":"short"}"#,
            ] { #expect(try await call.post("/api/v1/technicians", text).status == 422, "\(text)") }
        }
    }

    @Test func theLastAdministratorStays() async throws {
        try await bench.calls { call in
            _ = try await bench.accounts.prepare()
            let reply = try await patch(call, "/api/v1/technicians/admin", #"{"disabled":true}"#)
            #expect(reply.status == 409)
            #expect(reply.code == "LAST_ADMINISTRATOR")
        }
    }

    @Test func D2_D11_settingsAreGoneByAtOnce() async throws {
        try await bench.calls { call in
            let before = try await call.get("/api/v1/settings")
            #expect(before.json["pinLifetimeMinutes"] as? Int == 20)
            let changed = try await patch(
                call, "/api/v1/settings", #"{"pinLifetimeMinutes":5,"eula":{"version":"2","text":"Other words."}}"#)
            #expect(changed.json["pinLifetimeMinutes"] as? Int == 5)
            let (_, pin) = try await call.create()
            let (_, late) = try await call.create()
            let joined = try await call.post("/api/v1/join", token: nil, #"{"pin":"\#(pin)"}"#)
            #expect(joined.object("eula")?["version"] as? String == "2")
            bench.advance(minutes: 5)
            #expect(try await call.post("/api/v1/join", token: nil, #"{"pin":"\#(late)"}"#).code == "PINCODE_EXPIRED")
            for text in [
                #"{"pinLifetimeMinutes":0}"#, #"{"waitingLimitMinutes":-1}"#, #"{"retentionDays":4000}"#,
                #"{"language":"fr"}"#, #"{"eula":{"version":"","text":"x"}}"#,
            ] { #expect(try await patch(call, "/api/v1/settings", text).status == 422, "\(text)") }
            let token = try await logIn(call, "tess", group: "support", all)
            #expect(try await call.get("/api/v1/settings", token: token).code == "ADMINISTRATOR_ONLY")
        }
    }

    @Test func anAPIKeyWorksUntilItIsRemoved() async throws {
        try await bench.calls { call in
            let made = try await call.post("/api/v1/api-keys", #"{"name":"crm"}"#)
            #expect(made.status == 201)
            let key = try #require(made["key"])
            #expect(try await call.get("/api/v1/me", token: key)["name"] == "crm")
            let session = try await call.post(
                "/api/v1/sessions", token: key, #"{"type":"lens","name":"Ada","method":"pin"}"#)
            #expect(session["owner"] == "crm")
            let list = try await call.get("/api/v1/api-keys")
            #expect(!list.text.contains(key))
            #expect(try await call.post("/api/v1/api-keys", #"{"name":"api-key"}"#).status == 422)
            #expect(try await call.send(.delete, "/api/v1/api-keys/crm", token: WebBench.key).status == 204)
            #expect(try await call.get("/api/v1/me", token: key).status == 401)
            #expect(
                try await call.send(.delete, "/api/v1/api-keys/crm", token: WebBench.key).code == "API_KEY_NOT_FOUND")
        }
    }
}
