public import MediaCore

/// How much a shard has to do, for choosing one for a new session.
public struct ShardLoad: Sendable, Equatable {
    /// Sessions placed on it.
    public var sessions: Int
    /// Share of one core that its thread uses, 0 ... 1.
    public var busyShare: Double
    /// It takes no new session now.
    public var isClosed: Bool

    /// What a session is likely to cost once its media flows: a thousandth of a core. Keeps sessions that come before
    /// their media, many at once, from all landing on one shard.
    public static let shareOfSession = 0.001

    public init(sessions: Int, busyShare: Double = 0, isClosed: Bool = false) {
        self.sessions = sessions
        self.busyShare = busyShare
        self.isClosed = isClosed
    }

    /// What the shard is likely to carry, in cores.
    public var expectedShare: Double { busyShare + Double(sessions) * Self.shareOfSession }
}

extension Array where Element == ShardLoad {
    /// The shard that a new session goes to: the least loaded open one, or nil if all are closed.
    public var leastLoaded: Int? {
        indices.filter { !self[$0].isClosed }.min { self[$0].expectedShare < self[$1].expectedShare }
    }
}

/// Turns the processor time of a thread into the share of a core that it used lately.
public struct ShardBusyMeter: Sendable {
    /// Share of one core, 0 ... 1, smoothed over a few readings.
    public private(set) var share = 0.0
    private var last: (used: UInt64, at: Instant)?

    public init() {}

    /// Notes a reading. Those closer together than a tenth of a second are left out: a burst would look like a load.
    /// - Parameter used: processor time of the thread so far, in ns.
    public mutating func note(used: UInt64, at now: Instant) {
        guard let last else {
            self.last = (used, now)
            return
        }
        let elapsed = now.nanoseconds(since: last.at)
        guard elapsed >= 100_000_000 else { return }
        let latest = Double(used > last.used ? used - last.used : 0) / Double(elapsed)
        share += (min(latest, 1) - share) / 2
        self.last = (used, now)
    }
}
