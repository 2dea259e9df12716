import Foundation
import HTTPTypes
import Testing

@testable import WebAPI

/// Drawing, the trail, the table of what has been.
struct HistoryCallsTests {
    private let bench: WebBench

    init() throws { bench = try WebBench() }

    @Test func marksPassOnlyInAnActiveSessionAndAsJSON() async throws {
        try await bench.calls { call in
            let (id, token) = try await call.waiting()
            let path = "/api/v1/sessions/\(id)/drawing"
            #expect(try await call.post(path, #"{"marks":[]}"#).code == "SESSION_NOT_STARTED")
            _ = try await call.post("/api/v1/sessions/\(id)/start", "{}")
            let marks =
                #"{"marks":[{"kind":"arrow","from":[0.1,0.2],"to":[0.3,0.4],"text":"</script>\n","on":true,"x":null}]}"#
            #expect(try await call.post(path, marks).status == 204)
            #expect(try await call.post(path, token: token, marks).status == 204)
            #expect(try await call.post(path, #"{"marks":{}}"#).status == 400)
            let long = String(repeating: "x", count: 9000)
            #expect(try await call.post(path, #"{"marks":["\#(long)"]}"#).status == 422)
            let deep = String(repeating: "[", count: 100) + String(repeating: "]", count: 100)
            #expect(try await call.post(path, #"{"marks":\#(deep)}"#).status == 400)
            _ = try await call.post("/api/v1/sessions/\(id)/hold")
            #expect(try await call.post(path, marks).code == "SESSION_ON_HOLD")
            _ = try await call.post("/api/v1/sessions/\(id)/end")
            #expect(try await call.post(path, marks).code == "SESSION_ENDED")
        }
    }

    @Test func D18_aSessionsTrailIsReadByItsTechnician() async throws {
        try await bench.calls { call in
            let (id, token) = try await call.active()
            let trail = try await call.get("/api/v1/sessions/\(id)/trail")
            let steps = (trail.json["entries"] as? [[String: Any]])?.compactMap { $0["step"] as? String }
            #expect(
                steps == ["session.created", "pin.claimed", "customer.devices", "eula.accepted", "session.started"])
            #expect(try await call.get("/api/v1/sessions/\(id)/trail", token: token).code == "TECHNICIAN_ONLY")
        }
    }

    @Test func theHistoryIsATableThatSpreadsheetsTakeForText() async throws {
        try await bench.calls { call in
            for name in ["Plain", "=1+1", "a, \"b\"", "Jürg\u{2028}x"] {
                let (id, _) = try await call.create(name.replacing("\"", with: "\\\""))
                _ = try await call.post("/api/v1/sessions/\(id)/end", #"{"notes":"one\ntwo"}"#)
            }
            _ = try await call.create("Open")
            let reply = try await call.get("/api/v1/history.csv")
            #expect(reply.status == 200)
            #expect(reply.headers[.contentType]?.hasPrefix("text/csv") == true)
            let lines = reply.text.components(separatedBy: "\r\n")
            #expect(lines.first?.hasPrefix("id,type,status,name,") == true)
            #expect(lines.count == 1 + 4 + 1)
            #expect(reply.text.contains(",'=1+1,"))
            #expect(reply.text.contains(#","a, ""b""","#))
            #expect(reply.text.contains("\"one\ntwo\""))
            #expect(!reply.text.contains("Open"))
            #expect(try await call.get("/api/v1/history.csv", token: nil).status == 401)
        }
    }
}
