/// What the audit log keeps of the registry's changes and of logins (D18). No password, no hash, no key.
extension AuditRecord {
    public static func changed(_ change: RegistryChange, by actor: Actor, at now: WallTime) -> AuditRecord {
        let (step, details) = step(change)
        return AuditRecord(at: now, actor: actor.name, step: step, session: nil, details: details)
    }

    /// - Parameter address: the network address that the login came from.
    public static func loggedIn(_ technician: TechnicianID, from address: String, at now: WallTime) -> AuditRecord {
        AuditRecord(at: now, actor: technician.text, step: .loggedIn, session: nil, details: ["address": address])
    }

    /// - Parameter technician: whose account it is; nil for none. What was typed is not kept: it may be a password.
    public static func loginRefused(
        _ technician: TechnicianID?, from address: String, at now: WallTime
    ) -> AuditRecord {
        var details = ["address": address]
        if let technician { details["technician"] = technician.text }
        return AuditRecord(at: now, actor: Actor.service.name, step: .loginRefused, session: nil, details: details)
    }

    public static func loggedOut(_ technician: TechnicianID, at now: WallTime) -> AuditRecord {
        AuditRecord(at: now, actor: technician.text, step: .loggedOut, session: nil)
    }

    private static func step(_ change: RegistryChange) -> (AuditStep, [String: String]) {
        switch change {
        case .addGroup(let group): (.groupAdded, details(group))
        case .changeGroup(let group): (.groupChanged, details(group))
        case .removeGroup(let id): (.groupRemoved, ["group": id.text])
        case .addTechnician(let account): (.technicianAdded, details(account.technician))
        case .changeTechnician(let technician): (.technicianChanged, details(technician))
        case .setPassword(let id, _, let mustChange):
            (.passwordSet, ["technician": id.text, "mustChange": "\(mustChange)"])
        case .addKey(let key): (.keyAdded, ["key": key.name.text])
        case .removeKey(let name): (.keyRemoved, ["key": name.text])
        case .changeSettings(let settings): (.settingsChanged, details(settings))
        }
    }

    private static func details(_ group: Group) -> [String: String] {
        [
            "group": group.id.text, "name": group.name,
            "permissions": group.permissions.map(\.rawValue).sorted().joined(separator: " "),
        ]
    }

    private static func details(_ settings: OperatorSettings) -> [String: String] {
        [
            "pinLifetimeMinutes": settings.pinLifetimeMinutes.map { "\($0)" },
            "waitingLimitMinutes": settings.waitingLimitMinutes.map { "\($0)" },
            "retentionDays": settings.retentionDays.map { "\($0)" }, "language": settings.language?.rawValue,
            "eulaVersion": settings.eula?.version,
        ].compactMapValues { $0 }
    }

    private static func details(_ technician: Technician) -> [String: String] {
        [
            "technician": technician.id.text, "email": technician.email.text, "name": technician.name,
            "group": technician.group.text, "role": technician.role.rawValue, "disabled": "\(technician.isDisabled)",
        ]
    }
}
