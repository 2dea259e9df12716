/// A key of an automation as it is kept: enough to recognise it, of no use to who reads it.
public struct StoredAPIKey: Sendable, Hashable, Codable {
    /// What the audit log and sessions show.
    public let name: APIKeyName
    public let proof: TokenProof
    public let createdAt: WallTime

    public init(name: APIKeyName, secret: TokenSecret, createdAt: WallTime) {
        self.name = name
        proof = TokenProof(secret)
        self.createdAt = createdAt
    }
}

/// Names an API key.
public struct APIKeyName: Hashable, Sendable, Codable, CustomStringConvertible {
    public let text: String

    /// The key that the configuration gives has this name.
    public static let configured = "api-key"

    /// - Returns: nil unless `text` is 1 to 64 letters, digits or any of `-_.`, and not the configured key's name.
    public init?(_ text: String) {
        guard Identifier.isValid(text, marks: "-_."), text != Self.configured else { return nil }
        self.text = text
    }

    public var description: String { text }
}

/// What an automation sends: `lens_` and 64 hexadecimal digits, so that it is found where it should not be.
public struct APIKeyText: Sendable, CustomStringConvertible, CustomDebugStringConvertible {
    public let secret: TokenSecret

    public init(secret: TokenSecret) { self.secret = secret }

    /// Reads what `text` wrote; nil for anything else.
    public init?(_ text: String) {
        guard text.hasPrefix(Self.prefix), let bytes = Hexadecimal.bytes(text.dropFirst(Self.prefix.count)),
            let secret = TokenSecret(bytes)
        else { return nil }
        self.secret = secret
    }

    private static let prefix = "lens_"

    public var text: String { Self.prefix + Hexadecimal.text(secret.bytes) }

    /// Hides the secret.
    public var description: String { "APIKeyText" }
    public var debugDescription: String { description }
}
