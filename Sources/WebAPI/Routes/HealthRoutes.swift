import Hummingbird

/// Liveness and readiness.
struct HealthRoutes {
    let readiness: Readiness

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
    }
}
