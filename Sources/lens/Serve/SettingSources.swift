import Foundation
import MediaCore
import MediaIO
import MediaWire
import Sessions
import WebAPI
import Yams

/// Where a setting may come from beside its flag.
struct SettingSources {
    var environment: [String: String]
    /// Key → values, as the file has them.
    var file: [String: [String]]

    /// A single value; a flag wins over the environment, and that over the file.
    func one(_ name: String, _ flag: String?) -> String? {
        flag ?? environment[Self.variable(name)] ?? file[name]?.last
    }

    /// All values of the first source that has any; the environment separates them by commas.
    func many(_ name: String, _ flags: [String]) -> [String] {
        if !flags.isEmpty { return flags }
        if let text = environment[Self.variable(name)] {
            return text.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) }
        }
        return file[name] ?? []
    }

    private static func variable(_ name: String) -> String {
        "LENS_" + name.uppercased().replacingOccurrences(of: "-", with: "_")
    }
}

/// The settings file: a YAML mapping from flag names to scalars or lists of scalars.
enum SettingsFile {
    static let keys: Set<String> = [
        "http", "media-address", "media-port", "media-tcp-port", "shards", "data", "api-key", "public-url",
        "sdes-peers",
        "ice-server", "srtp-backend", "udp-offload", "retransmission-memory", "dev", "log-level", "audit-heads",
        "smtp", "smtp-user", "smtp-password", "smtp-ca", "mail-from", "mail-from-name", "language", "webhook",
        "webhook-secret",
        "tls-certificate", "tls-key", "trusted-proxy", "rate-limit",
    ]
    /// Bytes of a settings file at most.
    private static let sizeLimit = 1 << 20

    static func read(_ path: String) throws -> [String: [String]] {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw SettingsError(description: "cannot read the settings file \(path); check --config")
        }
        guard data.count <= sizeLimit, let text = String(data: data, encoding: .utf8) else {
            throw SettingsError(description: "\(path) is not a settings file: over 1 MiB, or not UTF-8")
        }
        return try parse(text, path: path)
    }

    static func parse(_ text: String, path: String) throws -> [String: [String]] {
        let node: Node?
        do {
            node = try Yams.compose(yaml: text)
        } catch {
            throw SettingsError(description: "\(path) is not YAML: \(error)")
        }
        guard let node else { return [:] }
        guard let mapping = node.mapping else {
            throw SettingsError(description: "\(path): the top must be a mapping, such as `http: 127.0.0.1:8080`")
        }
        var values: [String: [String]] = [:]
        for (key, value) in mapping {
            guard let name = key.string, keys.contains(name) else {
                let known = keys.sorted().joined(separator: ", ")
                throw SettingsError(description: "\(path): unknown setting \(key.string ?? "?"); known are \(known)")
            }
            if let scalar = value.scalar?.string {
                values[name] = [scalar]
            } else if let list = value.sequence?.map({ $0.scalar?.string }), !list.contains(nil) {
                values[name] = list.compactMap { $0 }
            } else {
                throw SettingsError(description: "\(path): \(name) must be a value or a list of values")
            }
        }
        return values
    }
}

/// The settings as text, from whichever source.
struct SettingValues {
    var http: String?
    var mediaAddresses: [String] = []
    var mediaPort: String?
    var mediaTCPPort: String?
    var shards: String?
    var data: String?
    var auditHeads: String?
    var apiKey: String?
    var publicURL: String?
    var sdesPeers: [String] = []
    var iceServers: [String] = []
    var tlsCertificate: String?
    var tlsKey: String?
    var trustedProxies: [String] = []
    var rateLimit: String?
    var mail = MailValues()
    var language: String?
    var webhook: String?
    var webhookSecret: String?
    var srtpBackend: String?
    var udpOffload: String?
    var retransmissionMemory: String?
    var dev: String?
    var logLevel: String?
}

extension ServeSettings {
    /// Reads each value; the first bad one is named with what would do.
    init(_ values: SettingValues) throws {
        self.init()
        shards = ProcessInfo.processInfo.activeProcessorCount
        if let http = values.http { (httpHost, httpPort) = try Self.hostAndPort(http) }
        mediaAddresses = try values.mediaAddresses.map { text in
            guard let address = IPAddress(text), !address.isUnspecified else {
                throw SettingsError(
                    description: "--media-address \(text) is not an IP address that peers could send to")
            }
            return address
        }
        if let text = values.mediaPort {
            guard let port = UInt16(text) else {
                throw SettingsError(
                    description: "--media-port \(text) is not a port; choose 1 to 65535, or 0 for free ones")
            }
            mediaPort = port
        }
        if let text = values.mediaTCPPort {
            guard let setting = text == "off" ? .off : UInt16(text).map(MediaTCP.port) else {
                throw SettingsError(
                    description: "--media-tcp-port \(text) is not a port; choose 1 to 65535, 0 for free ones, or off")
            }
            mediaTCP = setting
        }
        if let text = values.shards {
            guard let count = Int(text), (1...256).contains(count) else {
                throw SettingsError(description: "--shards \(text) is not a number of threads; choose 1 to 256")
            }
            shards = count
        }
        if let path = values.data {
            guard !path.isEmpty else { throw SettingsError(description: "--data is empty; give a directory") }
            data = path
        }
        if let path = values.auditHeads {
            guard data != nil else {
                throw SettingsError(description: "--audit-heads needs a log that is kept; add --data")
            }
            auditHeads = path
        }
        apiKey = values.apiKey
        if let key = apiKey, key.isEmpty { throw SettingsError(description: "the API key is empty; give another") }
        if let url = values.publicURL {
            guard let parsed = URL(string: url), ["http", "https"].contains(parsed.scheme), parsed.host != nil else {
                throw SettingsError(description: "--public-url \(url) is not an http or https URL")
            }
            publicURL = url
        }
        sdesPeers = try values.sdesPeers.map { text in
            guard let network = IPNetwork(text) else {
                throw SettingsError(description: "--sdes-peers \(text) is not a network such as 192.0.2.0/24")
            }
            return network
        }
        iceServers = try values.iceServers.map { text in
            guard let server = ICEServer(text) else {
                throw SettingsError(
                    description:
                        "--ice-server: write stun:HOST, or \"turn:HOST USERNAME CREDENTIAL\" in one value")
            }
            return server
        }
        (tlsCertificate, tlsKey) = (values.tlsCertificate, values.tlsKey)
        guard (tlsCertificate == nil) == (tlsKey == nil) else {
            throw SettingsError(description: "TLS needs both --tls-certificate and --tls-key")
        }
        trustedProxies = try values.trustedProxies.map { text in
            guard let network = IPNetwork(text) else {
                throw SettingsError(description: "--trusted-proxy \(text) is not a network such as 192.0.2.0/24")
            }
            return network
        }
        if let text = values.rateLimit {
            guard let rate = Int(text), (0...1_000_000).contains(rate) else {
                throw SettingsError(
                    description:
                        "--rate-limit \(text) is not a number of calls a second; choose 1 to 1000000, or 0 for none")
            }
            callsPerSecond = rate == 0 ? nil : rate
        }
        mail = try MailSettings(values.mail)
        webhook = try WebhookSettings(url: values.webhook, secret: values.webhookSecret)
        if let text = values.language {
            guard let known = InviteLanguage(rawValue: text) else {
                throw SettingsError(description: "--language \(text) is not known; choose en or de")
            }
            language = known
        }
        if let name = values.srtpBackend {
            guard let backend = SRTPBackend(rawValue: name), backend.isAvailable else {
                let known = SRTPBackend.allCases.filter(\.isAvailable).map(\.rawValue).joined(separator: ", ")
                throw SettingsError(
                    description: "--srtp-backend \(name) is not on this machine; choose one of \(known)")
            }
            srtpBackend = backend
        }
        if let name = values.udpOffload {
            guard let offload = UDPOffload(rawValue: name) else {
                throw SettingsError(description: "--udp-offload \(name) is not known; choose none, send or full")
            }
            udpOffload = offload
        }
        if let text = values.retransmissionMemory {
            guard let size = Int(text), (1...4_000).contains(size) else {
                throw SettingsError(
                    description: "--retransmission-memory \(text) is not a number of MiB; choose 1 to 4000")
            }
            retransmissionMemory = size
        }
        if let text = values.dev {
            guard let flag = ["true": true, "1": true, "false": false, "0": false][text] else {
                throw SettingsError(description: "dev is \(text), which is neither true nor false")
            }
            servesDevPages = flag
        }
        if let level = values.logLevel { logLevel = level }
        guard isKnownLogLevel(logLevel) else {
            throw SettingsError(description: "--log-level \(logLevel) is not a level; choose trace to critical")
        }
    }

    /// `host:port` or `[v6]:port`.
    private static func hostAndPort(_ text: String) throws -> (String, Int) {
        guard let colon = text.lastIndex(of: ":"), let port = UInt16(text[text.index(after: colon)...]) else {
            throw SettingsError(description: "--http \(text) is not host:port, such as 127.0.0.1:8080")
        }
        var host = String(text[..<colon])
        if host.hasPrefix("["), host.hasSuffix("]") { host = String(host.dropFirst().dropLast()) }
        guard !host.isEmpty else {
            throw SettingsError(description: "--http \(text) has no host; write 0.0.0.0\(text) for every address")
        }
        return (host, Int(port))
    }

    /// The settings as a file that `--config` takes. The API key is not shown.
    var yaml: String {
        var lines = [
            "http: \(httpHost.contains(":") ? "\"[\(httpHost)]:\(httpPort)\"" : "\(httpHost):\(httpPort)")",
            "media-address: [\(announcedAddresses.map { "\"\($0)\"" }.joined(separator: ", "))]",
            "media-port: \(mediaPort)",
            "media-tcp-port: \(firstStreamPort.map { String($0) } ?? "off")",
            "shards: \(shards)",
            data.map { "data: \"\($0)\"" } ?? "# data: in memory",
            auditHeads.map { "audit-heads: \"\($0)\"" } ?? "# audit-heads: in the data directory",
            apiKey == nil ? "# api-key: made for each run" : "# api-key: set",
        ]
        if let publicURL { lines.append("public-url: \"\(publicURL)\"") }
        lines.append("sdes-peers: [\(sdesPeers.map { "\"\($0)\"" }.joined(separator: ", "))]")
        // Credentials are not shown.
        if !iceServers.isEmpty { lines.append("# ice-server: \(iceServers.map(\.url).joined(separator: ", "))") }
        if let tlsCertificate, let tlsKey {
            lines += ["tls-certificate: \"\(tlsCertificate)\"", "tls-key: \"\(tlsKey)\""]
        }
        if !trustedProxies.isEmpty {
            lines.append("trusted-proxy: [\(trustedProxies.map { "\"\($0)\"" }.joined(separator: ", "))]")
        }
        lines.append("rate-limit: \(callsPerSecond ?? 0)")
        if let mail {
            lines += ["smtp: \(mail.server)", "mail-from: \(mail.from)", "mail-from-name: \"\(mail.fromName)\""]
        }
        if let webhook { lines.append("webhook: \"\(webhook.url)\"") }
        lines.append("language: \(language.rawValue)")
        lines.append("srtp-backend: \(srtpBackend)")
        lines.append("udp-offload: \(udpOffload)")
        lines.append("retransmission-memory: \(retransmissionMemory)")
        lines.append("dev: \(servesDevPages)")
        lines.append("log-level: \(logLevel)")
        return lines.joined(separator: "\n") + "\n"
    }
}
