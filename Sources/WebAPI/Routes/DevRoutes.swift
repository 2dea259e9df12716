import HTTPTypes
import Hummingbird
import NIOCore

/// Two pages for trying a browser against the relay, served only when asked for: publish and play.
struct DevRoutes {
    /// Only our own files, and no script or style in the page itself.
    private static let policy =
        "default-src 'self'; media-src 'self' blob: mediastream:; object-src 'none'; base-uri 'none'; frame-ancestors 'none'"

    func add(to routes: RouteBuilder) {
        let files: [(path: String, type: String, bytes: [UInt8])] = [
            ("/dev", "text/html", PackageResources.dev_index_html),
            ("/dev/publish", "text/html", PackageResources.dev_publish_html),
            ("/dev/play", "text/html", PackageResources.dev_play_html),
            ("/dev/dev.css", "text/css", PackageResources.dev_css),
            ("/dev/dev-page.js", "text/javascript", PackageResources.dev_page_js),
            ("/dev/publish.js", "text/javascript", PackageResources.dev_publish_js),
            ("/dev/play.js", "text/javascript", PackageResources.dev_play_js),
            ("/dev/media-client.js", "text/javascript", PackageResources.media_client_js),
            ("/dev/figures.js", "text/javascript", PackageResources.figures_js),
        ]
        for file in files {
            let body = ByteBuffer(bytes: file.bytes)
            let headers: HTTPFields = [
                .contentType: "\(file.type); charset=utf-8", .cacheControl: "no-cache",
                .contentSecurityPolicy: Self.policy, .xContentTypeOptions: "nosniff",
            ]
            routes.on(.get, file.path) { _, _ in
                Response(status: .ok, headers: headers, body: .init(byteBuffer: body))
            }
        }
    }
}
