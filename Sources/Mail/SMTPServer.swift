/// The mail server that messages are handed to (RFC 5321).
public struct SMTPServer: Sendable, Hashable, CustomStringConvertible {
    /// How the connection is protected.
    public enum Protection: String, Sendable, CaseIterable {
        /// Over plain SMTP, made safe by STARTTLS before anything else is said (RFC 3207).
        case startTLS = "starttls"
        /// TLS from the first byte (RFC 8314).
        case tls
        /// Not at all; for a server on this machine.
        case none
    }

    public var host: String
    public var port: UInt16
    public var protection: Protection
    public var user: String?
    public var password: String?
    /// A file with the certificates that the server's is checked against; nil for the system's.
    public var certificateAuthority: String?
    /// For the whole of one message, in seconds.
    public var timeoutSeconds = 30

    public init(host: String, port: UInt16? = nil, protection: Protection) {
        self.host = host
        self.port = port ?? (protection == .tls ? 465 : 587)
        self.protection = protection
    }

    public var url: String {
        let host = host.contains(":") ? "[\(host)]" : host
        return "\(protection == .tls ? "smtps" : "smtp")://\(host):\(port)"
    }

    /// Without user and password.
    public var description: String { url }
}

/// Why a message was not taken.
public struct MailError: Error, Sendable, Hashable, CustomStringConvertible {
    /// It will be refused again (RFC 5321 section 4.2.1, 5yz); everything else is worth another try.
    public let isPermanent: Bool
    public let description: String

    public init(isPermanent: Bool, _ description: String) {
        self.isPermanent = isPermanent
        self.description = description
    }
}
