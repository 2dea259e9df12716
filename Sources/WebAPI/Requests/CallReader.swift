import FoundationEssentials
import HTTPTypes
import Hummingbird
import NIOCore
import Sessions

/// Reads what callers send: who they are, JSON, SDP, path and query values. Every fault is a `Problem`.
struct CallReader: Sendable {
    let sessions: SessionService
    let apiKeys: [APIKey]
    let jsonLimit: Int
    let sdpLimit: Int

    /// The cookie that joining sets.
    static let customerCookie = "lens_customer"
    /// The cookie that a login sets.
    static let consoleCookie = "lens_console"

    /// Who calls. A bearer token counts before cookies; of those the one of the side that the path belongs to.
    /// - Parameter withOneTimePassword: takes also technicians who still have to choose a password.
    /// - Throws: 401, 403.
    func principal(of request: Request, withOneTimePassword: Bool = false) async throws -> Principal {
        guard let presented = Self.credential(of: request) else { throw Problem.unauthenticated }
        if let key = apiKey(presented) { return .apiKey(key.name) }
        if let token = CustomerToken(presented), let principal = try await sessions.principal(presenting: token) {
            return principal
        }
        if let token = LoginToken(presented),
            let principal = try await sessions.accounts.principal(
                presenting: token, withOneTimePassword: withOneTimePassword)
        {
            return principal
        }
        if let key = APIKeyText(presented), let principal = try await sessions.accounts.principal(presenting: key) {
            return principal
        }
        throw Problem.unknownToken
    }

    /// The token of a customer who comes back; nil without one.
    func customerToken(of request: Request) -> CustomerToken? {
        Self.credential(of: request).flatMap { CustomerToken($0) }
    }

    /// The token of a login; nil without one.
    func loginToken(of request: Request) -> LoginToken? {
        Self.credential(of: request).flatMap { LoginToken($0) }
    }

    /// Decodes a JSON object; no body at all reads as `{}`.
    /// - Throws: 413, 415, 400.
    func json<Body: Decodable>(_ type: Body.Type, from request: Request) async throws -> Body {
        let bytes = try await body(of: request, limit: jsonLimit)
        guard bytes.readableBytes > 0 else { return try Self.decode(type, Data("{}".utf8)) }
        guard Self.mediaType(of: request) == "application/json" else {
            throw Problem(.unsupportedMediaType, detail: "Send the body as Content-Type: application/json.")
        }
        if let name = DuplicateKeys.first(in: bytes.readableBytesView) {
            throw Problem(.badRequest, detail: "The field \"\(name)\" is there twice.")
        }
        return try Self.decode(type, Data(bytes.readableBytesView))
    }

    /// The text of an SDP body.
    /// - Throws: 413, 415, 400.
    func sdp(from request: Request) async throws -> String {
        let text = try await text(.sdp, from: request, refusal: [.acceptPost: MediaType.sdp.rawValue])
        guard !text.isEmpty else { throw Problem(.badRequest, detail: "The offer is empty; send SDP.") }
        return text
    }

    /// The text of a body that changes ICE (RFC 8840).
    /// - Throws: 413, 415, 400.
    func iceFragment(from request: Request) async throws -> String {
        try await text(.iceFragment, from: request, refusal: [.acceptPatch: MediaType.iceFragment.rawValue])
    }

    /// The bytes of a picture.
    /// - Throws: 413, 415, 400.
    func photo(from request: Request) async throws -> [UInt8] {
        guard let type = Self.mediaType(of: request), PhotoFormat(rawValue: type) != nil else {
            let types = PhotoFormat.allCases.map(\.rawValue).joined(separator: ", ")
            throw Problem(
                .unsupportedMediaType, detail: "Send a picture, as Content-Type: \(types).",
                headers: [.acceptPost: types])
        }
        let bytes = try await body(of: request, limit: Photo.sizeLimit)
        return Array(bytes.readableBytesView)
    }

    /// What `If-Match` asks for. Weak tags never match (RFC 9110 section 13.1.1), so they are left out.
    /// - Throws: 400.
    func condition(of request: Request) throws -> EntityTagCondition {
        let values = request.headers[values: .ifMatch]
        guard !values.isEmpty else { return .absent }
        var tags: [String] = []
        for member in values.flatMap({ $0.split(separator: ",") }) {
            let word = member.split(separator: " ").first ?? ""
            if word == "*" { return .any }
            guard word.count >= 2, word.last == "\"" else {
                throw Problem(.badRequest, detail: "If-Match holds entity tags in quotes, or *.")
            }
            if word.first == "\"" { tags.append(String(word.dropFirst().dropLast())) }
        }
        return .oneOf(tags)
    }

    /// Bodies of text that the media side reads.
    enum MediaType: String {
        case sdp = "application/sdp"
        case iceFragment = "application/trickle-ice-sdpfrag"
    }

    private func text(_ type: MediaType, from request: Request, refusal: HTTPFields) async throws -> String {
        guard Self.mediaType(of: request) == type.rawValue else {
            throw Problem(
                .unsupportedMediaType, detail: "Send the body as Content-Type: \(type.rawValue).", headers: refusal)
        }
        let bytes = try await body(of: request, limit: sdpLimit)
        guard let text = String(validating: bytes.readableBytesView, as: UTF8.self) else {
            throw Problem(.badRequest, detail: "The body is not UTF-8 text.")
        }
        return text
    }

    /// The session that the path names.
    /// - Throws: 404.
    func session(in context: LensRequestContext) throws -> SessionID {
        guard let text = context.parameters.get("session"), let id = SessionID(text) else {
            throw Problem(SessionError.notFound)
        }
        return id
    }

    /// Reads at most `limit` bytes; a longer body is refused by its announced length or as soon as it runs over.
    private func body(of request: Request, limit: Int) async throws -> ByteBuffer {
        if let announced = request.headers[.contentLength].flatMap({ Int($0) }), announced > limit {
            throw Problem.tooLarge(limit: limit)
        }
        do {
            return try await request.body.collect(upTo: limit)
        } catch is NIOTooManyBytesError {
            throw Problem.tooLarge(limit: limit)
        } catch is CancellationError {
            throw CancellationError()
        } catch {
            throw Problem(.badRequest, detail: "The body broke off.")
        }
    }

    private static func decode<Body: Decodable>(_ type: Body.Type, _ data: Data) throws -> Body {
        do {
            return try JSONDecoder().decode(type, from: data)
        } catch let error as DecodingError {
            throw Problem(.badRequest, detail: explain(error))
        }
    }

    private static func explain(_ error: DecodingError) -> String {
        func name(_ path: [any CodingKey], _ last: (any CodingKey)? = nil) -> String {
            (path + (last.map { [$0] } ?? [])).map(\.stringValue).joined(separator: ".")
        }
        switch error {
        case .keyNotFound(let key, let context): return "The field \"\(name(context.codingPath, key))\" is missing."
        case .typeMismatch(_, let context) where context.codingPath.isEmpty,
            .valueNotFound(_, let context) where context.codingPath.isEmpty:
            return "The body must be a JSON object."
        case .typeMismatch(_, let context), .valueNotFound(_, let context):
            return "The field \"\(name(context.codingPath))\" has the wrong type."
        case .dataCorrupted(let context) where !context.codingPath.isEmpty:
            return "The field \"\(name(context.codingPath))\" has a value that is not known."
        default: return "The body is not valid JSON."
        }
    }

    /// Looks at every key, so that the time says nothing about which one came close.
    private func apiKey(_ presented: String) -> APIKey? {
        var found: APIKey?
        for key in apiKeys where key.matches(presented) { found = key }
        return found
    }

    /// The bearer token, else a cookie; an empty one is none (RFC 6750 §2.1).
    private static func credential(of request: Request) -> String? {
        if let header = request.headers[.authorization] {
            let parts = header.split(separator: " ", maxSplits: 1, omittingEmptySubsequences: true)
            if let scheme = parts.first, scheme.lowercased() == "bearer", parts.count == 2, let token = parts.last {
                return String(token)
            }
        }
        let path = request.uri.path
        let isCustomers = path == "/api/v1/join" || path.hasPrefix("/api/v1/customer/")
        // One browser may hold both, where somebody tries the product out.
        let names = isCustomers ? [customerCookie, consoleCookie] : [consoleCookie, customerCookie]
        return names.lazy.compactMap { request.cookies[$0]?.value }.first { !$0.isEmpty }
    }

    private static func mediaType(of request: Request) -> String? {
        request.headers[.contentType]?.split(separator: ";").first.map {
            String($0).trimmingPrefix { $0 == " " }.split(separator: " ").first.map { $0.lowercased() } ?? ""
        }
    }
}
