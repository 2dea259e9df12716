/// Who works with customers, or looks after those who do.
public struct Technician: Sendable, Hashable, Codable {
    public enum Role: String, Sendable, CaseIterable, Codable {
        case technician
        /// Sees, starts and ends all sessions of the group, private ones too (D20).
        case supervisor
        /// Does everything, in every group.
        case administrator
    }

    public let id: TechnicianID
    /// What the technician logs in with.
    public var email: EmailAddress
    public var name: String
    public var group: GroupID
    public var role: Role
    /// May not log in while true. What was done stays in the log under the same name.
    public var isDisabled = false

    /// - Throws: `invalid` naming the field.
    public init(
        id: TechnicianID, email: EmailAddress, name: String, group: GroupID, role: Role = .technician
    ) throws(SessionError) {
        self.id = id
        self.email = email
        self.name = try PlainLine.check(name, field: "name")
        self.group = group
        self.role = role
    }
}

/// What is to be different about a technician; nil leaves it as it is.
public struct TechnicianChanges: Sendable, Hashable {
    public var email: EmailAddress?
    public var name: String?
    public var group: GroupID?
    public var role: Technician.Role?
    public var isDisabled: Bool?

    public init(
        email: EmailAddress? = nil, name: String? = nil, group: GroupID? = nil, role: Technician.Role? = nil,
        isDisabled: Bool? = nil
    ) {
        self.email = email
        self.name = name
        self.group = group
        self.role = role
        self.isDisabled = isDisabled
    }

    /// - Throws: `invalid` naming the field.
    public func applied(to before: Technician) throws(SessionError) -> Technician {
        var technician = try Technician(
            id: before.id, email: email ?? before.email, name: name ?? before.name, group: group ?? before.group,
            role: role ?? before.role)
        technician.isDisabled = isDisabled ?? before.isDisabled
        return technician
    }
}

/// Names a technician. An automation may name people who have no account here.
public struct TechnicianID: Hashable, Sendable, Codable, CustomStringConvertible {
    public let text: String

    /// - Returns: nil unless `text` is 1 to 64 letters, digits or any of `-_.@+`.
    public init?(_ text: String) {
        guard Identifier.isValid(text, marks: "-_.@+") else { return nil }
        self.text = text
    }

    public var description: String { text }
}
