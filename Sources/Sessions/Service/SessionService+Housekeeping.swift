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

    /// Forgets sessions that ended long ago, with their chats. Called now and then.
    /// - Returns: how many.
    public func forgetOldSessions() async throws(SessionError) -> Int {
        let days = try await currentSettings().retentionDays
        guard days > 0 else { return 0 }
        let before = now().advanced(byMinutes: -Int64(days) * 24 * 60)
        return try await store.removeSessions(endedBefore: before, at: now())
    }

    /// Puts sessions on hold whose technicians may no longer log in: they hear and see nothing more. Called every few seconds.
    public func holdSessionsOfTheDisabled() async throws(SessionError) {
        let registry = try await accounts.registry()
        for session in try await runningSessions() where session.gateIsOpen {
            guard let id = session.technician, registry.accounts[id]?.technician.isDisabled ?? false else { continue }
            // One that was held or ended meanwhile refuses, which is right.
            _ = try? await apply(.held, to: session.id, by: .service)
        }
    }

    /// The media side hears the session's customer, or has heard nothing for three seconds (D13). Told when it changes.
    public func noteCustomer(of id: SessionID, isHeard: Bool) async {
        guard isHeard else {
            if lostSince[id] == nil { lostSince[id] = waiting.milliseconds() - Self.lostAfter }
            return await noteLost(id)
        }
        lostSince[id] = nil
        await note(.connected, of: id)
    }

    /// Sessions whose customers are lost become Reconnecting and, after five minutes, Offline. Called every few seconds.
    ///
    /// Those that were started before this service had their media with another process: their customers are lost until they are heard of.
    public func noteLostConnections() async throws(SessionError) {
        let running = try await runningSessions()
        if !hasLookedBack {
            hasLookedBack = true
            for session in running where lostSince[session.id] == nil && (session.startedAt ?? beginning) < beginning {
                if await media.figures(session.id) == nil { lostSince[session.id] = waiting.milliseconds() }
            }
        }
        guard !lostSince.isEmpty else { return }
        let ids = Set(running.map(\.id))
        for id in lostSince.keys where ids.contains(id) { await noteLost(id) }
    }

    private func noteLost(_ id: SessionID) async {
        guard let since = lostSince[id] else { return }
        let silent = waiting.milliseconds() - since
        guard silent >= Self.lostAfter else { return }
        await note(silent < Self.offlineAfter ? .reconnecting : .offline, of: id)
    }

    private func note(_ connection: MediaConnection, of id: SessionID) async {
        guard let session = try? await runningSession(id), case .active(let conditions) = session.phase,
            conditions.connection != connection
        else { return }
        // One that ended meanwhile refuses, which is right.
        _ = try? await apply(.connectionChanged(connection), to: id, by: .service)
    }

    /// Without any sign of life for so long a connection counts as lost, in ms (D13).
    public static let lostAfter: Int64 = 3000
    /// A lost connection counts as offline after so long, in ms (D13).
    public static let offlineAfter: Int64 = 5 * 60_000
}

/// Sessions that have been started and have not ended, known without asking the store: every change of them is made here.
extension SessionService {
    func runningSessions() async throws(SessionError) -> [LensSession] {
        if running == nil {
            let active = try await store.active()
            // What has changed while the store was asked is newer.
            if running == nil { running = [:] }
            for session in active where running?[session.id] == nil && !endedSinceStart.contains(session.id) {
                running?[session.id] = session
            }
            endedSinceStart = []
        }
        return running.map { Array($0.values) } ?? []
    }

    private func runningSession(_ id: SessionID) async throws(SessionError) -> LensSession? {
        _ = try await runningSessions()
        return running?[id]
    }

    /// Keeps what is running true.
    func keepRunning(_ session: LensSession) {
        if case .active = session.phase {
            running?[session.id] = session
        } else {
            running?[session.id] = nil
            if running == nil, session.hasEnded { endedSinceStart.insert(session.id) }
        }
    }
}
