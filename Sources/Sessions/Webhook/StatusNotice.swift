/// That a session's status has changed, kept until whoever wants to know has been told.
public struct StatusNotice: Sendable, Equatable {
    /// Rises from notice to notice.
    public let number: Int64
    /// The session as it was right after the change.
    public let session: LensSession
    /// Nil for a new session.
    public let previous: SessionStatus?
    public let at: WallTime

    public init(number: Int64, session: LensSession, previous: SessionStatus?, at: WallTime) {
        self.number = number
        self.session = session
        self.previous = previous
        self.at = at
    }
}

/// Where notices wait. They are written with the change itself, in one transaction.
public protocol NoticeStore: Sendable {
    /// The oldest notice of each session that has any, oldest first: what may be told now, since those of one session are told in
    /// order.
    func notices(limit: Int) async throws(SessionError) -> [StatusNotice]

    /// It has been told, or given up.
    func removeNotice(_ number: Int64) async throws(SessionError)
}
