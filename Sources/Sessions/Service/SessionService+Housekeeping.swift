/// What happens by itself, with time.
extension SessionService {
    /// Ends sessions that have waited too long (D11). Called every few seconds.
    public func endLongWaits() async throws(SessionError) {
        let limit = try await currentSettings().waitingLimitMinutes
        guard limit > 0 else { return }
        let latest = now().advanced(byMinutes: -Int64(limit))
        for id in try await store.waiting(sinceBefore: latest) {
            // One that was started or ended meanwhile refuses, which is right.
            _ = try? await apply(.waitingTimedOut, to: id, by: .service)
        }
    }

    /// Ends invites that nobody has taken up for a day. Called now and then.
    public func endAbandonedInvites() async throws(SessionError) {
        for id in try await store.connecting(createdBefore: now().advanced(byMinutes: -Self.inviteLifetime)) {
            _ = try? await apply(.abandoned, to: id, by: .service)
        }
    }

    /// How long an invite may take from its making to Waiting, PINs replaced included, in minutes.
    private static let inviteLifetime: Int64 = 24 * 60

    /// Sessions that have been started and have not ended.
    public func activeSessions() async throws(SessionError) -> [LensSession] { try await store.active() }

    /// Forgets sessions that ended long ago, with their chats. Called now and then.
    /// - Returns: how many.
    public func forgetOldSessions() async throws(SessionError) -> Int {
        let days = try await currentSettings().retentionDays
        guard days > 0 else { return 0 }
        let before = now().advanced(byMinutes: -Int64(days) * 24 * 60)
        return try await store.removeSessions(endedBefore: before, at: now())
    }

    /// What the media side has just heard of the active sessions (D13). Called about every second.
    ///
    /// A session that has had no media yet is not lost, but one that was started before this service is: its customer had media with
    /// another process.
    ///
    /// - Parameter silence: for each session how long its customer has not been heard of, in ms; nothing for one without media.
    public func noteConnections(
        _ silence: @Sendable ([SessionID]) async -> [SessionID: Int64]
    ) async throws(SessionError) {
        let sessions = try await store.active()
        let silences = await silence(sessions.map(\.id))
        for session in sessions {
            guard case .active(let conditions) = session.phase else { continue }
            guard silences[session.id] != nil || (session.startedAt ?? beginning) < beginning else { continue }
            let connection = self.connection(of: session.id, silentFor: silences[session.id])
            guard connection != conditions.connection else { continue }
            _ = try? await apply(.connectionChanged(connection), to: session.id, by: .service)
        }
    }

    private func connection(of id: SessionID, silentFor milliseconds: Int64?) -> MediaConnection {
        let now = waiting.milliseconds()
        if let milliseconds, milliseconds < Self.lostAfter {
            lostSince[id] = nil
            return .connected
        }
        let since = lostSince[id] ?? now - (milliseconds ?? 0)
        lostSince[id] = since
        return now - since < Self.offlineAfter ? .reconnecting : .offline
    }

    /// Without any sign of life for so long a connection counts as lost, in ms (D13).
    public static let lostAfter: Int64 = 3000
    /// A lost connection counts as offline after so long, in ms (D13).
    public static let offlineAfter: Int64 = 5 * 60_000
}
