import Foundation
import HTTPTypes
import Testing

@testable import WebAPI

/// The server's half of rules that are mostly the pages' affair.
struct RuleCallsTests {
    private let bench: WebBench

    init() throws { bench = try WebBench() }

    private func create(_ call: Caller, type: String = "lens", method: String = "chat", name: String = "Ada")
        async throws -> Reply
    {
        let reply = try await call.post(
            "/api/v1/sessions", #"{"type":"\#(type)","name":"\#(name)","method":"\#(method)"}"#)
        #expect(reply.status == 201, "\(reply.text)")
        return reply
    }

    @Test func S1_S2_S4_S5_S6_oneCallMakesAllThatTheDialogShows() async throws {
        try await bench.calls { call in
            let session = try await create(call)
            #expect(session["pin"]?.count == 6)
            #expect(session["pin"]?.allSatisfy { ("0"..."9").contains($0) } == true)
            for link in ["desktop", "mobile", "entry"] { #expect(session.object("links")?[link] is String) }
            #expect(session["pinExpiresAt"] != nil)
        }
    }

    @Test func S3_withoutALoginThereIsNoSession() async throws {
        try await bench.calls { call in
            let body = #"{"type":"lens","name":"Ada","method":"chat"}"#
            for token in [nil, "nobody"] {
                let reply = try await call.post("/api/v1/sessions", token: token, body)
                #expect(reply.status == 401)
            }
        }
    }

    @Test func S9_S10_nothingIsSentByItself() async throws {
        try await bench.calls { call in
            let id = try #require(try await create(call)["id"])
            let chat = try await call.get("/api/v1/sessions/\(id)/chat")
            #expect((chat.json["lines"] as? [Any])?.isEmpty == true)
            #expect(try await call.get("/api/v1/sessions/\(id)").json["mail"] == nil)
        }
    }

    @Test func S13_D6_endRevokesAnUnclaimedPIN() async throws {
        try await bench.calls { call in
            let (id, pin) = try await call.create()
            #expect(try await call.post("/api/v1/sessions/\(id)/end", "{}")["status"] == "Closed")
            #expect(try await call.post("/api/v1/join", token: nil, #"{"pin":"\#(pin)"}"#).code == "PINCODE_EXPIRED")
        }
    }

    @Test func S16_thePINIsTypedByHandWithoutAnyLink() async throws {
        try await bench.calls { call in
            let (id, pin) = try await call.create()
            let typed = pin.prefix(3) + " " + pin.suffix(3)
            let joined = try await call.post("/api/v1/join", token: nil, #"{"pin":" \#(typed) "}"#)
            #expect(joined.object("session")?["id"] as? String == id)
        }
    }

    @Test func S22_S29_S36_S37_theTypeIsChosenAndShown() async throws {
        try await bench.calls { call in
            for type in ["lens", "screen"] { #expect(try await create(call, type: type)["type"] == type) }
            let other = try await call.post("/api/v1/sessions", #"{"type":"x","name":"a","method":"pin"}"#)
            #expect(other.status == 422)
        }
    }

    @Test func S23_S53_afterStartTheSessionIsActive() async throws {
        try await bench.calls { call in
            let (id, _) = try await call.waiting()
            let started = try await call.post("/api/v1/sessions/\(id)/start", "{}")
            #expect(started["status"] == "Active")
            #expect(started["startedAt"] != nil)
        }
    }

    @Test func S26_S45_D3_openingALinkAgainClaimsNothing() async throws {
        try await bench.calls { call in
            let (_, pin) = try await call.create()
            for path in ["/\(pin)", "/?code=\(pin)", "/\(pin)"] { _ = try await call.get(path, token: nil) }
            _ = try await call.send(.head, "/\(pin)")
            #expect(try await call.post("/api/v1/join", token: nil, #"{"pin":"\#(pin)"}"#).status == 200)
        }
    }

    @Test func S28_D11_aSessionNeverStartsByItself() async throws {
        try await bench.calls { call in
            let (id, token) = try await call.waiting()
            bench.advance(minutes: 30)
            let session = try await call.get("/api/v1/sessions/\(id)")
            #expect(session["status"] == "Waiting")
            #expect(session["waitingSince"] != nil)
            #expect(try await call.post("/api/v1/sessions/\(id)/start", token: token, "{}").status == 403)
        }
    }

    @Test func S38_S39_theNameIsShownInTheListAndOnTheSession() async throws {
        try await bench.calls { call in
            let (id, _) = try await call.waiting("Order 4711")
            #expect(try await call.get("/api/v1/sessions/\(id)")["name"] == "Order 4711")
            let list = try await call.get("/api/v1/sessions?status=Waiting")
            #expect((list.json["sessions"] as? [[String: Any]])?.first?["name"] as? String == "Order 4711")
        }
    }

    @Test(arguments: ["email", "link", "pin", "chat"]) func S40_eachMethodMakesASession(_ method: String) async throws {
        try await bench.calls { call in
            let session = try await create(call, method: method)
            #expect(session["pin"] != nil)
            #expect((session["mailto"] != nil) == (method == "email"))
        }
    }

    @Test func S47_theIntroductionMayBeSkipped() async throws {
        try await bench.calls { call in
            for reports in [[], ["opened"], ["opened", "introduced"]] {
                let (_, pin) = try await call.create()
                let token = try await call.join(pin)
                for step in reports {
                    let reply = try await call.post("/api/v1/customer/progress", token: token, #"{"step":"\#(step)"}"#)
                    #expect(reply.status == 200)
                }
                _ = try await call.grantDevices(token)
                #expect(try await call.acceptLicence(token)["status"] == "Waiting")
            }
        }
    }

    @Test func S48_S51_withoutADeviceOrTheLicenceNobodyWaits() async throws {
        try await bench.calls { call in
            let (_, pin) = try await call.create()
            let token = try await call.join(pin)
            #expect(try await call.grantDevices(token)["status"] == "Connecting")
            let (_, second) = try await call.create()
            let other = try await call.join(second)
            #expect(try await call.acceptLicence(other)["status"] == "Connecting")
        }
    }

    @Test func S49_S50_noMediaIsNegotiatedBeforeTheLicence() async throws {
        try await bench.calls { call in
            let (id, pin) = try await call.create()
            let token = try await call.join(pin)
            _ = try await call.grantDevices(token)
            for path in ["/whip/\(id)", "/whep/\(id)"] {
                #expect(try await call.offer(path, token: token).code == "EULA_NEEDED")
            }
        }
    }

    @Test func D19_pauseAndMuteAreSeenByTheTechnician() async throws {
        try await bench.calls { call in
            let (id, token) = try await call.active()
            let paused = try await call.post("/api/v1/customer/media", token: token, #"{"camera":"paused"}"#)
            #expect(paused.status == 200)
            let customer = try await call.get("/api/v1/sessions/\(id)").object("customer")
            #expect(customer?["cameraPaused"] as? Bool == true)
            #expect(customer?["microphoneMuted"] as? Bool == false)
            #expect(try await call.post("/api/v1/customer/media", token: token, #"{"camera":"off"}"#).status == 422)
        }
    }

    @Test func S24_S30_chatIsForBothSides() async throws {
        try await bench.calls { call in
            let (id, token) = try await call.active()
            let path = "/api/v1/sessions/\(id)/chat"
            #expect(try await call.post(path, #"{"text":"hello"}"#).status == 201)
            #expect(try await call.post(path, token: token, #"{"text":"<b>good day</b>"}"#).status == 201)
            #expect(try await call.post(path, token: token, #"{"text":""}"#).status == 422)
            #expect(try await call.post(path, token: token, #"{}"#).status == 400)
            let lines = try await call.get(path, token: token).json["lines"] as? [[String: Any]]
            #expect(lines?.map { $0["text"] as? String } == ["hello", "<b>good day</b>"])
            #expect(lines?.map { $0["side"] as? String } == ["technician", "customer"])
            let (other, _) = try await call.active("Other")
            #expect(try await call.get("/api/v1/sessions/\(other)/chat", token: token).status == 403)
        }
    }
}
