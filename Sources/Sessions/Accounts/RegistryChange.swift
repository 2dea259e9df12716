/// One change of the registry.
public enum RegistryChange: Sendable, Equatable {
    case addGroup(Group)
    case changeGroup(Group)
    /// Refused while technicians are in it.
    case removeGroup(GroupID)
    case addTechnician(TechnicianAccount)
    /// Accounts are disabled and never removed: the log goes on naming them.
    case changeTechnician(Technician)
    case setPassword(TechnicianID, PasswordHash, mustChange: Bool)
    case addKey(StoredAPIKey)
    case removeKey(APIKeyName)
    case changeSettings(OperatorSettings)
}

/// One thing that the registry keeps.
public enum RegistryEntry: Sendable, Equatable, Codable {
    case group(Group)
    case account(TechnicianAccount)
    case key(StoredAPIKey)
    case settings(OperatorSettings)

    public var place: RegistryPlace {
        switch self {
        case .group(let group): .group(group.id)
        case .account(let account): .account(account.technician.id)
        case .key(let key): .key(key.name)
        case .settings: .settings
        }
    }
}

/// Where the registry keeps it.
public enum RegistryPlace: Sendable, Hashable {
    case group(GroupID)
    case account(TechnicianID)
    case key(APIKeyName)
    case settings

    /// For a store; different places have different texts.
    public var text: String {
        switch self {
        case .group(let id): "group:" + id.text
        case .account(let id): "account:" + id.text
        case .key(let name): "key:" + name.text
        case .settings: "settings"
        }
    }
}

/// What a store has to do for a change.
public enum RegistryUpdate: Sendable, Equatable {
    case written(RegistryEntry)
    case removed(RegistryPlace)
}
