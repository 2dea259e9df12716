import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Logging
import Sessions
import Testing

@testable import WebAPI

struct WebServerTests {
    @Test func healthIsAnsweredToAnybody() async throws {
        try await WebBench().calls { (call) async throws in
            #expect(try await call.get("/healthz", token: nil)["status"] == "ok")
            #expect(try await call.get("/readyz", token: nil)["status"] == "ready")
            #expect(try await call.send(.head, "/healthz").status == 200)
        }
    }

    @Test func aDrainingServerIsAliveButNotReady() async throws {
        let bench = try WebBench()
        try await bench.calls { call in
            bench.server.readiness.startDraining()
            let reply = try await call.get("/readyz", token: nil)
            #expect(reply.status == 503 && reply.code == "DRAINING")
            #expect(try await call.get("/healthz", token: nil).status == 200)
        }
    }

    @Test func metricsAreAnsweredAsTextWhereThereAreAny() async throws {
        try await WebBench().calls { (call) async throws in
            #expect(try await call.get("/metrics", token: nil).status == 404)
        }
        let bench = try WebBench(metrics: {
            var text = MetricsText()
            text.add("a_total", .counter, help: "Things.", [("{x=\"0\"}", 12_345_678_901), ("{x=\"1\"}", 0)])
            text.add("b", .gauge, help: "A share.", [("", 0.5)])
            return text.text
        })
        try await bench.calls { call in
            let reply = try await call.get("/metrics", token: nil)
            #expect(reply.status == 200)
            #expect(reply.headers[.contentType] == "text/plain; version=0.0.4; charset=utf-8")
            #expect(
                reply.text == """
                    # HELP a_total Things.
                    # TYPE a_total counter
                    a_total{x="0"} 12345678901
                    a_total{x="1"} 0
                    # HELP b A share.
                    # TYPE b gauge
                    b 0.5

                    """)
        }
    }

    /// Runs a server until `body` returns, then cancels it.
    private func withServer(_ server: WebServer, _ body: @Sendable @escaping (Int) async throws -> Void) async throws {
        let (ports, sink) = AsyncStream.makeStream(of: Int.self)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                defer { sink.finish() }
                try await server.run { port in sink.yield(port) }
            }
            var iterator = ports.makeAsyncIterator()
            let port = try #require(await iterator.next())
            try await body(port)
            group.cancelAll()
            // A cancelled server ends without an error, or with the cancellation itself.
            while let result = await group.nextResult() {
                if case .failure(let error) = result, !(error is CancellationError) { throw error }
            }
        }
    }

    @Test func aPortInUseIsAClearErrorWithTheNextStep() async throws {
        try await withServer(WebBench(publicURL: nil).server) { port in
            var configuration = WebServer.Configuration(port: port)
            configuration.host = "127.0.0.1"
            let sessions = SessionService.idle()
            var logger = Logger(label: "second")
            logger.logLevel = .critical
            let second = WebServer(configuration: configuration, sessions: sessions, logger: logger)
            let error = await #expect(throws: WebServerError.self) { try await second.run() }
            #expect(
                error?.description
                    == "cannot listen on 127.0.0.1:\(port): address already in use; choose another with --http")
        }
    }

    @Test func anAddressOfAnotherMachineIsAClearError() async throws {
        let sessions = SessionService.idle()
        var logger = Logger(label: "elsewhere")
        logger.logLevel = .critical
        let configuration = WebServer.Configuration(host: "192.0.2.1", port: 8080)
        let server = WebServer(configuration: configuration, sessions: sessions, logger: logger)
        let error = await #expect(throws: WebServerError.self) { try await server.run() }
        #expect(error?.description.hasPrefix("cannot listen on 192.0.2.1:8080: this machine does not have") == true)
    }

    @Test func withoutAPublicURLLinksLeadToTheBoundPort() async throws {
        let bench = try WebBench(publicURL: nil)
        try await withServer(bench.server) { port in
            try await bench.calls { call in
                let reply = try await call.post("/api/v1/sessions", #"{"type":"lens","name":"a","method":"pin"}"#)
                #expect(reply.object("links")?["entry"] as? String == "http://127.0.0.1:\(port)/")
            }
        }
    }

    @Test(arguments: [
        (nil, "127.0.0.1", "http://127.0.0.1:8080"), (nil, "::1", "http://[::1]:8080"),
        ("https://x.example/", "h", "https://x.example"), ("https://x.example/lens", "h", "https://x.example/lens"),
    ])
    func linksStartWithThePublicURL(configured: String?, host: String, url: String) {
        #expect(PublicAddress(configured: configured, host: host, port: 8080).url == url)
    }

    @Test func keysDoNotPrintThemselvesAndMatchWhole() throws {
        let key = try #require(APIKey(name: "ci", key: "secret-key"))
        #expect("\(key)" == "APIKey(ci)" && !String(reflecting: key).contains("secret"))
        #expect(key.matches("secret-key"))
        for wrong in ["", "secret-ke", "secret-keyy", "Secret-key"] { #expect(!key.matches(wrong)) }
        #expect(APIKey(name: "empty", key: "") == nil)
    }
}
