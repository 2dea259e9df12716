import Synchronization

/// The URL that links lead to: the one that was set, else the address that the server listens on.
final class PublicAddress: Sendable {
    private let host: String
    private let configured: String?
    private let scheme: String
    private let boundPort: Mutex<Int>

    init(configured: String?, host: String, port: Int, isEncrypted: Bool = false) {
        scheme = isEncrypted ? "https" : "http"
        self.configured = configured.map { Self.withoutTrailingSlash($0) }
        self.host = host.contains(":") && !host.hasPrefix("[") ? "[\(host)]" : host
        boundPort = Mutex(port)
    }

    /// Without a slash at the end.
    var url: String { configured ?? "\(scheme)://\(host):\(boundPort.withLock { $0 })" }

    /// The port, once it is known; it differs from the one asked for where that was 0.
    func bound(to port: Int) { boundPort.withLock { $0 = port } }

    /// Whether browsers reach the service over TLS, so that cookies may be kept to it.
    var isSecure: Bool { url.hasPrefix("https://") }

    private static func withoutTrailingSlash(_ url: String) -> String {
        var url = url[...]
        while url.last == "/" { url = url.dropLast() }
        return String(url)
    }
}
