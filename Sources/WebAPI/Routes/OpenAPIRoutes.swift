import HTTPTypes
import Hummingbird
import NIOCore

/// The description of all calls (OpenAPI 3.1).
struct OpenAPIRoutes {
    func add(to routes: RouteBuilder) {
        let body = ByteBuffer(bytes: PackageResources.openapi_yaml)
        // RFC 9512.
        let headers: HTTPFields = [.contentType: "application/yaml", .cacheControl: "no-cache"]
        routes.on(.get, "/openapi.yaml") { _, _ in
            Response(status: .ok, headers: headers, body: .init(byteBuffer: body))
        }
    }
}
