import Sessions

/// A group on the wire.
struct GroupBody: Encodable {
    let id: String
    let name: String
    let permissions: [String]

    init(_ group: Group) {
        id = group.id.text
        name = group.name
        permissions = group.permissions.map(\.rawValue).sorted()
    }
}

/// A technician on the wire; nothing of the password.
struct TechnicianBody: Encodable {
    let id: String
    let email: String
    let name: String
    let group: String
    let role: String
    let disabled: Bool
    let mustChangePassword: Bool
    /// Just drawn, and not to be had again.
    let password: String?

    init(_ account: TechnicianAccount, password: String? = nil) {
        let technician = account.technician
        id = technician.id.text
        email = technician.email.text
        name = technician.name
        group = technician.group.text
        role = technician.role.rawValue
        disabled = technician.isDisabled
        mustChangePassword = account.mustChangePassword
        self.password = password
    }
}

/// An API key on the wire.
struct APIKeyBody: Encodable {
    let name: String
    let createdAt: String
    /// Just made, and not to be had again.
    let key: String?

    init(_ key: StoredAPIKey, text: APIKeyText? = nil) {
        name = key.name.text
        createdAt = key.createdAt.rfc3339
        self.key = text?.text
    }
}
