import HTTPTypes
import Hummingbird
import Sessions
import Synchronization

/// The paths that are served and their methods, so that a wrong method is told from a wrong path (RFC 9110 §15.5.6).
final class PathTable: Sendable {
    private struct Entry {
        let parts: [Substring]
        var methods: [String]
    }

    private let entries = Mutex<[Entry]>([])

    func add(_ path: String, _ method: HTTPRequest.Method) {
        let parts = path.split(separator: "/")
        // Whoever takes GET takes HEAD.
        let methods = method == .get ? ["GET", "HEAD"] : [method.rawValue]
        entries.withLock { entries in
            if let index = entries.firstIndex(where: { $0.parts == parts }) {
                entries[index].methods += methods
            } else {
                entries.append(Entry(parts: parts, methods: methods))
            }
        }
    }

    /// The methods of a path for an `Allow` header; nil if nobody serves the path.
    func methods(of path: String) -> String? {
        let parts = path.split(separator: "/")
        return entries.withLock { entries in
            entries.first { entry in
                entry.parts.count == parts.count
                    && zip(entry.parts, parts).allSatisfy { $0.hasPrefix("{") || $0 == $1 }
            }?.methods.joined(separator: ", ")
        }
    }
}

/// Adds routes to the router and to the table of paths.
struct RouteBuilder {
    typealias Handler = @Sendable (Request, LensRequestContext) async throws -> Response

    let router: Router<LensRequestContext>
    let paths: PathTable

    /// - Parameters:
    ///   - path: parameters in braces.
    ///   - ended: what a call for an ended session answers: 409 to a technician, who sees the session; 410 to a
    /// customer     and to media, for whom it is gone.
    func on(
        _ method: HTTPRequest.Method, _ path: String, ended: HTTPResponse.Status = .conflict,
        _ handler: @escaping Handler
    ) {
        paths.add(path, method)
        router.on(RouterPath(path), method: method) { (request, context) async throws -> Response in
            do {
                return try await handler(request, context)
            } catch SessionError.ended {
                throw Problem(SessionError.ended, ended: ended)
            }
        }
    }
}
