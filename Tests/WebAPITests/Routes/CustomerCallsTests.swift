import HTTPTypes
import Testing

@testable import WebAPI

struct CustomerCallsTests {
    @Test func S52_joiningAnswersSessionTokenAndLicenceAndSetsTheCookie() async throws {
        try await WebBench().calls { call in
            let (id, pin) = try await call.create()
            let reply = try await call.post("/api/v1/join", token: nil, #"{"pin":"\#(pin)"}"#)
            #expect(reply.status == 200)
            let token = try #require(reply["token"])
            let session = try #require(reply.object("session"))
            #expect(session["id"] as? String == id)
            #expect(session["progress"] as? String == "claimed")
            for hidden in ["pin", "links", "customer", "notes", "reference"] {
                #expect(session[hidden] == nil, "\(hidden)")
            }
            let licence = try #require(reply.object("eula") as? [String: String])
            #expect(licence["version"] == "1" && licence["text"]?.isEmpty == false)
            #expect(
                reply.headers[.setCookie] == "lens_customer=\(token); Path=/; HttpOnly; SameSite=Strict; Secure")
        }
    }

    @Test func theCookieIsSecureOnlyWhereTheServiceIsReachedOverTLS() async throws {
        try await WebBench(publicURL: "http://lens.example.org").calls { call in
            let (_, pin) = try await call.create()
            let reply = try await call.post("/api/v1/join", token: nil, #"{"pin":"\#(pin)"}"#)
            #expect(reply.headers[.setCookie]?.contains("Secure") == false)
        }
    }

    @Test func D7_PINRefusalsHaveTheirStatusAndCode() async throws {
        let bench = try WebBench()
        try await bench.calls { call in
            func refusal(_ body: String) async throws -> String {
                let reply = try await call.post("/api/v1/join", token: nil, body)
                return "\(reply.status) \(reply.code ?? "none")"
            }
            let (_, pin) = try await call.create()
            #expect(try await refusal("{}") == "400 PINCODE_MISSING")
            #expect(try await refusal(#"{"pin":null}"#) == "400 PINCODE_MISSING")
            #expect(try await refusal(#"{"pin":"  "}"#) == "400 PINCODE_MISSING")
            #expect(try await refusal(#"{"pin":"12345"}"#) == "404 PINCODE_INVALID")
            #expect(try await refusal(#"{"pin":"abcdef"}"#) == "404 PINCODE_INVALID")
            #expect(try await refusal(#"{"pin":123456}"#) == "400 none")
            _ = try await call.join(String(pin.prefix(3)) + " " + String(pin.suffix(3)))
            #expect(try await refusal(#"{"pin":"\#(pin)"}"#) == "409 PINCODE_ALREADYUSED")
            let (_, late) = try await call.create()
            bench.advance(minutes: 20)
            #expect(try await refusal(#"{"pin":"\#(late)"}"#) == "410 PINCODE_EXPIRED")
        }
    }

    @Test func D3_GETNeverClaimsAPIN() async throws {
        try await WebBench().calls { call in
            let (_, pin) = try await call.create()
            for path in ["/api/v1/join?pin=\(pin)", "/api/v1/join", "/\(pin)", "/?code=\(pin)"] {
                #expect(try await call.get(path, token: nil).status >= 400)
                #expect(try await call.send(.head, path).status >= 400)
            }
            _ = try await call.join(pin)
        }
    }

    @Test func D4_theClaimerComesBackByTokenOrCookie() async throws {
        try await WebBench().calls { call in
            let (id, pin) = try await call.create()
            let token = try await call.join(pin)
            let body = #"{"pin":"\#(pin)"}"#
            let byToken = try await call.post("/api/v1/join", token: token, body)
            #expect(byToken.status == 200 && byToken["token"] == token)
            let byCookie = try await call.send(
                .post, "/api/v1/join", cookie: "other=1; lens_customer=\(token)", type: "application/json",
                body: Array("{}".utf8))
            #expect(byCookie.status == 200 && byCookie.object("session")?["id"] as? String == id)
            let stranger = try await call.post("/api/v1/join", token: nil, body)
            #expect(stranger.code == "PINCODE_ALREADYUSED")
        }
    }

    @Test func anEmptyBearerTokenIsNoToken() async throws {
        try await WebBench().calls { call in
            let (_, pin) = try await call.create()
            let joined = try await call.send(
                .post, "/api/v1/join", token: "", type: "application/json", body: Array(#"{"pin":"\#(pin)"}"#.utf8))
            #expect(joined.status == 200)
            #expect(try await call.send(.post, "/api/v1/customer/leave", token: "").status == 401)
        }
    }

    @Test func theCustomersStepsWorkByCookieToo() async throws {
        try await WebBench().calls { call in
            let (_, pin) = try await call.create()
            let cookie = "lens_customer=" + (try await call.join(pin))
            func step(_ verb: String, _ body: String) async throws -> Reply {
                try await call.send(
                    .post, "/api/v1/customer/\(verb)", cookie: cookie, type: "application/json; charset=utf-8",
                    body: Array(body.utf8))
            }
            #expect(try await step("progress", #"{"step":"opened"}"#)["progress"] == "opened")
            #expect(try await step("progress", #"{"step":"introduced"}"#)["progress"] == "introduced")
            #expect(try await step("devices", #"{"camera":false,"microphone":true}"#)["progress"] == "devices")
            #expect(try await step("eula", #"{"version":"1","accepted":true}"#)["status"] == "Waiting")
            let left = try await step("leave", "{}")
            #expect(left["status"] == "Closed" && left["endReason"] == "waitingCustomer")
            #expect(try await step("leave", "{}").status == 410)
        }
    }

    @Test func D15_bothWaysOfDeclining() async throws {
        try await WebBench().calls { call in
            let first = try await call.join(call.create().pin)
            let refused = try await call.post(
                "/api/v1/customer/eula", token: first, #"{"version":"1","accepted":false}"#)
            #expect(refused["status"] == "Declined" && refused["endReason"] == "declined")
            let second = try await call.join(call.create().pin)
            let none = try await call.post(
                "/api/v1/customer/devices", token: second, #"{"camera":false,"microphone":false}"#)
            #expect(none["status"] == "Connecting")
            #expect(try await call.post("/api/v1/customer/leave", token: second)["status"] == "Declined")
        }
    }

    @Test func theLicenceVersionMustBeThePresentOne() async throws {
        try await WebBench().calls { call in
            let token = try await call.join(call.create().pin)
            let old = try await call.post("/api/v1/customer/eula", token: token, #"{"version":"0","accepted":true}"#)
            #expect(old.status == 409 && old.code == "EULA_VERSION")
            #expect(try await call.acceptLicence(token).status == 200)
            #expect(try await call.acceptLicence(token).status == 200)
            let no = try await call.post("/api/v1/customer/eula", token: token, #"{"version":"1","accepted":false}"#)
            #expect(no.status == 409 && no.code == "EULA_ALREADY_ACCEPTED")
        }
    }

    @Test(arguments: [
        ("progress", #"{"step":"waiting"}"#, 422), ("progress", "{}", 400), ("devices", #"{"camera":true}"#, 400),
        ("devices", #"{"camera":"yes","microphone":true}"#, 400), ("devices", #"{"camera":1,"microphone":0}"#, 400),
        ("eula", #"{"version":1,"accepted":true}"#, 400), ("eula", #"{"version":"1"}"#, 400), ("leave", "[]", 400),
    ])
    func wrongBodiesAreNamed(verb: String, body: String, status: Int) async throws {
        try await WebBench().calls { call in
            let token = try await call.join(call.create().pin)
            let reply = try await call.post("/api/v1/customer/\(verb)", token: token, body)
            #expect(reply.status == status, "\(reply.text)")
        }
    }

    @Test func tokensAreForTheirOwnSideAndSession() async throws {
        try await WebBench().calls { call in
            let (id, token) = try await call.waiting("one")
            let (otherID, _) = try await call.waiting("two")
            for verb in ["start", "hold", "resume", "end", "pin"] {
                let reply = try await call.post("/api/v1/sessions/\(id)/\(verb)", token: token, "{}")
                #expect(reply.status == 403 && reply.code == "TECHNICIAN_ONLY", "\(verb)")
            }
            #expect(try await call.get("/api/v1/sessions", token: token).status == 403)
            #expect(try await call.get("/api/v1/sessions/\(id)", token: token).status == 200)
            let other = try await call.get("/api/v1/sessions/\(otherID)", token: token)
            #expect(other.status == 403 && other.code == "TOKEN_NOT_FOR_SESSION")
            let leave = try await call.post("/api/v1/customer/leave")
            #expect(leave.status == 403 && leave.code == "CUSTOMER_ONLY")
        }
    }

    @Test func missingAndUnknownTokensAnswer401() async throws {
        try await WebBench().calls { call in
            let (id, token) = try await call.waiting()
            let calls = [
                "/api/v1/sessions", "/api/v1/sessions/\(id)/start", "/api/v1/customer/leave", "/whip/\(id)",
                "/whep/\(id)",
            ]
            let forged = String(token.dropLast(4)) + "0000"
            for path in calls {
                let missing = try await call.send(.post, path)
                #expect(
                    missing.status == 401 && missing.headers[.wwwAuthenticate] == "Bearer realm=\"lens\"", "\(path)")
                for wrong in ["key-of-the-bencH", "key-of-the-benc", "x", forged, String(repeating: "k", count: 5000)] {
                    let reply = try await call.send(.post, path, token: wrong)
                    #expect(reply.status == 401, "\(path) \(wrong.prefix(20))")
                    #expect(reply.headers[.wwwAuthenticate]?.contains("invalid_token") == true)
                }
            }
        }
    }
}
