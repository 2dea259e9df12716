import HTTPTypes
import Testing

@testable import WebAPI

/// A network that makes too many calls is told to wait.
struct RateTests {
    @Test func aBurstIsFreeAndThenCallsAreRefusedUntilTheTimeThatIsNamed() async throws {
        let bench = try WebBench(callsPerSecond: 2)
        try await bench.calls { call in
            for _ in 0..<4 { #expect(try await call.get("/api/v1/sessions").status == 200) }
            let refused = try await call.get("/api/v1/sessions")
            #expect(refused.status == 429 && refused.code == "RATE_LIMITED")
            #expect(refused.headers[.retryAfter] == "1")
            #expect(try await call.get("/healthz", token: nil).status == 200)
            bench.advance(minutes: 1)
            #expect(try await call.get("/api/v1/sessions").status == 200)
        }
    }

    @Test func callersOnThisMachineAreNotCounted() async throws {
        try await WebBench(callsPerSecond: 1).liveCalls { (call) async throws in
            for _ in 0..<10 { #expect(try await call.get("/api/v1/sessions").status == 200) }
        }
    }
}
