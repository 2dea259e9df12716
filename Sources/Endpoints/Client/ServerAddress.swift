import FoundationEssentials

/// Where `lens serve` answers: `http://HOST:PORT` or `https://HOST:PORT`, without a path.
public struct ServerAddress: Hashable, Sendable, CustomStringConvertible {
    public let scheme: String
    /// A name or an address; IPv6 without brackets.
    public let host: String
    public let port: Int

    /// - Throws: `LensClientError.invalidServer` for anything that is no such URL.
    public init(_ text: String) throws(LensClientError) {
        guard text.utf8.count <= 2048, let components = URLComponents(string: text),
            let scheme = components.scheme?.lowercased(), scheme == "http" || scheme == "https",
            var host = components.host, !host.isEmpty, components.user == nil
        else { throw .invalidServer(text) }
        if host.hasPrefix("["), host.hasSuffix("]") { host = String(host.dropFirst().dropLast()) }
        let port = components.port ?? (scheme == "https" ? 443 : 80)
        guard (1...65_535).contains(port) else { throw .invalidServer(text) }
        self.scheme = scheme
        self.host = host
        self.port = port
    }

    public var description: String { "\(scheme)://\(host.contains(":") ? "[\(host)]" : host):\(port)" }

    /// The absolute URL of a path, or of a `Location` header as it came: absolute URLs must lead to this same server.
    func url(_ location: String) -> String? {
        if location.hasPrefix("/"), !location.hasPrefix("//") { return description + location }
        guard let there = try? ServerAddress(location), there == self else { return nil }
        return location
    }
}
