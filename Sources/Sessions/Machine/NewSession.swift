/// What a technician asks for when making a session, checked.
public struct NewSession: Sendable, Hashable, Codable {
    public let kind: SessionKind
    /// The customer's name or an identifier (S38).
    public let name: String
    public let method: ConnectionMethod
    public let reference: String?
    public let visibility: SessionVisibility

    /// Longest name and reference, in Unicode scalars.
    public static let textLimit = 200

    /// - Throws: `invalid` naming the field.
    public init(
        kind: SessionKind, name: String, method: ConnectionMethod, reference: String? = nil,
        visibility: SessionVisibility = .private
    ) throws(SessionError) {
        self.kind = kind
        self.name = try Self.line(name, field: "name")
        self.method = method
        if let reference { self.reference = try Self.line(reference, field: "reference") } else { self.reference = nil }
        self.visibility = visibility
    }

    private static func line(_ text: String, field: String) throws(SessionError) -> String {
        let scalars = text.unicodeScalars
        guard (1...textLimit).contains(scalars.count) else {
            throw .invalid(field: field, "must have 1 to \(textLimit) characters")
        }
        guard scalars.allSatisfy({ $0.properties.generalCategory != .control }) else {
            throw .invalid(field: field, "must not contain control characters")
        }
        return text
    }
}

public enum SessionKind: String, Sendable, CaseIterable, Codable {
    case lens, screen
}

/// How the customer gets the PIN (S40).
public enum ConnectionMethod: String, Sendable, CaseIterable, Codable {
    case pin, link, email, chat
}

/// Who sees and starts the session (D20).
public enum SessionVisibility: String, Sendable, CaseIterable, Codable {
    case `private`, group
}
