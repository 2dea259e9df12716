/// What administrators keep: groups, technicians, API keys and settings. Pure: `apply` decides and changes this value; whoever holds it stores
/// the entry that it names, and the record for the audit log, in one transaction.
public struct Registry: Sendable, Equatable {
    public private(set) var groups: [GroupID: Group] = [:]
    public private(set) var accounts: [TechnicianID: TechnicianAccount] = [:]
    public private(set) var keys: [APIKeyName: StoredAPIKey] = [:]
    public private(set) var settings = OperatorSettings()

    public init() {}

    public init(_ entries: some Sequence<RegistryEntry>) {
        for entry in entries { write(entry) }
    }

    /// An account by what its technician logs in with.
    public func account(email: EmailAddress) -> TechnicianAccount? {
        accounts.values.first { $0.technician.email.folded == email.folded }
    }

    /// What a technician may do now; nil for one who has no account or must not log in.
    public func access(of id: TechnicianID) -> Access? {
        guard let technician = accounts[id]?.technician, !technician.isDisabled,
            let group = groups[technician.group]
        else { return nil }
        return Access(technician, of: group)
    }

    /// The key that has this secret. Looks at every key, so that the time says nothing about which one came close.
    public func key(with secret: TokenSecret) -> StoredAPIKey? {
        var found: StoredAPIKey?
        for key in keys.values where key.proof.matches(secret) { found = key }
        return found
    }

    /// Makes one change, or refuses it and changes nothing.
    ///
    /// - Throws: `noSuchGroup`, `noSuchTechnician`, `noSuchKey`, `nameTaken`, `groupInUse`, `lastAdministrator`.
    public mutating func apply(_ change: RegistryChange) throws(SessionError) -> RegistryUpdate {
        let update = try decide(change)
        switch update {
        case .written(let entry): write(entry)
        case .removed(let place): remove(place)
        }
        return update
    }

    private func decide(_ change: RegistryChange) throws(SessionError) -> RegistryUpdate {
        switch change {
        case .addGroup(let group):
            guard groups[group.id] == nil else { throw .nameTaken(field: "id") }
            return .written(.group(try unique(group)))
        case .changeGroup(let group):
            guard groups[group.id] != nil else { throw .noSuchGroup }
            return .written(.group(try unique(group)))
        case .removeGroup(let id):
            guard groups[id] != nil else { throw .noSuchGroup }
            guard !accounts.values.contains(where: { $0.technician.group == id }) else { throw .groupInUse }
            return .removed(.group(id))
        case .addTechnician(let account):
            guard accounts[account.technician.id] == nil else { throw .nameTaken(field: "id") }
            return .written(.account(try valid(account)))
        case .changeTechnician(let technician):
            guard var account = accounts[technician.id] else { throw .noSuchTechnician }
            if technician.isDisabled, !account.technician.isDisabled { account.epoch += 1 }
            account.technician = technician
            return .written(.account(try valid(account)))
        case .setPassword(let id, let password, let mustChange):
            guard var account = accounts[id] else { throw .noSuchTechnician }
            account.password = password
            account.mustChangePassword = mustChange
            account.epoch += 1
            return .written(.account(account))
        case .addKey(let key):
            guard keys[key.name] == nil else { throw .nameTaken(field: "name") }
            return .written(.key(key))
        case .removeKey(let name):
            guard keys[name] != nil else { throw .noSuchKey }
            return .removed(.key(name))
        case .changeSettings(let settings): return .written(.settings(settings))
        }
    }

    private func unique(_ group: Group) throws(SessionError) -> Group {
        guard !groups.values.contains(where: { $0.id != group.id && $0.name == group.name }) else {
            throw .nameTaken(field: "name")
        }
        return group
    }

    /// Someone who can administer must always be left.
    private func valid(_ account: TechnicianAccount) throws(SessionError) -> TechnicianAccount {
        let technician = account.technician
        guard groups[technician.group] != nil else { throw .noSuchGroup }
        if let other = self.account(email: technician.email), other.technician.id != technician.id {
            throw .nameTaken(field: "email")
        }
        if accounts[technician.id]?.isActiveAdministrator ?? false, !account.isActiveAdministrator,
            accounts.values.count(where: \.isActiveAdministrator) == 1
        {
            throw .lastAdministrator
        }
        return account
    }

    private mutating func write(_ entry: RegistryEntry) {
        switch entry {
        case .group(let group): groups[group.id] = group
        case .account(let account): accounts[account.technician.id] = account
        case .key(let key): keys[key.name] = key
        case .settings(let settings): self.settings = settings
        }
    }

    private mutating func remove(_ place: RegistryPlace) {
        switch place {
        case .group(let id): groups[id] = nil
        case .account(let id): accounts[id] = nil
        case .key(let name): keys[name] = nil
        case .settings: settings = OperatorSettings()
        }
    }
}

extension TechnicianAccount {
    fileprivate var isActiveAdministrator: Bool { technician.role == .administrator && !technician.isDisabled }
}
