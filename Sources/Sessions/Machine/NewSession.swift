/// What a technician asks for when making a session, checked.
public struct NewSession: Sendable, Hashable, Codable {
    public let kind: SessionKind
    /// The customer's name or an identifier (S38).
    public let name: String
    public let method: ConnectionMethod
    public let reference: String?
    public let visibility: SessionVisibility
    /// Where the invite is mailed to, for the method `email` (S42, D16).
    public let email: EmailAddress?
    /// Of the invite; nil is the service's own (D17).
    public let language: InviteLanguage?

    /// - Throws: `invalid` naming the field.
    public init(
        kind: SessionKind, name: String, method: ConnectionMethod, reference: String? = nil,
        visibility: SessionVisibility = .private, email: EmailAddress? = nil, language: InviteLanguage? = nil
    ) throws(SessionError) {
        guard email == nil || method == .email else {
            throw .invalid(field: "email", "is for the method email only")
        }
        self.email = email
        self.language = language
        self.kind = kind
        self.name = try PlainLine.check(name, field: "name")
        self.method = method
        self.reference = if let reference { try PlainLine.check(reference, field: "reference") } else { nil }
        self.visibility = visibility
    }
}

public enum SessionKind: String, Sendable, CaseIterable, Codable {
    case lens, screen
}

/// How the customer gets the PIN (S40).
public enum ConnectionMethod: String, Sendable, CaseIterable, Codable {
    case pin, link, email, chat
}

/// What an invite is written in.
public enum InviteLanguage: String, Sendable, CaseIterable, Codable {
    case english = "en"
    case german = "de"
}

/// Who sees and starts the session (D20).
public enum SessionVisibility: String, Sendable, CaseIterable, Codable {
    case `private`, group
}
