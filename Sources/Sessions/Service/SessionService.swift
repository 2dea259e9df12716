/// The session service: finds a session, asks it, stores the answer, then acts on the media, in this order.
///
/// Calls for one session run one after the other, so that the media side sees its orders in the order of the stored
/// states; calls for different sessions do not wait for each other. The rules over all sessions are the store's.
public actor SessionService {
    /// What the service has done, in numbers.
    public nonisolated let metrics = ServiceMetrics()
    /// Tells who listens what happens.
    public nonisolated let feed = SessionFeed()
    /// What the configuration says.
    public nonisolated let settings: SessionSettings

    let store: any SessionStore
    let media: any MediaGateway
    /// Who may do what.
    public nonisolated let accounts: AccountService
    /// Told of each stored change.
    let observer: @Sendable (LensSession, SessionEvent) -> Void
    /// The wall clock.
    public nonisolated let now: @Sendable () -> WallTime
    /// The clock that waiting goes by.
    public nonisolated let waiting: WaitingClock
    private var generator: any RandomNumberGenerator & Sendable
    var throttle: MistakeThrottle
    private var turns: [Turn: [CheckedContinuation<Void, Never>]] = [:]
    /// When the service began.
    let beginning: WallTime
    /// Since when customers have not been heard of, on the waiting clock.
    var lostSince: [SessionID: Int64] = [:]
    /// Whether it was seen which sessions are from before this service.
    var hasLookedBack = false
    /// Sessions that have been started and have not ended; nil until they were asked for.
    var running: [SessionID: LensSession]?
    /// Ended before that.
    var endedSinceStart: Set<SessionID> = []
    /// The resources of each session, at most one for each side and flow.
    var resources: [SessionID: [MediaRole: MediaResource]] = [:]
    /// Of sessions that have not ended.
    var recentFigures: [SessionID: RecentFigures] = [:]
    /// Of all active sessions, and when they were asked for, on the waiting clock.
    var lastReadings: (readings: Task<[SessionID: MediaReading], Never>, at: Int64)?

    /// - Parameters:
    ///   - now: the wall clock.
    ///   - waiting: the clock that delays go by.
    ///   - observer: told of each stored change; must not wait.
    ///   - generator: where PINs, tokens and identifiers come from; cryptographic in service.
    public init(
        store: any SessionStore, media: any MediaGateway, accounts: AccountService,
        settings: SessionSettings = SessionSettings(), now: @escaping @Sendable () -> WallTime, waiting: WaitingClock,
        observer: @escaping @Sendable (LensSession, SessionEvent) -> Void = { _, _ in },
        generator: any RandomNumberGenerator & Sendable = SystemRandomNumberGenerator()
    ) {
        self.observer = observer
        self.store = store
        self.media = media
        self.accounts = accounts
        self.settings = settings
        self.now = now
        self.waiting = waiting
        throttle = MistakeThrottle(settings.pinLimits)
        beginning = now()
        self.generator = generator
    }

    /// What only one call at a time works on.
    private enum Turn: Hashable {
        case session(SessionID)
        case network(ClientNetwork)
    }

    /// Runs `body` while no other call works on this session.
    func exclusively<T: Sendable>(
        _ id: SessionID, _ body: () async throws(SessionError) -> T
    ) async throws(SessionError) -> T {
        try await exclusively(.session(id), body)
    }

    /// Runs `body` while no other PIN of this network is looked at.
    func exclusively<T: Sendable>(
        _ network: ClientNetwork, _ body: () async throws(SessionError) -> T
    ) async throws(SessionError) -> T {
        try await exclusively(.network(network), body)
    }

    /// Runs `body`, which cannot fail, while no other call works on this session.
    func inTurn(of id: SessionID, _ body: () async -> Void) async {
        try? await exclusively(.session(id)) { () async throws(SessionError) in await body() }
    }

    private func exclusively<T: Sendable>(
        _ turn: Turn, _ body: () async throws(SessionError) -> T
    ) async throws(SessionError) -> T {
        if turns[turn] == nil {
            turns[turn] = []
        } else {
            await withCheckedContinuation { turns[turn, default: []].append($0) }
        }
        defer { pass(turn) }
        return try await body()
    }

    private func pass(_ turn: Turn) {
        guard var waiting = turns[turn], !waiting.isEmpty else {
            turns[turn] = nil
            return
        }
        let next = waiting.removeFirst()
        turns[turn] = waiting
        next.resume()
    }

    /// Applies an event, then acts.
    func apply(_ event: SessionEvent, to id: SessionID, by actor: Actor) async throws(SessionError) -> LensSession {
        try await exclusively(id) { () async throws(SessionError) in
            try await change(id, event, by: actor)
        }
    }

    /// Applies an event while no other call works on this session.
    func change(_ id: SessionID, _ event: SessionEvent, by actor: Actor) async throws(SessionError) -> LensSession {
        let now = now()
        let change = try await store.update(id, with: event, by: actor, at: now)
        metrics.changed(change.session, by: event, at: now)
        observer(change.session, event)
        return try await act(on: change)
    }

    /// Carries out what a stored change asks for, then tells who listens.
    private func act(on change: SessionChange) async throws(SessionError) -> LensSession {
        var session = change.session
        keepRunning(session)
        if session.hasEnded {
            lostSince[session.id] = nil
            recentFigures[session.id] = nil
        }
        for action in change.actions {
            switch action {
            case .openGate: try await openGate(of: session)
            case .closeGate: await closeGate(of: session.id)
            case .endMedia: session.finalFigures = await endMedia(of: session.id)
            }
        }
        feed.publish(.session(session), of: session.id)
        return session
    }

    /// Opens the gate, towards nobody but who may hear. Where the media side cannot, the session goes on hold, which is what it then
    /// truly is, and the technician may resume it.
    func openGate(of session: LensSession) async throws(SessionError) {
        do throws(MediaGatewayError) {
            try await dropOthersMedia(of: session)
            try await media.openGate(session.id)
        } catch .notFound {
            // No media yet: accepting the first offer opens the gate.
        } catch {
            let held = try? await store.update(session.id, with: .held, by: .service, at: now())
            if let held { keepRunning(held.session) }
            feed.publish(.session(held?.session ?? session), of: session.id)
            await closeGate(of: session.id)
            throw .media(error)
        }
    }

    /// Closes the gate, or takes the media down where that fails: hold must stop the media (D12).
    private func closeGate(of id: SessionID) async {
        do {
            try await media.closeGate(id)
        } catch .notFound {
            // No media: nothing passes.
        } catch {
            await media.end(id)
            resources[id] = nil
        }
    }

    private func endMedia(of id: SessionID) async -> MediaFigures {
        // Closed first, so that the figures read next are the last ones.
        await closeGate(of: id)
        let figures = await media.figures(id) ?? MediaFigures()
        await media.end(id)
        resources[id] = nil
        // The session has ended and is stored so; that its last figures cannot be is no reason to say that it has not.
        for _ in 0..<3 {
            if (try? await store.record(figures, for: id)) != nil { break }
        }
        return figures
    }

    /// The configuration's settings, and over them what administrators set.
    public func currentSettings() async throws(SessionError) -> SessionSettings {
        try await accounts.registry().settings.over(settings)
    }

    /// Of invites that ask for none.
    public var language: InviteLanguage {
        get async { (try? await currentSettings())?.language ?? settings.language }
    }

    func drawSecret() -> TokenSecret { TokenSecret(using: &generator) }

    func drawID() -> SessionID { SessionID(using: &generator) }

    /// Calls `use` with fresh PINs until one is free. Among a million PINs and the stores' limits a few draws are
    /// enough; after a hundred the service counts as full.
    func withFreshPIN<T: Sendable>(
        _ use: (PIN, _ expiresAt: WallTime) async throws(SessionError) -> T
    ) async throws(SessionError) -> T {
        let expiresAt = now().advanced(byMinutes: Int64(try await currentSettings().pinLifetimeMinutes))
        for _ in 0..<100 {
            do {
                return try await use(PIN(using: &generator), expiresAt)
            } catch .pinTaken {
                continue
            }
        }
        throw .full
    }
}

/// What stands in a place for media, and who made it.
struct MediaResource: Sendable {
    let name: String
    let holder: Principal
}

/// One of the four places for media in a session.
struct MediaRole: Hashable, Sendable {
    let side: MediaSide
    let flow: MediaFlow
}
