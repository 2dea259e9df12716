import Foundation
import Mail
import Sessions

/// The mail server's settings as text.
struct MailValues {
    var smtp: String?
    var user: String?
    var password: String?
    var certificateAuthority: String?
    var from: String?
    var fromName: String?
}

extension MailSettings {
    /// - Returns: nil without a mail server.
    init?(_ values: MailValues) throws {
        guard let url = values.smtp else {
            if values.from != nil || values.user != nil {
                throw SettingsError(description: "there are mail settings and no mail server; add --smtp")
            }
            return nil
        }
        var server = try Self.server(url)
        server.user = values.user
        server.password = values.password
        server.certificateAuthority = values.certificateAuthority
        if server.protection == .none, server.password != nil {
            throw SettingsError(description: "a password would go unprotected to \(server); use smtp:// or smtps://")
        }
        guard let from = values.from.flatMap({ EmailAddress($0) }) else {
            throw SettingsError(description: "--mail-from must be the sender's address, such as support@example.org")
        }
        self.init(server: server, from: from)
        if let name = values.fromName { fromName = name }
    }

    private static func server(_ text: String) throws -> SMTPServer {
        let protections: [String: SMTPServer.Protection] = ["smtp": .startTLS, "smtps": .tls, "smtp-plain": .none]
        guard let url = URLComponents(string: text), let protection = url.scheme.flatMap({ protections[$0] }),
            let host = url.host, !host.isEmpty, url.user == nil, ["", "/"].contains(url.path)
        else {
            throw SettingsError(
                description:
                    "--smtp \(text): write smtp://HOST:PORT (STARTTLS), smtps://HOST:PORT, or smtp-plain://localhost:25"
            )
        }
        let port = try url.port.map { number in
            guard let port = UInt16(exactly: number) else {
                throw SettingsError(description: "--smtp \(text): port \(number) does not exist")
            }
            return port
        }
        return SMTPServer(host: host, port: port, protection: protection)
    }
}

extension WebhookSettings {
    /// - Returns: nil without a webhook.
    init?(url: String?, secret: String?) throws {
        guard let url else { return nil }
        guard let parsed = URL(string: url), ["http", "https"].contains(parsed.scheme), parsed.host != nil else {
            throw SettingsError(description: "--webhook \(url) is not an http or https URL")
        }
        guard let secret = secret.flatMap({ WebhookSecret($0) }) else {
            throw SettingsError(
                description:
                    "--webhook needs a secret of 16 characters or more to sign with; set LENS_WEBHOOK_SECRET or webhook-secret in the file"
            )
        }
        self.init(url: url, secret: secret)
    }
}
