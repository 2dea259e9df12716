/// Slows down those who guess PINs, and nobody else (D8). Times come in; it has no clock.
///
/// Each network has a few mistakes free and is forgiven one more from time to time; above that it is refused until then. All mistakes
/// together, from whatever networks, are held against those networks that have made any: their attempts are delayed, never refused
/// for that. Whoever types the right PIN at once is neither refused nor delayed, whatever others do from elsewhere.
///
/// An attempt counts as a mistake from the moment that it is let through, and is taken off again if the PIN was right. So a thousand
/// attempts at once are as many mistakes as a thousand one after the other.
public struct MistakeThrottle: Sendable {
    public struct Limits: Sendable, Hashable {
        /// Mistakes of a network that cost it nothing.
        public var free = 5
        /// Until a network is forgiven a mistake, in ms.
        public var forgiveness: Int64 = 60_000
        /// Mistakes of all networks that delay nobody.
        public var freeOverall = 200
        /// Until one mistake of all networks is forgotten, in ms.
        public var forgivenessOverall: Int64 = 200
        /// The delay at most, in ms.
        public var longestDelay: Int64 = 1500
        /// Networks that are kept account of; beyond, those are forgotten first that would be forgiven first.
        public var networks = 100_000

        public init() {}
    }

    /// What becomes of an attempt.
    public enum Verdict: Sendable, Hashable {
        /// Look at the PIN after so many ms. Call `forgive` if it was right.
        case allowed(afterMilliseconds: Int64)
        /// Do not look at it. The next attempt is allowed after so many ms.
        case refused(forMilliseconds: Int64)
    }

    public let limits: Limits
    /// When each network's mistakes will all be forgiven; those whose time has passed may still stand here.
    private var debts: [ClientNetwork: Int64] = [:]
    /// When all mistakes of all networks will be forgotten.
    private var overall: Int64 = .min
    /// A clock that goes back forgives nobody later.
    private var latest: Int64 = .min

    public init(_ limits: Limits = Limits()) { self.limits = limits }

    /// Networks that are kept account of now.
    public var count: Int { debts.count }

    /// An attempt is about to be made.
    /// - Parameter milliseconds: since any fixed moment, on a clock that does not jump.
    public mutating func attempt(from network: ClientNetwork, at milliseconds: Int64) -> Verdict {
        let now = advance(to: milliseconds)
        let debt = max(debts[network] ?? now, now)
        // As long as the debt is shorter than the free mistakes are long, one more fits.
        let room = Int64(limits.free) * limits.forgiveness
        let next = debt + limits.forgiveness
        guard next - now <= room else { return .refused(forMilliseconds: next - room - now) }
        let hasMistakes = debt > now
        note(network, next)
        let delay = hasMistakes ? overallDelay(now) : 0
        overall = min(max(overall, now) + limits.forgivenessOverall, now + overallRoom + limits.longestDelay)
        return .allowed(afterMilliseconds: delay)
    }

    /// The attempt's PIN was right: it never counted.
    public mutating func forgive(_ network: ClientNetwork, at milliseconds: Int64) {
        let now = advance(to: milliseconds)
        overall = max(overall - limits.forgivenessOverall, now)
        guard let debt = debts[network] else { return }
        let before = debt - limits.forgiveness
        if before > now { note(network, before) } else { debts[network] = nil }
    }

    private var overallRoom: Int64 { Int64(limits.freeOverall) * limits.forgivenessOverall }

    private func overallDelay(_ now: Int64) -> Int64 {
        min(max(0, overall - now - overallRoom), limits.longestDelay)
    }

    private mutating func advance(to milliseconds: Int64) -> Int64 {
        latest = max(latest, milliseconds)
        overall = max(overall, latest)
        return latest
    }

    private mutating func note(_ network: ClientNetwork, _ debt: Int64) {
        if debts.count >= limits.networks, debts[network] == nil { makeRoom() }
        debts[network] = debt
    }

    /// Rarely has something to do, and then for half of all networks at once.
    private mutating func makeRoom() {
        debts = debts.filter { $0.value > latest }
        guard debts.count > limits.networks / 2 else { return }
        let kept = debts.sorted { $0.value > $1.value }.prefix(limits.networks / 2)
        debts = Dictionary(uniqueKeysWithValues: kept.map { ($0.key, $0.value) })
    }
}
