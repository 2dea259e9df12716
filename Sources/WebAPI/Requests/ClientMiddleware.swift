import HTTPTypes
import Hummingbird
import HummingbirdCore
import Sessions

/// Finds out where a request came from: from the connection, or where that is a trusted proxy's, from what the proxy says.
struct ClientMiddleware: RouterMiddleware {
    typealias Context = LensRequestContext

    /// The server itself speaks TLS.
    let isEncrypted: Bool
    /// Whether an address is that of a proxy of the operator's own.
    let isTrusted: @Sendable (String) -> Bool

    func handle(
        _ request: Request, context: LensRequestContext,
        next: @concurrent (Request, LensRequestContext) async throws -> Response
    ) async throws -> Response {
        var context = context
        context.client = client(of: request.headers, behind: context.client.address)
        return try await next(request, context)
    }

    /// - Parameter peer: the address at the other end of the connection.
    func client(of headers: HTTPFields, behind peer: String) -> ClientConnection {
        let direct = ClientConnection(ipAddress: peer, isEncrypted: isEncrypted)
        guard isTrusted(peer) else { return direct }
        // The nearest proxy adds at the end; whatever stands before the first address that is not ours, anybody may have written.
        let hops = headers[values: .forwardedFor].flatMap { $0.split(separator: ",") }.map { hop in
            Self.withoutPort(hop.drop { $0 == " " }.prefix { $0 != " " })
        }
        guard let address = hops.last(where: { !isTrusted($0) }), ClientNetwork.isAddress(address) else {
            return direct
        }
        let scheme = headers[values: .forwardedProto].last?.lowercased()
        return ClientConnection(forwarded: address, isEncrypted: scheme == "https")
    }

    /// Some proxies write `192.0.2.1:4711` and `[2001:db8::1]:4711`.
    private static func withoutPort(_ hop: Substring) -> String {
        if hop.hasPrefix("[") { return String(hop.dropFirst().prefix { $0 != "]" }) }
        let parts = hop.split(separator: ":", omittingEmptySubsequences: false)
        return String(parts.count == 2 ? parts[0] : hop)
    }
}

extension HTTPField.Name {
    static let forwardedFor = HTTPField.Name("X-Forwarded-For") ?? .accept
    static let forwardedProto = HTTPField.Name("X-Forwarded-Proto") ?? .accept
}
