import HTTPTypes
import TestSupport
import Testing

@testable import WebAPI

/// `Caller` checks that every error is `application/problem+json` with the fields of RFC 9457.
struct ProblemTests {
    @Test(arguments: [
        "/", "/nothing", "/api/v1", "/api/v1/sessions/a/b/c", "/whip", "/%2e%2e/etc", "//", "/api/v1/session",
    ])
    func unknownPathsAnswer404(path: String) async throws {
        try await WebBench().calls { (call) async throws in
            #expect(try await call.get(path).status == 404)
            #expect(try await call.post(path, "{}").status == 404)
        }
    }

    @Test func knownPathsWithAnotherMethodAnswer405AndSayWhichTheyTake() async throws {
        try await WebBench().calls { call in
            let expected = [
                "/healthz": "GET, HEAD", "/readyz": "GET, HEAD", "/api/v1/sessions": "POST, GET, HEAD",
                "/api/v1/sessions/abc": "GET, HEAD", "/api/v1/sessions/abc/start": "POST", "/api/v1/join": "POST",
                "/api/v1/customer/leave": "POST",
            ]
            for (path, allow) in expected {
                for method in [HTTPRequest.Method.put, .patch, .delete, HTTPRequest.Method("BREW") ?? .trace] {
                    let reply = try await call.send(method, path)
                    #expect(reply.status == 405 && reply.headers[.allow] == allow, "\(method) \(path)")
                }
            }
        }
    }

    @Test(arguments: [
        "{", "}", "nonsense", "[]", "\"x\"", "7", "null", "{\"pin\":}", "{\"pin\":\"1\"", "\u{FEFF}",
        "{\"pin\":\"\\ud800\"}",
        String(repeating: "[", count: 30_000), String(repeating: "{\"pin\":", count: 8000),
    ])
    func bodiesThatAreNoJSONObjectAnswer400(body: String) async throws {
        try await WebBench().calls { (call) async throws in
            #expect(try await call.post("/api/v1/join", token: nil, body).status == 400)
            #expect(try await call.post("/api/v1/sessions", body).status == 400)
        }
    }

    @Test func bodiesThatAreNotUTF8Answer400() async throws {
        try await WebBench().calls { (call) async throws in
            let body = Array(#"{"pin":""#.utf8) + [0xFF, 0xC0, 0x80] + Array(#""}"#.utf8)
            #expect(try await call.send(.post, "/api/v1/join", type: "application/json", body: body).status == 400)
        }
    }

    @Test(arguments: [nil, "text/plain", "application/x-www-form-urlencoded", "application/jsonp", ""])
    func bodiesOfAnotherTypeAnswer415(type: String?) async throws {
        try await WebBench().calls { call in
            let reply = try await call.send(.post, "/api/v1/join", type: type, body: Array("{}".utf8))
            #expect(reply.status == 415)
        }
    }

    @Test func bodiesOverTheLimitAnswer413AndTheServerGoesOn() async throws {
        let body = Array(#"{"pin":""#.utf8) + [UInt8](repeating: 0x20, count: 10_000_000) + Array(#""}"#.utf8)
        try await WebBench().liveCalls { (call) async throws in
            for _ in 0..<3 {
                #expect(try await call.send(.post, "/api/v1/join", type: "application/json", body: body).status == 413)
            }
            #expect(try await call.get("/healthz").status == 200)
        }
        try await WebBench().calls { call in
            let limit = 64 * 1024
            let fits = Array(#"{"pin":""#.utf8) + [UInt8](repeating: 0x20, count: limit - 10) + Array(#""}"#.utf8)
            #expect(fits.count == limit)
            let reply = try await call.send(.post, "/api/v1/join", type: "application/json", body: fits)
            #expect(reply.code == "PINCODE_MISSING")
            let over = try await call.send(.post, "/api/v1/join", type: "application/json", body: fits + [0x20])
            #expect(over.status == 413)
        }
    }

    @Test func damagedBodiesNeverFailTheServer() async throws {
        try await WebBench().calls { call in
            let (id, token) = try await call.waiting()
            let samples: [(String, String, String)] = [
                ("/api/v1/sessions", WebBench.key, #"{"type":"lens","name":"Ada","method":"pin","reference":"r"}"#),
                ("/api/v1/sessions/\(id)/hold", WebBench.key, #"{"technician":"tess"}"#),
                ("/api/v1/join", "", #"{"pin":"123456"}"#),
                ("/api/v1/customer/devices", token, #"{"camera":true,"microphone":false}"#),
                ("/api/v1/customer/eula", token, #"{"version":"1","accepted":true}"#),
                ("/api/v1/customer/progress", token, #"{"step":"opened"}"#),
            ]
            let bodies = samples.map { Array($0.2.utf8) }
            var mutator = Mutator(seed: 4242)
            for round in 0..<3000 {
                let sample = samples[round % samples.count]
                let body = mutator.mutate(Array(sample.2.utf8), splicing: bodies)
                let reply = try await call.send(
                    .post, sample.0, token: sample.1, type: "application/json", body: body)
                #expect(reply.status < 500 || reply.code == "SERVICE_FULL", "seed 4242, round \(round): \(reply.text)")
            }
        }
    }

    @Test func errorTextsShowNoPINAndNoToken() async throws {
        try await WebBench().calls { call in
            let (_, pin) = try await call.create()
            let token = try await call.join(pin)
            let used = try await call.post("/api/v1/join", token: nil, #"{"pin":"\#(pin)"}"#)
            #expect(!used.text.contains(pin))
            let wrong = try await call.send(.post, "/api/v1/customer/leave", token: token + "0")
            #expect(wrong.status == 401 && !wrong.text.contains(token))
        }
    }
}
