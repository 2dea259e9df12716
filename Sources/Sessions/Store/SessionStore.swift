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

    /// Sessions that are waiting, and were before `time`.
    func waiting(sinceBefore time: WallTime) async throws(SessionError) -> [SessionID]

    /// Sessions that were made before `time` and have not come as far as Waiting.
    func connecting(createdBefore time: WallTime) async throws(SessionError) -> [SessionID]

    /// All sessions that have been started and have not ended.
    func active() async throws(SessionError) -> [LensSession]

    /// Sessions whose mail is queued and due.
    func sessions(withMailDueBy now: WallTime) async throws(SessionError) -> [LensSession]

    /// How many sessions there are of each status; a status without any may be left out.
    func statusCounts() async throws(SessionError) -> [SessionStatus: Int]

    /// Forgets sessions that ended before `time`, with their chats and photos.
    /// - Returns: how many.
    func removeSessions(endedBefore time: WallTime, at now: WallTime) async throws(SessionError) -> Int

    /// Adds a line to the chat of a session that a customer has claimed and that has not ended.
    /// - Throws: `notFound`, `notClaimed`, `ended`, `chatFull`.
    func append(_ line: NewChatLine, to id: SessionID, at now: WallTime) async throws(SessionError) -> ChatLine

    /// Oldest first; empty for a session that is not there.
    func chat(of id: SessionID) async throws(SessionError) -> [ChatLine]

    /// Adds a photo to a session whose gate is open.
    /// - Throws: `notFound`, `notStarted`, `onHold`, `ended`, `photosFull`.
    func append(_ photo: NewPhoto, to id: SessionID, at now: WallTime) async throws(SessionError) -> Photo

    /// Oldest first; empty for a session that is not there.
    func photos(of id: SessionID) async throws(SessionError) -> [Photo]

    /// One of them with its bytes; nil if there is none of this number.
    func photo(_ number: Int64, of id: SessionID) async throws(SessionError) -> (photo: Photo, bytes: [UInt8])?

    /// Keeps the figures of an ended session; unknown sessions are ignored.
    func record(_ figures: MediaFigures, for id: SessionID) async throws(SessionError)

    /// Newest first.
    /// - Throws: `invalid` for a cursor that no page gave.
    func list(_ query: SessionQuery) async throws(SessionError) -> SessionPage

    /// Entries of the audit log, oldest first: at most `limit` of those from `number` on (D18).
    func auditLog(from number: Int64, limit: Int) async throws(SessionError) -> [AuditEntry]

    /// The audit log's entries of a session, oldest first.
    func auditTrail(of id: SessionID) async throws(SessionError) -> [AuditEntry]

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
    /// What the viewer may see; nil is everything.
    public var access: Access?
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
        if session.isListed {
            return (statuses?.contains(session.status) ?? true) && (access?.reaches(session) ?? true)
        }
        return (statuses?.contains(session.status) ?? false) && session.owner == viewer
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
