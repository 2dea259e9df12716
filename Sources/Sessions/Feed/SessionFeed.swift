internal import Synchronization

/// Tells who listens what happens, as it happens: sessions as they change, chat. It keeps the latest, so that whoever was cut off may
/// go on where they were. Nobody who reads slowly holds others up: whoever falls too far behind is let go, and comes back.
public final class SessionFeed: Sendable {
    public enum Event: Sendable {
        case session(LensSession)
        case chat(ChatLine)
        case drawing(Drawing)
        case photo(Photo)
        case figures(MediaReading, at: WallTime)
        /// Nothing has happened for a while; it keeps connections alive and has no number.
        case beat
    }

    public struct Item: Sendable {
        /// Rises by one from item to item; 0 for what is not kept.
        public let number: UInt64
        /// The session that it is about; nil for a beat.
        public let session: SessionID?
        public let event: Event
    }

    /// What a listener hears.
    public enum Scope: Sendable, Hashable {
        case everything
        case session(SessionID)
    }

    public struct Subscription: Sendable {
        /// What has happened since the number that was given; nil if that is no longer known, or none was given.
        public let missed: [Item]?
        /// The number of the latest item before the subscription.
        public let latest: UInt64
        /// Ends when the listener has fallen behind, or with the feed.
        public let items: AsyncStream<Item>
    }

    /// Items that are kept for those who come back.
    private static let memory = 4096
    /// Items that a listener may be behind.
    private static let patience = 256

    private struct Listener {
        let scope: Scope
        let principal: Principal
        let continuation: AsyncStream<Item>.Continuation
    }

    private struct State {
        var latest: UInt64 = 0
        /// Item 1 stands at 0, and so on around.
        var ring: [Item] = []
        var listeners: [UInt64: Listener] = [:]
        var nextListener: UInt64 = 0
        var everything: Set<UInt64> = []
        var bySession: [SessionID: Set<UInt64>] = [:]
        var isFinished = false

        /// Those who may hear of a session; nobody is in both.
        func near(_ session: SessionID) -> [Set<UInt64>] { [everything, bySession[session] ?? []] }

        mutating func remove(_ id: UInt64) -> Listener? {
            guard let listener = listeners.removeValue(forKey: id) else { return nil }
            switch listener.scope {
            case .everything: everything.remove(id)
            case .session(let session):
                bySession[session]?.remove(id)
                if bySession[session]?.isEmpty ?? false { bySession[session] = nil }
            }
            return listener
        }
    }

    private let state = Mutex(State())

    public init() {}

    /// Those who listen now.
    public var listeners: Int { state.withLock { $0.listeners.count } }

    /// Whether anybody listens who `mayHear` of this session.
    public func isHeard(_ session: SessionID, _ mayHear: (Principal) -> Bool) -> Bool {
        state.withLock { state in
            state.near(session).contains { ids in
                ids.contains { id in state.listeners[id].map { mayHear($0.principal) } ?? false }
            }
        }
    }

    /// Tells what is of no use later: it is not kept for those who come back, has no number, and reaches those only who `mayHear`.
    public func pass(_ event: Event, of session: SessionID, _ mayHear: (Principal) -> Bool) {
        let slow = state.withLock { state in
            let item = Item(number: 0, session: session, event: event)
            return state.near(session).flatMap { ids in
                Self.deliver(item, to: ids, &state) { mayHear($0.principal) }
            }
        }
        for listener in slow { listener.finish() }
    }

    public func publish(_ event: Event, of session: SessionID) {
        let slow = state.withLock { state in
            state.latest += 1
            let item = Item(number: state.latest, session: session, event: event)
            if state.ring.count < Self.memory {
                state.ring.append(item)
            } else {
                state.ring[Self.place(item.number)] = item
            }
            return state.near(session).flatMap { Self.deliver(item, to: $0, &state) }
        }
        // Outside the lock, which ending takes again.
        for listener in slow { listener.finish() }
    }

    /// Tells everybody that nothing has happened.
    public func beat() {
        let slow = state.withLock { state in
            let item = Item(number: 0, session: nil, event: .beat)
            return Self.deliver(item, to: Set(state.listeners.keys), &state)
        }
        for listener in slow { listener.finish() }
    }

    /// - Parameters:
    ///   - principal: who listens.
    ///   - number: of the last item that the listener has seen.
    public func subscribe(to scope: Scope, as principal: Principal, after number: UInt64? = nil) -> Subscription {
        let (items, continuation) = AsyncStream.makeStream(
            of: Item.self, bufferingPolicy: .bufferingOldest(Self.patience))
        let (id, missed, latest) = state.withLock { state -> (UInt64?, [Item]?, UInt64) in
            let missed = number.flatMap { Self.items(after: $0, of: scope, in: state) }
            guard !state.isFinished else { return (nil, missed, state.latest) }
            let id = state.nextListener
            state.nextListener += 1
            state.listeners[id] = Listener(scope: scope, principal: principal, continuation: continuation)
            switch scope {
            case .everything: state.everything.insert(id)
            case .session(let session): state.bySession[session, default: []].insert(id)
            }
            return (id, missed, state.latest)
        }
        if let id {
            continuation.onTermination = { [weak self] _ in _ = self?.state.withLock { $0.remove(id) } }
        } else {
            continuation.finish()
        }
        return Subscription(missed: missed, latest: latest, items: items)
    }

    /// Lets everybody go; nobody can listen any more.
    public func finish() {
        let all = state.withLock { state in
            state.isFinished = true
            let all = state.listeners.values.map(\.continuation)
            state.listeners = [:]
            state.everything = []
            state.bySession = [:]
            return all
        }
        for listener in all { listener.finish() }
    }

    private static func place(_ number: UInt64) -> Int { Int((number - 1) % UInt64(memory)) }

    /// Nil if some are no longer kept, or the number was never given.
    private static func items(after number: UInt64, of scope: Scope, in state: State) -> [Item]? {
        guard number <= state.latest, state.latest - number <= UInt64(state.ring.count) else { return nil }
        guard number < state.latest else { return [] }
        return (number + 1...state.latest).map { number in
            state.ring[place(number)]
        }.filter { scope == .everything || scope == $0.session.map(Scope.session) }
    }

    /// - Returns: those who were too far behind.
    private static func deliver(
        _ item: Item, to ids: Set<UInt64>, _ state: inout State, where mayHear: (Listener) -> Bool = { _ in true }
    ) -> [AsyncStream<Item>.Continuation] {
        var slow: [AsyncStream<Item>.Continuation] = []
        for id in ids {
            guard let listener = state.listeners[id], mayHear(listener) else { continue }
            if case .dropped = listener.continuation.yield(item), let gone = state.remove(id) {
                slow.append(gone.continuation)
            }
        }
        return slow
    }
}
