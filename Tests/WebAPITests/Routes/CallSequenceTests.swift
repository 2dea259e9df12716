import Foundation
import HTTPTypes
import Sessions
import Testing

@testable import WebAPI

/// Whole sequences of calls over real sockets.
struct CallSequenceTests {
    /// How a load generator sets a call up: an empty bearer token at joining, JSON bodies everywhere, Start before
    /// media.
    @Test func aCallIsSetUpByTheDocumentedCallsAlone() async throws {
        let bench = try WebBench()
        try await bench.liveCalls { call in
            func json(_ path: String, _ token: String, _ body: String) async throws -> Reply {
                try await call.send(.post, path, token: token, type: "application/json", body: Array(body.utf8))
            }
            for index in 0..<5 {
                let session = try await json(
                    "/api/v1/sessions", WebBench.key, #"{"type": "lens", "name": "blast \#(index)", "method": "pin"}"#)
                let id = try #require(session["id"])
                let joined = try await json("/api/v1/join", "", #"{"pin": "\#(try #require(session["pin"]))"}"#)
                let token = try #require(joined["token"])
                let version = try #require(joined.object("eula")?["version"] as? String)
                _ = try await json("/api/v1/customer/devices", token, #"{"camera": true, "microphone": true}"#)
                _ = try await json(
                    "/api/v1/customer/eula", token, #"{"version": "\#(version)", "accepted": true}"#)
                #expect(try await json("/api/v1/sessions/\(id)/start", WebBench.key, "{}")["status"] == "Active")
                let sdp = """
                    v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r
                    m=video 30000 RTP/SAVPF 96\r\na=rtpmap:96 VP8/90000\r\na=crypto:1 AEAD_AES_128_GCM inline:AAAA\r\n
                    """
                let whip = try await call.offer("/whip/\(id)", token: token, sdp)
                let whep = try await call.offer("/whep/\(id)", token: WebBench.key, sdp)
                #expect(whip.status == 201 && whep.status == 201)
                #expect(whep.text.contains("inline:"))
                let offer = try #require(await bench.media.lastOffer)
                #expect(offer.clientAddress == "127.0.0.1" || offer.clientAddress == "::1")
                #expect(offer.requestIsPrivate)
            }
            #expect(await bench.media.openGates.count == 5)
        }
    }

    @Test func D3_ofManyClaimsOverHTTPExactlyOneWins() async throws {
        try await WebBench().liveCalls { call in
            let (_, pin) = try await call.create()
            let replies = try await Self.atOnce(100) {
                try await call.post("/api/v1/join", token: nil, #"{"pin":"\#(pin)"}"#)
            }
            #expect(replies.count { $0.status == 200 } == 1)
            #expect(replies.count { $0.status == 409 && $0.code == "PINCODE_ALREADYUSED" } == 99)
        }
    }

    @Test func D8_theSixthWrongPINIsRefusedWithTheTimeToWait() async throws {
        try await WebBench().liveCalls { call in
            for _ in 0..<5 {
                #expect(try await call.post("/api/v1/join", token: nil, #"{"pin":"999999"}"#).status == 404)
            }
            let reply = try await call.post("/api/v1/join", token: nil, #"{"pin":"999999"}"#)
            #expect(reply.status == 429)
            #expect(reply.code == "PINCODE_THROTTLED")
            #expect(reply.headers[.retryAfter] == "60")
        }
    }

    @Test func D10_ofManyStartsOverHTTPExactlyOneWins() async throws {
        try await WebBench().liveCalls { call in
            let (id, _) = try await call.waiting()
            let replies = try await Self.atOnce(100) { try await call.post("/api/v1/sessions/\(id)/start", "{}") }
            #expect(replies.count { $0.status == 200 } == 1)
            #expect(replies.count { $0.status == 409 && $0.code == "SESSION_ALREADY_STARTED" } == 99)
        }
    }

    private static func atOnce(
        _ count: Int, _ call: @escaping @Sendable () async throws -> Reply
    ) async throws -> [Reply] {
        try await withThrowingTaskGroup(of: Reply.self) { group in
            for _ in 0..<count { group.addTask { try await call() } }
            return try await group.reduce(into: []) { $0.append($1) }
        }
    }

    private enum State: CaseIterable { case invited, claimed, accepted, waiting, active, onHold, ended, declined }

    /// Every call in every state answers success or a named refusal, never a failure of the server.
    @Test func D9_noCallInAnyStateFailsTheServer() async throws {
        for state in State.allCases {
            try await WebBench().calls { call in
                for index in 0..<16 {
                    let (id, pin, token) = try await Self.session(in: state, call)
                    let reply = try await Self.call(index, id: id, pin: pin, token: token, call)
                    #expect(reply.status < 500, "call \(index) in \(state): \(reply.text)")
                    if reply.status >= 400, token != nil { #expect(reply.code != nil, "call \(index) in \(state)") }
                }
            }
        }
    }

    private static func session(
        in state: State, _ call: Caller
    ) async throws -> (id: String, pin: String, token: String?) {
        let (id, pin) = try await call.create()
        if state == .invited { return (id, pin, nil) }
        let token = try await call.join(pin)
        if state == .declined {
            _ = try await call.post("/api/v1/customer/eula", token: token, #"{"version":"1","accepted":false}"#)
        }
        if state == .claimed || state == .declined { return (id, pin, token) }
        _ = try await call.acceptLicence(token)
        if state == .accepted { return (id, pin, token) }
        _ = try await call.grantDevices(token)
        if state == .waiting { return (id, pin, token) }
        _ = try await call.post("/api/v1/sessions/\(id)/start", "{}")
        if state == .onHold { _ = try await call.post("/api/v1/sessions/\(id)/hold") }
        if state == .ended { _ = try await call.post("/api/v1/sessions/\(id)/end") }
        return (id, pin, token)
    }

    private static func call(
        _ index: Int, id: String, pin: String, token: String?, _ call: Caller
    ) async throws -> Reply {
        let session = "/api/v1/sessions/\(id)"
        let customer = "/api/v1/customer/"
        return switch index {
        case 0: try await call.get(session)
        case 1: try await call.post(session + "/pin")
        case 2: try await call.post(session + "/start", "{}")
        case 3: try await call.post(session + "/hold")
        case 4: try await call.post(session + "/resume")
        case 5: try await call.post(session + "/end")
        case 6: try await call.post("/api/v1/join", token: nil, #"{"pin":"\#(pin)"}"#)
        case 7: try await call.post(customer + "progress", token: token, #"{"step":"opened"}"#)
        case 8: try await call.post(customer + "devices", token: token, #"{"camera":false,"microphone":false}"#)
        case 9: try await call.post(customer + "eula", token: token, #"{"version":"1","accepted":true}"#)
        case 10: try await call.post(customer + "leave", token: token)
        case 11: try await call.offer("/whip/\(id)", token: token)
        case 12: try await call.offer("/whep/\(id)", token: token)
        case 13: try await call.offer("/whip/\(id)", token: WebBench.key)
        case 14: try await call.offer("/whep/\(id)", token: WebBench.key)
        default: try await call.send(.delete, "/whip/\(id)/nothing", token: token ?? WebBench.key)
        }
    }
}
