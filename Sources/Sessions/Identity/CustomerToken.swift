/// What the browser or program that claimed a PIN holds from then on (D4): the session's name and 256 secret bits. It
/// lives as long as the session.
public struct CustomerToken: Sendable, CustomStringConvertible, CustomDebugStringConvertible {
    public let session: SessionID
    let secret: [UInt8]

    /// A new token for a session.
    public init(for session: SessionID, using generator: inout some RandomNumberGenerator) {
        self.session = session
        secret = SecretBytes.draw(32, using: &generator)
    }

    /// Reads what `text` wrote; nil for anything else.
    public init?(_ text: String) {
        guard text.utf8.count == 97 else { return nil }
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 2, let first = parts.first, let last = parts.last, let session = SessionID(first),
            let secret = Hexadecimal.bytes(last), secret.count == 32
        else { return nil }
        self.session = session
        self.secret = secret
    }

    /// The form for the wire: `session.secret` in hexadecimal. Safe in headers, cookies and URLs.
    public var text: String { session.text + "." + Hexadecimal.text(secret) }

    /// Hides the secret.
    public var description: String { "CustomerToken(\(session))" }
    public var debugDescription: String { description }
}

/// What a store keeps of a customer's token: enough to recognise it. The only place that knows how it is kept.
public struct TokenProof: Sendable, Hashable, CustomStringConvertible, CustomDebugStringConvertible {
    private let bytes: [UInt8]

    public init(_ token: CustomerToken) { bytes = token.secret }

    /// Compares in constant time.
    public func matches(_ token: CustomerToken) -> Bool { SecretBytes.areEqual(bytes, token.secret) }

    public var description: String { "TokenProof" }
    public var debugDescription: String { description }
}
