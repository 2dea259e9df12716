/// A step that the audit log keeps (D18). The word is stored and must not change.
public enum AuditStep: String, Sendable, CaseIterable {
    case sessionCreated = "session.created"
    case pinReplaced = "pin.replaced"
    case pinClaimed = "pin.claimed"
    case pageOpened = "customer.opened"
    case introduced = "customer.introduced"
    case devicesAnswered = "customer.devices"
    case eulaAccepted = "eula.accepted"
    case eulaDeclined = "eula.declined"
    case started = "session.started"
    case held = "session.held"
    case resumed = "session.resumed"
    case connectionChanged = "session.connection"
    case ended = "session.ended"
    case mediaChanged = "customer.media"
    case noted = "session.noted"
    case snapshotTaken = "snapshot.taken"
    case photoSent = "photo.sent"
    case mailTried = "invite.mailed"
    case sessionsRemoved = "sessions.removed"
    case loggedIn = "login.made"
    case loginRefused = "login.refused"
    case loggedOut = "login.ended"
    case groupAdded = "group.added"
    case groupChanged = "group.changed"
    case groupRemoved = "group.removed"
    case technicianAdded = "technician.added"
    case technicianChanged = "technician.changed"
    case passwordSet = "technician.password"
    case keyAdded = "key.added"
    case keyRemoved = "key.removed"
    case settingsChanged = "settings.changed"
}

/// What is to be kept of a step: who, when, what, on which session. Holds no secret and no PIN.
public struct AuditRecord: Sendable, Hashable {
    public var at: WallTime
    /// Who did it: a key's name, a technician, `customer`, or `service` for what happens by itself.
    public var actor: String
    public var step: AuditStep
    /// Nil for what concerns no session.
    public var session: SessionID?
    /// What else is to be known, by names; their order does not matter.
    public var details: [String: String]

    public init(at: WallTime, actor: String, step: AuditStep, session: SessionID?, details: [String: String] = [:]) {
        self.at = at
        self.actor = actor
        self.step = step
        self.session = session
        self.details = details
    }
}
