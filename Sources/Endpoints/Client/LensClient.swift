import AsyncHTTPClient
import FoundationEssentials
import NIOCore
import NIOHTTP1

/// The session service's HTTP calls, as one identity: an API key, a technician's token or a customer's token.
///
/// No call is repeated by itself. Every failure is a `LensClientError`; a cancelled task throws `CancellationError`.
public struct LensClient: Sendable {
    public let server: ServerAddress
    /// Sent as a bearer token; nil before joining.
    public var token: String?
    public var timeoutSeconds = 10

    /// Longest answer that is read.
    private static let bodyLimit = 1 << 20

    /// One pool of connections for the process; it lives as long as the process does.
    private static let http: HTTPClient = {
        var configuration = HTTPClient.Configuration(redirectConfiguration: .disallow)
        configuration.timeout.connect = .seconds(5)
        // Otherwise a refused connection is tried again until the time is over.
        configuration.connectionPool.retryConnectionEstablishment = false
        return HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    }()

    public init(server: ServerAddress, token: String? = nil) {
        self.server = server
        self.token = token
    }

    // MARK: Technician

    /// Logs a technician in. The client returned speaks as that technician.
    public func login(email: String, password: String) async throws -> LensClient {
        struct LoggedIn: Decodable { var token: String }
        let login: LoggedIn = try await call(
            "logging in", .POST, "/api/v1/login", json: ["email": email, "password": password])
        return LensClient(server: server, token: login.token)
    }

    public func logout() async throws { try await perform("logging out", .POST, "/api/v1/logout", json: Empty()) }

    public func createSession(name: String, method: String = "pin") async throws -> SessionInfo {
        let body = ["type": "lens", "name": name, "method": method]
        return try await call("creating a session", .POST, "/api/v1/sessions", json: body)
    }

    public func session(_ id: String) async throws -> SessionInfo {
        try await call("reading the session", .GET, "/api/v1/sessions/\(try segment(id))")
    }

    /// Sessions of one status, newest or oldest first as the server lists them; the first page.
    public func sessions(status: String) async throws -> [SessionInfo] {
        struct Page: Decodable { var sessions: [SessionInfo] }
        let page: Page = try await call("listing sessions", .GET, "/api/v1/sessions?status=\(try segment(status))")
        return page.sessions
    }

    @discardableResult
    public func start(_ id: String) async throws -> SessionInfo {
        try await call("starting the session", .POST, "/api/v1/sessions/\(try segment(id))/start", json: Empty())
    }

    @discardableResult
    public func end(_ id: String) async throws -> SessionInfo {
        try await call("ending the session", .POST, "/api/v1/sessions/\(try segment(id))/end", json: Empty())
    }

    // MARK: Customer

    /// Claims a PIN. The client returned speaks as that customer.
    public func join(pin: String) async throws -> (Joined, LensClient) {
        let joined: Joined = try await call("joining", .POST, "/api/v1/join", json: ["pin": pin])
        return (joined, LensClient(server: server, token: joined.token))
    }

    public func devices(camera: Bool, microphone: Bool) async throws {
        try await perform(
            "reporting the devices", .POST, "/api/v1/customer/devices",
            json: ["camera": camera, "microphone": microphone])
    }

    public func acceptEULA(version: String) async throws {
        struct Body: Encodable {
            var version: String
            var accepted = true
        }
        try await perform("accepting the licence", .POST, "/api/v1/customer/eula", json: Body(version: version))
    }

    /// The customer leaves; the session ends.
    public func leave() async throws { try await perform("leaving", .POST, "/api/v1/customer/leave", json: Empty()) }

    // MARK: Media

    /// Publishes (RFC 9725).
    public func whip(_ session: String, offer: String) async throws -> MediaResource {
        try await media("publishing", "/whip/\(try segment(session))", offer)
    }

    /// Plays (draft-ietf-wish-whep).
    public func whep(_ session: String, offer: String) async throws -> MediaResource {
        try await media("playing", "/whep/\(try segment(session))", offer)
    }

    public func delete(_ resource: MediaResource) async throws {
        _ = try await send("closing media", .DELETE, resource.url, body: nil)
    }

    /// Whether the server answers at all, and says it is alive.
    public func isAlive() async -> Bool {
        (try? await send("asking for health", .GET, server.description + "/healthz", body: nil)) != nil
    }

    private func media(_ name: String, _ path: String, _ offer: String) async throws -> MediaResource {
        let response = try await send(
            name, .POST, server.description + path, body: ("application/sdp", Array(offer.utf8)))
        guard response.status == 201, let location = response.headers.first(name: "Location"),
            let url = server.url(location)
        else { throw LensClientError.unexpected(call: name, reason: "status \(response.status), no usable Location") }
        return MediaResource(
            url: url, entityTag: response.headers.first(name: "ETag"),
            answer: String(decoding: response.body.readableBytesView, as: UTF8.self))
    }
}

// MARK: One request

extension LensClient {
    private struct Response {
        var status: Int
        var headers: HTTPHeaders
        var body: ByteBuffer
    }

    private func call<Value: Decodable>(_ name: String, _ method: HTTPMethod, _ path: String) async throws -> Value {
        try decode(name, try await send(name, method, server.description + path, body: nil))
    }

    private func call<Value: Decodable>(
        _ name: String, _ method: HTTPMethod, _ path: String, json: some Encodable
    ) async throws -> Value {
        try decode(name, try await perform(name, method, path, json: json))
    }

    @discardableResult
    private func perform(
        _ name: String, _ method: HTTPMethod, _ path: String, json: some Encodable
    ) async throws -> Response {
        let body = try Array(JSONEncoder().encode(json))
        return try await send(name, method, server.description + path, body: ("application/json", body))
    }

    private func decode<Value: Decodable>(_ name: String, _ response: Response) throws -> Value {
        do {
            return try JSONDecoder().decode(Value.self, from: Data(response.body.readableBytesView))
        } catch {
            throw LensClientError.unexpected(
                call: name, reason: "status \(response.status), not the JSON of the contract")
        }
    }

    private func send(
        _ name: String, _ method: HTTPMethod, _ url: String, body: (type: String, bytes: [UInt8])?
    ) async throws -> Response {
        var request = HTTPClientRequest(url: url)
        request.method = method
        if let token { request.headers.add(name: "Authorization", value: "Bearer \(token)") }
        if let body {
            request.headers.add(name: "Content-Type", value: body.type)
            request.body = .bytes(body.bytes)
        }
        do {
            let response = try await Self.http.execute(request, timeout: .seconds(Int64(timeoutSeconds)))
            let content = try await response.body.collect(upTo: Self.bodyLimit)
            let status = Int(response.status.code)
            guard (200..<300).contains(status) else {
                throw LensClientError.refused(call: name, Problem(status: status, headers: response.headers, content))
            }
            return Response(status: status, headers: response.headers, body: content)
        } catch let error as LensClientError {
            throw error
        } catch {
            try Task.checkCancellation()
            throw failure(error, name)
        }
    }

    private func failure(_ error: any Error, _ name: String) -> LensClientError {
        switch error {
        case let error as HTTPClientError where error == .deadlineExceeded || error == .readTimeout:
            .timeout(server: server.description, seconds: timeoutSeconds, call: name)
        case is NIOTooManyBytesError: .unexpected(call: name, reason: "the answer is over \(Self.bodyLimit) bytes")
        case let error as HTTPClientError: .unreachable(server: server.description, reason: error.shortDescription)
        default: .unreachable(server: server.description, reason: Self.reason("\(error)"))
        }
    }

    /// The system's words in an error's text, which names the calls and addresses that failed as well.
    private static func reason(_ text: String) -> String {
        let known = ["Connection refused", "Connection reset", "No route to host", "Network is unreachable"]
        if let words = known.first(where: text.contains) { return words.lowercased() }
        return text.contains("dnsA") ? "the name is not known" : text
    }

    /// A path segment or query value that needs no escaping; ids and statuses of the contract never do.
    private func segment(_ text: String) throws -> String {
        let allowed = text.utf8.allSatisfy { byte in
            (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
                || [UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: ".")].contains(byte)
        }
        guard allowed, !text.isEmpty, text.utf8.count <= 128, !text.hasPrefix(".") else {
            throw LensClientError.refused(
                call: "the call", Problem(status: 404, detail: "\"\(printable(text))\" cannot be a session's id"))
        }
        return text
    }
}

extension Problem {
    /// From an error answer: `application/problem+json` if it is that, else the bare status.
    init(status: Int, headers: HTTPHeaders, _ body: ByteBuffer) {
        struct Fields: Decodable {
            var title: String?
            var detail: String?
            var code: String?
        }
        let fields = try? JSONDecoder().decode(Fields.self, from: Data(body.readableBytesView))
        self.init(
            status: status, code: fields?.code, title: fields?.title, detail: fields?.detail,
            retryAfterSeconds: headers.first(name: "Retry-After").flatMap { Int($0) })
    }
}

/// The body `{}`.
private struct Empty: Encodable {}
