/// Where sessions are kept. Every operation is one whole rule and one transaction: it reads, asks `LensSession`, and
/// writes or refuses, and nothing comes between. A returned change is kept, and so is the audit log's entry for it (D18):
/// neither is there without the other.
///
/// Two rules hold over all sessions, on every write: a PIN belongs to one session that has not ended (`pinTaken`), and
/// a technician has one active Lens session (`technicianBusy`, D10).
public protocol SessionStore: Sendable {
    /// Keeps a new session.
    /// - Throws: `pinTaken`, `full`.
    func create(_ session: LensSession, by actor: Actor) async throws(SessionError)

    func find(_ id: SessionID) async throws(SessionError) -> LensSession?

    /// Finds the session of a PIN and claims it; of any number of claims at once exactly one succeeds.
    /// - Throws: `pin` with the refusal.
    func claim(pin: PIN, by claim: CustomerClaim, at now: WallTime) async throws(SessionError) -> SessionChange

    /// Applies one event.
    /// - Throws: `notFound`, the session's refusal, `technicianBusy`, `pinTaken`.
    func update(
        _ id: SessionID, with event: SessionEvent, by actor: Actor, at now: WallTime
    ) async throws(SessionError) -> SessionChange

    /// Keeps the figures of an ended session; unknown sessions are ignored.
    func record(_ figures: MediaFigures, for id: SessionID) async throws(SessionError)

    /// Newest first.
    /// - Throws: `invalid` for a cursor that no page gave.
    func list(_ query: SessionQuery) async throws(SessionError) -> SessionPage

    /// Entries of the audit log, oldest first: at most `limit` of those from `number` on (D18).
    func auditLog(from number: Int64, limit: Int) async throws(SessionError) -> [AuditEntry]

    /// Where the audit log ends.
    func auditHead() async throws(SessionError) -> AuditHead
}

/// A stored state and what it asks for.
public struct SessionChange: Sendable, Equatable {
    public let session: LensSession
    public let actions: [SessionAction]

    public init(session: LensSession, actions: [SessionAction]) {
        self.session = session
        self.actions = actions
    }
}

/// Which sessions to list.
public struct SessionQuery: Sendable {
    public static let limits = 1...500

    /// Only these; nil is every session that was ever listed.
    public var statuses: Set<SessionStatus>?
    /// Whose invites may show although they never reached the list (D20). They show only where `statuses` asks for
    /// them.
    public var viewer: Principal
    /// 1 to 500 sessions in a page.
    public var limit: Int
    /// Where the page before ended.
    public var cursor: String?

    public init(statuses: Set<SessionStatus>? = nil, viewer: Principal, limit: Int = 50, cursor: String? = nil) {
        self.statuses = statuses
        self.viewer = viewer
        self.limit = limit
        self.cursor = cursor
    }

    /// Whether a session belongs into the answer.
    public func includes(_ session: LensSession) -> Bool {
        guard let statuses else { return session.isListed }
        return statuses.contains(session.status) && (session.isListed || session.owner == viewer)
    }
}

public struct SessionPage: Sendable {
    public var sessions: [LensSession]
    /// Set where more may follow.
    public var cursor: String?

    public init(sessions: [LensSession], cursor: String?) {
        self.sessions = sessions
        self.cursor = cursor
    }
}
