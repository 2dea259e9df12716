import Foundation
import HTTPTypes
import Testing

@testable import WebAPI

struct SessionCallsTests {
    @Test func S7_S8_S12_aNewSessionShowsItsPINAndItsThreeLinks() async throws {
        try await WebBench().calls { call in
            let reply = try await call.post(
                "/api/v1/sessions",
                #"{"type":"lens","name":"Zoë 🦊","method":"pin","reference":"T-1","visibility":"group"}"#)
            #expect(reply.status == 201)
            let id = try #require(reply["id"])
            let pin = try #require(reply["pin"])
            #expect(pin.count == 6 && pin.allSatisfy(\.isNumber))
            #expect(reply.headers[.location] == "/api/v1/sessions/\(id)")
            #expect(reply.headers[.cacheControl] == "no-store")
            let links = try #require(reply.object("links") as? [String: String])
            #expect(
                links == [
                    "desktop": "https://lens.example.org/?code=\(pin)", "mobile": "https://lens.example.org/\(pin)",
                    "entry": "https://lens.example.org/",
                ])
            let expected = [
                "type": "lens", "status": "Connecting", "visibility": "group", "owner": "bench", "name": "Zoë 🦊",
                "reference": "T-1", "progress": "invited", "createdAt": "2026-01-01T00:00:00.000Z",
                "pinExpiresAt": "2026-01-01T00:20:00.000Z",
            ]
            for (key, value) in expected { #expect(reply[key] == value, "\(key)") }
            let media = try #require(reply.object("media"))
            #expect(media["mediaBytesForwardedBeforeStart"] as? Int == 0)
            let keys = Set(reply.json.keys).subtracting(expected.keys)
            #expect(keys == ["id", "pin", "links", "media", "snapshots"])
        }
    }

    @Test func aSessionTellsItsStoryOnTheWire() async throws {
        try await WebBench().calls { call in
            let (id, _) = try await call.waiting()
            let waiting = try await call.get("/api/v1/sessions/\(id)")
            #expect(waiting["status"] == "Waiting")
            #expect(waiting["progress"] == "waiting")
            #expect(waiting["waitingSince"] == "2026-01-01T00:00:00.000Z")
            #expect(waiting["pin"] == nil && waiting.object("links") == nil && waiting["pinExpiresAt"] == nil)
            let customer = try #require(waiting.object("customer"))
            #expect(customer["userAgent"] as? String == "caller/1")
            #expect(customer["camera"] as? Bool == true && customer["microphone"] as? Bool == true)
            #expect(customer["claimedAt"] as? String == "2026-01-01T00:00:00.000Z")
            let active = try await call.post("/api/v1/sessions/\(id)/start", #"{"technician":"tess"}"#)
            #expect(active.status == 200 && active["status"] == "Active" && active["technician"] == "tess")
            #expect(active["startedAt"] != nil)
            #expect(try await call.post("/api/v1/sessions/\(id)/hold")["status"] == "OnHold")
            #expect(try await call.post("/api/v1/sessions/\(id)/resume", "{}")["status"] == "Active")
            let ended = try await call.post("/api/v1/sessions/\(id)/end", #"{"notes":"fixed"}"#)
            #expect(ended["status"] == "Closed" && ended["endReason"] == "technician" && ended["notes"] == "fixed")
            #expect(ended["endedAt"] != nil)
        }
    }

    @Test func D9_everyCallOutOfTurnAnswers409AndANamedRefusal() async throws {
        try await WebBench().calls { call in
            let (id, token) = try await call.waiting()
            let path = "/api/v1/sessions/\(id)/"
            func refusal(_ verb: String) async throws -> String? {
                let reply = try await call.post(path + verb, "{}")
                #expect(reply.status == 409, "\(verb)")
                return reply.code
            }
            #expect(try await refusal("hold") == "SESSION_NOT_STARTED")
            #expect(try await refusal("resume") == "SESSION_NOT_STARTED")
            #expect(try await refusal("pin") == "PIN_CLAIMED")
            #expect(try await call.post(path + "start", "{}").status == 200)
            #expect(try await refusal("start") == "SESSION_ALREADY_STARTED")
            #expect(try await refusal("resume") == "SESSION_NOT_ON_HOLD")
            #expect(try await call.post(path + "hold").status == 200)
            #expect(try await refusal("hold") == "SESSION_ON_HOLD")
            #expect(try await call.post(path + "end").status == 200)
            for verb in ["start", "hold", "resume", "end", "pin"] {
                #expect(try await refusal(verb) == "SESSION_ENDED")
            }
            let (early, _) = try await call.create()
            let reply = try await call.post("/api/v1/sessions/\(early)/start", "{}")
            #expect(reply.status == 409 && reply.code == "SESSION_NOT_READY")
            #expect(try await call.grantDevices(token).status == 410)
        }
    }

    @Test func D10_aNamedTechniciansSecondStartAnswers409() async throws {
        try await WebBench().calls { call in
            let first = try await call.waiting("one")
            let second = try await call.waiting("two")
            let body = #"{"technician":"tess"}"#
            #expect(try await call.post("/api/v1/sessions/\(first.id)/start", body).status == 200)
            let refused = try await call.post("/api/v1/sessions/\(second.id)/start", body)
            #expect(refused.status == 409 && refused.code == "TECHNICIAN_BUSY")
            // The key itself stands for nobody and may start as many as it likes.
            #expect(try await call.post("/api/v1/sessions/\(second.id)/start", "{}").status == 200)
        }
    }

    @Test func S11_D5_anotherPINMakesNewLinksAndRevokesTheOldOne() async throws {
        try await WebBench().calls { call in
            let (id, pin) = try await call.create()
            let renewed = try await call.post("/api/v1/sessions/\(id)/pin")
            let newPIN = try #require(renewed["pin"])
            #expect(renewed.status == 200 && newPIN != pin)
            #expect(renewed.object("links")?["mobile"] as? String == "https://lens.example.org/\(newPIN)")
            let old = try await call.post("/api/v1/join", token: nil, #"{"pin":"\#(pin)"}"#)
            #expect(old.status == 410 && old.code == "PINCODE_EXPIRED")
            _ = try await call.join(newPIN)
        }
    }

    @Test func D20_thePINIsShownToItsCreatorOnly() async throws {
        try await WebBench().calls { call in
            let (id, _) = try await call.create()
            let other = try await call.get("/api/v1/sessions/\(id)", token: "another-key")
            #expect(other.status == 200 && other["pin"] == nil && other.object("links") == nil)
            #expect(try await call.get("/api/v1/sessions/\(id)")["pin"] != nil)
        }
    }

    @Test func D2_anExpiredPINIsNoLongerShown() async throws {
        let bench = try WebBench()
        try await bench.calls { call in
            let (id, _) = try await call.create()
            bench.advance(minutes: 20)
            let reply = try await call.get("/api/v1/sessions/\(id)")
            #expect(reply["pin"] == nil && reply["pinExpiresAt"] != nil)
        }
    }

    @Test func S52_theListShowsWaitingAndLater() async throws {
        try await WebBench().calls { call in
            func names(_ query: String, token: String = WebBench.key) async throws -> [String] {
                let reply = try await call.get("/api/v1/sessions" + query, token: token)
                #expect(reply.status == 200, "\(reply.text)")
                let sessions = try #require(reply.json["sessions"] as? [[String: Any]])
                return sessions.compactMap { $0["name"] as? String }
            }
            #expect(try await names("").isEmpty)
            _ = try await call.create("invited")
            let (_, pin) = try await call.create("declined")
            let token = try await call.join(pin)
            _ = try await call.post("/api/v1/customer/eula", token: token, #"{"version":"1","accepted":false}"#)
            _ = try await call.waiting("waiting")
            _ = try await call.active("active")
            #expect(try await names("") == ["active", "waiting"])
            #expect(try await names("?status=Connecting") == ["invited"])
            #expect(try await names("?status=Connecting", token: "another-key").isEmpty)
            #expect(try await names("?status=Declined") == ["declined"])
            #expect(try await names("?status=Waiting,Active") == ["active", "waiting"])
            let page = try await call.get("/api/v1/sessions?limit=1")
            let cursor = try #require(page["cursor"])
            #expect(try await names("?limit=1") == ["active"])
            #expect(try await names("?limit=1&cursor=\(cursor)") == ["waiting"])
        }
    }

    @Test(arguments: [
        "status=Sleeping", "status=Waiting,", "limit=0", "limit=501", "limit=ten", "limit=-1", "cursor=x",
    ])
    func wrongQueriesAnswer422(query: String) async throws {
        try await WebBench().calls { (call) async throws in
            #expect(try await call.get("/api/v1/sessions?" + query).status == 422)
        }
    }

    @Test(arguments: [
        (#"{"type":"lens","method":"pin"}"#, 400), (#"{"name":"a","method":"pin"}"#, 400),
        (#"{"type":"lens","name":"a"}"#, 400), (#"{"type":"fax","name":"a","method":"pin"}"#, 422),
        (#"{"type":"lens","name":"","method":"pin"}"#, 422),
        (#"{"type":"lens","name":"a\u000ab","method":"pin"}"#, 422),
        (#"{"type":"lens","name":"a","method":"pigeon"}"#, 422), (#"{"type":"lens","name":7,"method":"pin"}"#, 400),
        (#"{"type":"lens","name":"a","method":"email","email":"x@example.org"}"#, 422),
        (#"{"type":"lens","name":"a","method":"pin","visibility":"all"}"#, 422),
        (#"{"type":"lens","name":"a","method":"pin","reference":[]}"#, 400),
    ])
    func wrongFieldsAreNamed(body: String, status: Int) async throws {
        try await WebBench().calls { call in
            let reply = try await call.post("/api/v1/sessions", body)
            #expect(reply.status == status, "\(reply.text)")
        }
    }

    @Test func wrongStartAndEndBodiesAreNamed() async throws {
        try await WebBench().calls { call in
            let (id, _) = try await call.waiting()
            #expect(try await call.post("/api/v1/sessions/\(id)/start", #"{"technician":"a b"}"#).status == 422)
            #expect(try await call.post("/api/v1/sessions/\(id)/start", #"{"technician":5}"#).status == 400)
            let notes = String(repeating: "n", count: 4001)
            #expect(try await call.post("/api/v1/sessions/\(id)/end", #"{"notes":"\#(notes)"}"#).status == 422)
            #expect(try await call.post("/api/v1/sessions/\(id)/start", #"{"technician":null}"#).status == 200)
        }
    }

    @Test func unknownSessionsAnswer404() async throws {
        try await WebBench().calls { call in
            for id in [String(repeating: "0", count: 32), "nonsense", "%00", "..%2f..%2fetc"] {
                for verb in ["start", "hold", "resume", "end", "pin"] {
                    let reply = try await call.post("/api/v1/sessions/\(id)/\(verb)", "{}")
                    #expect(reply.status == 404 && reply.code == "SESSION_NOT_FOUND", "\(id)/\(verb)")
                }
                #expect(try await call.get("/api/v1/sessions/\(id)").code == "SESSION_NOT_FOUND")
            }
        }
    }

    @Test func aFullServiceAnswers503() async throws {
        try await WebBench(limit: 1).calls { call in
            _ = try await call.create()
            let reply = try await call.post("/api/v1/sessions", #"{"type":"lens","name":"b","method":"pin"}"#)
            #expect(reply.status == 503 && reply.code == "SERVICE_FULL")
            #expect(reply.headers[.retryAfter] != nil)
        }
    }
}
