/// What the browser or program that claimed a PIN holds from then on (D4): the session's name and a secret. It lives as
/// long as the session.
public struct CustomerToken: Sendable, CustomStringConvertible, CustomDebugStringConvertible {
    public let session: SessionID
    public let secret: TokenSecret

    public init(session: SessionID, secret: TokenSecret) {
        self.session = session
        self.secret = secret
    }

    /// Reads what `text` wrote; nil for anything else.
    public init?(_ text: String) {
        guard let (name, secret) = TokenSecret.read(text), let session = SessionID(name) else { return nil }
        self.init(session: session, secret: secret)
    }

    /// The form for the wire: `session.secret` in hexadecimal. Safe in headers, cookies and URLs.
    public var text: String { secret.text(behind: session.text) }

    /// Hides the secret.
    public var description: String { "CustomerToken(\(session))" }
    public var debugDescription: String { description }
}

/// 256 random bits.
public struct TokenSecret: Sendable, CustomStringConvertible, CustomDebugStringConvertible {
    let bytes: [UInt8]

    public init(using generator: inout some RandomNumberGenerator) {
        bytes = SecretBytes.draw(32, using: &generator)
    }

    init?(_ bytes: [UInt8]) {
        guard bytes.count == 32 else { return nil }
        self.bytes = bytes
    }

    /// `name.secret` in hexadecimal, as tokens have it on the wire.
    func text(behind name: String) -> String { name + "." + Hexadecimal.text(bytes) }

    /// Reads a name of 32 digits and the secret behind it; nil for anything else. The name is not looked at.
    static func read(_ text: some StringProtocol) -> (name: String, secret: TokenSecret)? {
        guard text.utf8.count == 97 else { return nil }
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 2, let first = parts.first, let last = parts.last,
            let secret = Hexadecimal.bytes(last).flatMap({ TokenSecret($0) })
        else { return nil }
        return (String(first), secret)
    }

    public var description: String { "TokenSecret" }
    public var debugDescription: String { "TokenSecret" }
}

/// What a store keeps of a token's secret: its SHA-256, enough to recognise it and of no use to who reads the store. The secret is
/// random, so nothing slower is needed.
public struct TokenProof: Sendable, Hashable, Codable, CustomStringConvertible, CustomDebugStringConvertible {
    private let bytes: [UInt8]

    public init(_ secret: TokenSecret) { bytes = SHA256Digest.of(secret.bytes) }

    /// Compares in constant time.
    public func matches(_ secret: TokenSecret) -> Bool { SecretBytes.areEqual(bytes, SHA256Digest.of(secret.bytes)) }

    public var description: String { "TokenProof" }
    public var debugDescription: String { "TokenProof" }
}
