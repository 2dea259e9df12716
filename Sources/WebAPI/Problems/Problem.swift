import FoundationEssentials
import HTTPTypes
import Hummingbird
import NIOCore

/// An error answer (RFC 9457).
struct Problem: Error {
    let status: HTTPResponse.Status
    /// A stable word for programs, where a rule names one.
    let code: String?
    /// One plain sentence or two: what is wrong, and the next step.
    let detail: String
    var headers: HTTPFields
    /// The permission that is missing (D7).
    let permission: String?

    init(
        _ status: HTTPResponse.Status, code: String? = nil, detail: String, headers: HTTPFields = [:],
        permission: String? = nil
    ) {
        self.status = status
        self.code = code
        self.detail = detail
        self.headers = headers
        self.permission = permission
    }

    static let unauthenticated = Problem(
        .unauthorized, detail: "Send an API key, or the token from a login or from joining, as Authorization: Bearer.",
        headers: [.wwwAuthenticate: "Bearer realm=\"lens\""])

    /// RFC 6750 §3.1.
    static let unknownToken = Problem(
        .unauthorized,
        detail: "The token is not known, or no longer good. Log in or join again, or use a valid API key.",
        headers: [.wwwAuthenticate: "Bearer realm=\"lens\", error=\"invalid_token\""])

    static let noSuchPage = Problem(.notFound, detail: "Nothing is served at this path.")

    static func tooLarge(limit: Int) -> Problem {
        Problem(.contentTooLarge, detail: "The body may have at most \(limit) bytes.")
    }

    static func methodNotAllowed(_ allowed: String) -> Problem {
        Problem(
            .methodNotAllowed, detail: "This path takes \(allowed) only.", headers: [.allow: allowed])
    }

    /// The answer, as `application/problem+json`.
    func response() -> Response {
        let (head, body) = parts()
        return Response(status: head.status, headers: head.headerFields, body: .init(byteBuffer: body))
    }

    /// Head and body of the answer.
    func parts() -> (HTTPResponse, ByteBuffer) {
        struct Body: Encodable {
            let type: String
            let title: String
            let status: Int
            let detail: String
            let code: String?
            let permission: String?
        }
        let body = JSONAnswer.bytes(
            Body(
                type: "about:blank", title: status.reasonPhrase, status: status.code, detail: detail, code: code,
                permission: permission))
        var headers = headers
        headers[.contentType] = "application/problem+json"
        headers[.cacheControl] = "no-store"
        headers[.contentLength] = String(body.readableBytes)
        return (HTTPResponse(status: status, headerFields: headers), body)
    }
}

extension HTTPField.Name {
    static let acceptPost = HTTPField.Name("Accept-Post") ?? .accept
    static let link = HTTPField.Name("Link") ?? .accept
    static let acceptPatch = HTTPField.Name("Accept-Patch") ?? .accept
}
