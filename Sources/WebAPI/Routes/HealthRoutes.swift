import HTTPTypes
import Hummingbird
import NIOCore

/// Liveness, readiness and figures.
struct HealthRoutes {
    let readiness: Readiness
    let metrics: (@Sendable () async -> String)?

    private struct Health: Encodable {
        let status: String
    }

    func add(to routes: RouteBuilder) {
        routes.on(.get, "/healthz") { _, _ in JSONAnswer.response(Health(status: "ok")) }
        routes.on(.get, "/readyz") { [readiness] _, _ in
            if readiness.isDraining {
                throw Problem(
                    .serviceUnavailable, code: "DRAINING", detail: "The server is shutting down. Use another.")
            }
            return JSONAnswer.response(Health(status: "ready"))
        }
        if let metrics {
            routes.on(.get, "/metrics") { _, _ in
                Response(
                    status: .ok,
                    headers: [.contentType: "text/plain; version=0.0.4; charset=utf-8", .cacheControl: "no-store"],
                    body: .init(byteBuffer: ByteBuffer(string: await metrics())))
            }
        }
    }
}
