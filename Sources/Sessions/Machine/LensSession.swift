/// One Lens session, from the invite to its end: `connecting → waiting → active → ended`.
///
/// `handle` decides and changes this value only; storing it and acting on the media are the service's work. A refused
/// event changes nothing. Whoever holds the value must first store the new state and only then carry out the returned
/// actions.
public struct LensSession: Sendable, Equatable, Codable {
    public let id: SessionID
    /// What was asked for when the session was made.
    public let request: NewSession
    public let owner: Principal
    /// The creator's group, whose members see the session if it is for the group (D20).
    public let group: GroupID?
    public let createdAt: WallTime

    public private(set) var phase = Phase.connecting
    public private(set) var gates = CustomerGates()
    public private(set) var progress = CustomerProgress.invited
    public private(set) var pin: PIN
    public private(set) var pinExpiresAt: WallTime
    public private(set) var technician: TechnicianID?
    public private(set) var claim: CustomerClaim?
    public private(set) var claimedAt: WallTime?
    public private(set) var devices: DeviceConsent?
    public private(set) var eula: EULAAcceptance?
    /// Nil until the customer has said anything about it: all is on.
    public private(set) var customerMedia: CustomerMedia?
    /// Nil where the server sends no mail for this session.
    public private(set) var mail: MailState?
    /// When the last gate opened. A session is listed from this time on, never before (S52).
    public private(set) var waitingSince: WallTime?
    public private(set) var startedAt: WallTime?
    public private(set) var endedAt: WallTime?
    public private(set) var notes: String?
    /// How many the technician took; nil is none.
    public private(set) var snapshots: Int?
    /// The figures at the end, once the media has been taken down.
    public var finalFigures: MediaFigures?

    /// A new invite.
    public init(
        id: SessionID, request: NewSession, owner: Principal, group: GroupID? = nil, pin: PIN, pinExpiresAt: WallTime,
        createdAt: WallTime, mail: MailState? = nil
    ) {
        self.mail = mail
        self.id = id
        self.request = request
        self.owner = owner
        self.group = group
        self.pin = pin
        self.pinExpiresAt = pinExpiresAt
        self.createdAt = createdAt
    }

    /// Takes one event.
    ///
    /// - Returns: what to do outside, in order, once the state is stored.
    /// - Throws: the named refusal; the session is as it was.
    public mutating func handle(_ event: SessionEvent, at now: WallTime) throws(SessionError) -> [SessionAction] {
        if case .pinClaimed(let pin, let claim) = event {
            try claimPIN(pin, claim, now)
            return []
        }
        switch event {
        case .noted(let notes):
            self.notes = notes
            return []
        case .mailBegun:
            guard gates.pinClaimed || hasEnded || now >= pinExpiresAt else {
                mail?.begin(at: now)
                return []
            }
            mail?.note(
                .refused(detail: "the PIN is no longer good", isPermanent: true), at: now, deadline: pinExpiresAt)
            return []
        case .mailTried(let outcome, let pin):
            if pin == self.pin { mail?.note(outcome, at: now, deadline: pinExpiresAt) }
            return []
        default: break
        }
        if hasEnded { throw .ended }
        switch event {
        case .pinClaimed, .noted, .mailBegun, .mailTried: return []
        case .pinReplaced(let pin, let expiresAt):
            try replacePIN(pin, expiresAt)
            if mail != nil { mail = .queued(at: now) }
        case .customerAdvanced(let step):
            guard gates.pinClaimed else { throw .notClaimed }
            progress = max(progress, step)
        case .devicesAnswered(let consent): try answerDevices(consent, now)
        case .eulaAnswered(let version, let accepted, let current):
            return try answerEULA(version, accepted, current, now)
        case .customerMediaChanged(let change):
            guard gates.pinClaimed else { throw .notClaimed }
            customerMedia = change.applied(to: customerMedia ?? CustomerMedia())
        case .started(let technician): return try start(technician, now)
        case .snapshotTaken:
            try permitPhoto()
            snapshots = (snapshots ?? 0) &+ 1
        case .held: return try hold()
        case .resumed: return try resume()
        case .connectionChanged(let connection):
            guard case .active(var conditions) = phase else { throw .notStarted }
            conditions.connection = connection
            phase = .active(conditions)
        case .endedByTechnician(let notes):
            self.notes = notes ?? self.notes
            return end(.technician, now)
        case .customerLeft: return try leave(now)
        case .waitingTimedOut:
            guard case .waiting = phase else { throw .notWaiting }
            return end(.timeout, now)
        case .abandoned:
            guard case .connecting = phase else { throw .notReady }
            return end(.timeout, now)
        case .failed: return end(.error, now)
        }
        return []
    }

    private mutating func replacePIN(_ pin: PIN, _ expiresAt: WallTime) throws(SessionError) {
        guard !gates.pinClaimed else { throw .pinClaimed }
        guard pin != self.pin else { throw .pinTaken }
        self.pin = pin
        pinExpiresAt = expiresAt
    }

    private mutating func claimPIN(_ pin: PIN, _ claim: CustomerClaim, _ now: WallTime) throws(SessionError) {
        guard !gates.pinClaimed else { throw .pin(.alreadyUsed) }
        guard pin == self.pin, !hasEnded, now < pinExpiresAt else { throw .pin(.expired) }
        gates.pinClaimed = true
        self.claim = claim
        claimedAt = now
        progress = max(progress, .claimed)
    }

    private mutating func answerDevices(_ consent: DeviceConsent, _ now: WallTime) throws(SessionError) {
        guard gates.pinClaimed else { throw .notClaimed }
        if phase != .connecting, !consent.isAny { throw .deviceNeeded }
        devices = consent
        gates.devicesGranted = consent.isAny
        if consent.isAny { progress = max(progress, .devices) }
        waitIfReady(now)
    }

    private mutating func answerEULA(
        _ version: String, _ accepted: Bool, _ current: String, _ now: WallTime
    ) throws(SessionError) -> [SessionAction] {
        guard gates.pinClaimed else { throw .notClaimed }
        if let eula {
            // A reloaded page says yes again; a no comes too late and is said by leaving.
            guard accepted, version == eula.version else { throw .eulaAlreadyAccepted }
            return []
        }
        guard version == current else { throw .eulaOutdated(current: current) }
        guard accepted else { return end(.declined, now) }
        eula = EULAAcceptance(version: version, acceptedAt: now)
        gates.eulaAccepted = true
        progress = max(progress, .eula)
        waitIfReady(now)
        return []
    }

    private mutating func waitIfReady(_ now: WallTime) {
        guard case .connecting = phase, gates.areAllOpen else { return }
        phase = .waiting
        waitingSince = now
        progress = max(progress, .waiting)
    }

    private mutating func start(_ technician: TechnicianID?, _ now: WallTime) throws(SessionError) -> [SessionAction] {
        switch phase {
        case .connecting: throw .notReady
        case .active: throw .alreadyStarted
        case .ended: throw .ended
        case .waiting:
            phase = .active(ActiveConditions())
            self.technician = technician
            startedAt = now
            progress = .started
            return [.openGate]
        }
    }

    private mutating func hold() throws(SessionError) -> [SessionAction] {
        guard case .active(var conditions) = phase else { throw .notStarted }
        guard !conditions.isOnHold else { throw .onHold }
        conditions.isOnHold = true
        phase = .active(conditions)
        return [.closeGate]
    }

    private mutating func resume() throws(SessionError) -> [SessionAction] {
        guard case .active(var conditions) = phase else { throw .notStarted }
        guard conditions.isOnHold else { throw .notOnHold }
        conditions.isOnHold = false
        phase = .active(conditions)
        return [.openGate]
    }

    /// Leaving before Waiting after refusing both devices is a refusal (D15); leaving later is the customer's end.
    private mutating func leave(_ now: WallTime) throws(SessionError) -> [SessionAction] {
        guard gates.pinClaimed else { throw .notClaimed }
        switch phase {
        case .connecting:
            let refusedBoth = devices.map { !$0.isAny } ?? false
            return end(refusedBoth ? .declined : .customer, now)
        case .waiting: return end(.waitingCustomer, now)
        case .active: return end(.customer, now)
        case .ended: throw .ended
        }
    }

    private mutating func end(_ reason: EndReason, _ now: WallTime) -> [SessionAction] {
        phase = .ended(reason)
        endedAt = now
        return [.endMedia]
    }
}
