/// What a technician may do, from the account and the group as they are now.
public struct Access: Sendable, Hashable {
    public let technician: Technician
    public let permissions: Set<Permission>

    public init(_ technician: Technician, of group: Group) {
        self.technician = technician
        // Administrators need no permission of their group.
        permissions = technician.role == .administrator ? Set(Permission.allCases) : group.permissions
    }

    public var isAdministrator: Bool { technician.role == .administrator }

    /// - Throws: `permissionMissing`.
    public func require(_ permission: Permission) throws(SessionError) {
        if !permissions.contains(permission) { throw .permissionMissing(permission) }
    }

    /// - Throws: `permissionMissing` with the first that is not there (S32 to S34).
    public func permitCreation(of request: NewSession) throws(SessionError) {
        try require(Permission(for: request.kind))
        if request.visibility == .private { try require(.privateSessions) }
        try require(Permission(for: request.method))
    }

    /// Whether the session is theirs to see and to start (D20): their own, one of their group, and for supervisors the group's
    /// private ones too.
    public func reaches(_ session: LensSession) -> Bool {
        if isAdministrator || session.owner == .technician(technician.id) { return true }
        // Also what an automation started in their name, and what they started before they changed groups.
        if session.technician == technician.id { return true }
        guard session.group == technician.group else { return false }
        return session.request.visibility == .group || technician.role == .supervisor
    }

    /// Whether the session is theirs to hold, resume and end: once started, its technician's and a supervisor's.
    public func commands(_ session: LensSession) -> Bool {
        hears(session) || (technician.role != .technician && reaches(session))
    }

    /// Whether its media is for them: once started, for its technician alone. Nobody listens in for being in the same group.
    public func hears(_ session: LensSession) -> Bool {
        session.startedAt == nil ? reaches(session) : session.technician == technician.id
    }
}
