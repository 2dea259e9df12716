/// What the media side counts, asked for no oftener than there is something new.
extension SessionService {
    /// The figures as they are now, or as they were at the end.
    public func figures(of session: LensSession) async -> MediaFigures {
        if let figures = session.finalFigures { return figures }
        return await media.figures(session.id) ?? MediaFigures()
    }

    /// The figures of a list of sessions; those that have had no media are left out.
    public func figures(of sessions: [LensSession]) async -> [SessionID: MediaFigures] {
        let running = sessions.filter { $0.finalFigures == nil && !$0.hasEnded }.map(\.id)
        let readings = running.isEmpty ? [:] : await media.readings(of: running)
        return sessions.reduce(into: [:]) { $0[$1.id] = $1.finalFigures ?? readings[$1.id]?.total }
    }

    /// The figures as they were a moment ago. However many ask at once, the media side is asked once.
    public func recentFigures(of session: LensSession) async -> MediaFigures {
        if let figures = session.finalFigures { return figures }
        let now = waiting.milliseconds()
        if let recent = recentFigures[session.id], now - recent.at < Self.freshness {
            return await recent.figures.value
        }
        // What came too late for the session's end is not kept for ever.
        if recentFigures.count > Self.manyFigures {
            recentFigures = recentFigures.filter { now - $0.value.at < Self.freshness }
        }
        let asked = Task { [media] in await media.figures(session.id) ?? MediaFigures() }
        recentFigures[session.id] = RecentFigures(figures: asked, at: now)
        return await asked.value
    }

    /// Sessions that have been started and have not ended, with what the media side knew a moment ago. One of which it knows nothing is left
    /// out: zeros would look like a beginning.
    public func activeReadings() async throws(SessionError) -> [(session: SessionID, reading: MediaReading)] {
        let sessions = try await runningSessions()
        let now = waiting.milliseconds()
        if lastReadings.map({ now - $0.at >= Self.freshness }) ?? true {
            let ids = sessions.map(\.id)
            lastReadings = (Task { [media] in await media.readings(of: ids) }, now)
        }
        let readings = await lastReadings?.readings.value ?? [:]
        return sessions.compactMap { session in readings[session.id].map { (session.id, $0) } }
    }

    /// Tells those who watch a running call how it does. Called about every second.
    public func publishFigures() async throws(SessionError) {
        guard feed.listeners > 0 else { return }
        let heard = try await runningSessions().filter { session in
            session.gateIsOpen && feed.isHeard(session.id) { Self.watches($0, session) }
        }
        guard !heard.isEmpty else { return }
        let readings = await media.readings(of: heard.map(\.id))
        for session in heard {
            guard let reading = readings[session.id] else { continue }
            feed.pass(.figures(reading, at: now()), of: session.id) { Self.watches($0, session) }
        }
    }

    /// Figures are good for so long, in ms.
    private static let freshness: Int64 = 500
    private static let manyFigures = 10_000

    /// The technician's side: the customer's page has its own figures.
    private static func watches(_ listener: Principal, _ session: LensSession) -> Bool {
        if case .customer = listener { false } else { isSide(listener, of: session) }
    }

    /// Whether a listener is the session's customer, its technician, or an automation.
    static func isSide(_ listener: Principal, of session: LensSession) -> Bool {
        switch listener {
        case .customer(let own): own == session.id
        case .technician(let technician): technician == session.technician
        case .apiKey: true
        }
    }
}

/// Figures that were asked for.
struct RecentFigures: Sendable {
    let figures: Task<MediaFigures, Never>
    /// On the waiting clock.
    let at: Int64
}
