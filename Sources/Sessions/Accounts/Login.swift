/// That a technician has logged in, until it expires or is revoked.
public struct Login: Sendable, Hashable, Codable {
    public let id: LoginID
    public let technician: TechnicianID
    public let proof: TokenProof
    /// Of the account when the login was made.
    public let epoch: Int64
    public let expiresAt: WallTime

    public init(id: LoginID, technician: TechnicianID, proof: TokenProof, epoch: Int64, expiresAt: WallTime) {
        self.id = id
        self.technician = technician
        self.proof = proof
        self.epoch = epoch
        self.expiresAt = expiresAt
    }
}

/// Names a login: 32 hexadecimal digits, not a secret.
public struct LoginID: Hashable, Sendable, Codable {
    public let text: String

    public init?(_ text: some StringProtocol) {
        guard text.utf8.count == 32, text.utf8.allSatisfy(Hexadecimal.isDigit) else { return nil }
        self.text = String(text)
    }

    public init(using generator: inout some RandomNumberGenerator) {
        text = Hexadecimal.text(SecretBytes.draw(16, using: &generator))
    }
}

/// What a console holds from a login on.
public struct LoginToken: Sendable, CustomStringConvertible, CustomDebugStringConvertible {
    public let login: LoginID
    public let secret: TokenSecret

    public init(login: LoginID, secret: TokenSecret) {
        self.login = login
        self.secret = secret
    }

    private static let prefix = "login."

    /// Reads what `text` wrote; nil for anything else.
    public init?(_ text: String) {
        guard text.hasPrefix(Self.prefix),
            let (name, secret) = TokenSecret.read(text.dropFirst(Self.prefix.count)), let login = LoginID(name)
        else { return nil }
        self.init(login: login, secret: secret)
    }

    /// The form for the wire: `login.ID.secret`. Safe in headers and cookies.
    public var text: String { Self.prefix + secret.text(behind: login.text) }

    /// Hides the secret.
    public var description: String { "LoginToken" }
    public var debugDescription: String { description }
}
