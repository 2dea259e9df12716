import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Logging
import Sessions
import Synchronization
import TestSupport
import Testing

@testable import WebAPI

/// A server with a session service in memory, a clock that tests move, and one API key.
struct WebBench {
    static let key = "key-of-the-bench"
    static let sdp = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\nm=audio 9 RTP/SAVPF 111\r\n"

    let media = AnsweringMediaGateway()
    let accounts: AccountService
    let server: WebServer

    init(
        seed: UInt64 = 1, publicURL: String? = "https://lens.example.org/", limit: Int = 1000,
        iceServers: [ICEServer] = [], callsPerSecond: Int? = nil, metrics: (@Sendable () async -> String)? = nil
    ) throws {
        let clock = Clock()
        self.time = clock
        let store = MemorySessionStore(limit: limit)
        var accounting = AccountService.Settings()
        // As dear as in service would make tests slow, and prove nothing more.
        accounting.passwordCost = PasswordHash.Cost(logN: 4, r: 8, p: 1)
        accounts = AccountService(
            store: store, settings: accounting, now: { clock.now }, waiting: clock.waiting,
            generator: SeededGenerator(seed: seed &+ 1_000_000))
        let sessions = SessionService(
            store: store, media: media, accounts: accounts, now: { clock.now }, waiting: clock.waiting,
            generator: SeededGenerator(seed: seed))
        let keys = [APIKey(name: "other", key: "another-key"), APIKey(name: "bench", key: Self.key)].compactMap { $0 }
        var configuration = WebServer.Configuration(port: 0, publicURL: publicURL, apiKeys: keys)
        configuration.idleSeconds = 5
        configuration.iceServers = iceServers
        configuration.callsPerSecond = callsPerSecond
        var logger = Logger(label: "bench")
        logger.logLevel = .critical
        server = WebServer(configuration: configuration, sessions: sessions, metrics: metrics, logger: logger)
    }

    private let time: Clock

    private final class Clock: Sendable {
        private let milliseconds = Mutex<Int64>(1_767_225_600_000)
        var now: WallTime { WallTime(milliseconds: milliseconds.withLock { $0 }) }
        func advance(_ seconds: Int64) { milliseconds.withLock { $0 += seconds * 1000 } }
        var waiting: WaitingClock {
            WaitingClock(milliseconds: { self.milliseconds.withLock { $0 } }, pause: { self.advance(milliseconds: $0) })
        }
        private func advance(milliseconds duration: Int64) { milliseconds.withLock { $0 += duration } }
    }

    func advance(minutes: Int64) { time.advance(minutes * 60) }

    /// Runs calls against the router, without sockets.
    func calls(_ test: @Sendable (Caller) async throws -> Void) async throws {
        try await server.application(onReady: { _ in }).test(.router) { try await test(Caller(client: $0)) }
    }

    /// Runs calls over sockets on loopback.
    func liveCalls(_ test: @Sendable (Caller) async throws -> Void) async throws {
        try await server.application(onReady: { _ in }).test(.ahc()) { try await test(Caller(client: $0)) }
    }
}

/// An answer, read.
struct Reply: @unchecked Sendable {
    // The JSON below is made of immutable values once and only read.
    let status: Int
    let headers: HTTPFields
    let text: String
    let json: [String: Any]

    var code: String? { json["code"] as? String }
    subscript(_ key: String) -> String? { json[key] as? String }
    func object(_ key: String) -> [String: Any]? { json[key] as? [String: Any] }
}

/// Makes calls and checks what holds for every answer: errors are problem details, and nothing is cached.
struct Caller: Sendable {
    let client: any TestClientProtocol

    func send(
        _ method: HTTPRequest.Method, _ path: String, token: String? = nil, cookie: String? = nil,
        type: String? = nil, body: [UInt8]? = nil, extra: HTTPFields = [:], location: SourceLocation = #_sourceLocation
    ) async throws -> Reply {
        var headers = HTTPFields()
        if let token { headers[.authorization] = "Bearer \(token)" }
        if let cookie { headers[.cookie] = cookie }
        if let type { headers[.contentType] = type }
        headers.append(contentsOf: extra)
        headers[.userAgent] = "caller/1"
        let response = try await client.executeRequest(
            uri: path, method: method, headers: headers, body: body.map { ByteBuffer(bytes: $0) })
        let text = String(buffer: response.body)
        let object = try? JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any]
        let reply = Reply(
            status: response.status.code, headers: response.headers, text: text, json: object ?? [:])
        if reply.status >= 400, method != .head {
            #expect(reply.headers[.contentType] == "application/problem+json", sourceLocation: location)
            #expect(reply.json["status"] as? Int == reply.status, sourceLocation: location)
            for key in ["type", "title", "detail"] {
                #expect(reply[key]?.isEmpty == false, "\(key) of \(text)", sourceLocation: location)
            }
        }
        return reply
    }

    func post(
        _ path: String, token: String? = WebBench.key, _ json: String? = nil,
        location: SourceLocation = #_sourceLocation
    ) async throws -> Reply {
        try await send(
            .post, path, token: token, type: json == nil ? nil : "application/json", body: json.map { Array($0.utf8) },
            location: location)
    }

    func get(
        _ path: String, token: String? = WebBench.key, location: SourceLocation = #_sourceLocation
    ) async throws -> Reply {
        try await send(.get, path, token: token, location: location)
    }

    func offer(
        _ path: String, token: String?, _ sdp: String = WebBench.sdp, location: SourceLocation = #_sourceLocation
    ) async throws -> Reply {
        try await send(.post, path, token: token, type: "application/sdp", body: Array(sdp.utf8), location: location)
    }

    // The usual way through a session.

    func create(_ name: String = "Ada") async throws -> (id: String, pin: String) {
        let reply = try await post("/api/v1/sessions", #"{"type":"lens","name":"\#(name)","method":"pin"}"#)
        #expect(reply.status == 201, "\(reply.text)")
        return (try #require(reply["id"]), try #require(reply["pin"]))
    }

    func join(_ pin: String) async throws -> String {
        let reply = try await post("/api/v1/join", token: nil, #"{"pin":"\#(pin)"}"#)
        #expect(reply.status == 200, "\(reply.text)")
        return try #require(reply["token"])
    }

    func acceptLicence(_ token: String) async throws -> Reply {
        try await post("/api/v1/customer/eula", token: token, #"{"version":"1","accepted":true}"#)
    }

    func grantDevices(_ token: String) async throws -> Reply {
        try await post("/api/v1/customer/devices", token: token, #"{"camera":true,"microphone":true}"#)
    }

    /// A session with all gates open.
    func waiting(_ name: String = "Ada") async throws -> (id: String, token: String) {
        let (id, pin) = try await create(name)
        let token = try await join(pin)
        #expect(try await grantDevices(token).status == 200)
        #expect(try await acceptLicence(token)["status"] == "Waiting")
        return (id, token)
    }

    func active(_ name: String = "Ada") async throws -> (id: String, token: String) {
        let (id, token) = try await waiting(name)
        #expect(try await post("/api/v1/sessions/\(id)/start", "{}")["status"] == "Active")
        return (id, token)
    }
}

extension SessionService {
    /// One for servers that nobody calls.
    static func idle() -> SessionService {
        let store = MemorySessionStore()
        let now = { @Sendable in WallTime(milliseconds: 0) }
        // No time passes.
        let waiting = WaitingClock(milliseconds: { 0 }, pause: { _ in })
        return SessionService(
            store: store, media: AnsweringMediaGateway(),
            accounts: AccountService(store: store, now: now, waiting: waiting), now: now, waiting: waiting)
    }
}
