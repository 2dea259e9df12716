/// Technicians who may do the same, and who see each other's group sessions (D20).
public struct Group: Sendable, Hashable, Codable {
    public let id: GroupID
    public var name: String
    public var permissions: Set<Permission>

    /// - Throws: `invalid` naming the field.
    public init(id: GroupID, name: String, permissions: Set<Permission>) throws(SessionError) {
        self.id = id
        self.name = try PlainLine.check(name, field: "name")
        self.permissions = permissions
    }
}

/// Names a group.
public struct GroupID: Hashable, Sendable, Codable, CustomStringConvertible {
    public let text: String

    /// - Returns: nil unless `text` is 1 to 64 letters, digits or any of `-_.`.
    public init?(_ text: String) {
        guard Identifier.isValid(text, marks: "-_.") else { return nil }
        self.text = text
    }

    public var description: String { text }
}
