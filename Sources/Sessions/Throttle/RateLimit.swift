/// How many calls a network may make: so many a second in the long run, and a burst of them at once. Times come in; it has no clock.
///
/// This is the generic cell rate algorithm (ITU-T I.371): one moment for each network, however many calls it makes.
public struct RateLimit: Sendable {
    /// Networks that are kept account of; beyond, those are forgotten that have made no call for a while.
    private static let networks = 100_000
    /// One call takes so long at the limit, in µs.
    private let interval: Int64
    private let burst: Int64
    /// When each network would have made all its calls at the limit, in µs.
    private var debts: [ClientNetwork: Int64] = [:]

    /// - Parameters:
    ///   - perSecond: calls in the long run, 1 to 1,000,000.
    ///   - burst: calls at once, at least 1.
    public init(perSecond: Int, burst: Int) {
        interval = 1_000_000 / Int64(min(max(perSecond, 1), 1_000_000))
        self.burst = Int64(max(burst, 1))
    }

    /// Networks that are kept account of now.
    public var count: Int { debts.count }

    /// A call comes in.
    /// - Parameter milliseconds: since any fixed moment, on a clock that does not jump.
    /// - Returns: nil if it may be made; else after how many ms the next one may.
    public mutating func take(from network: ClientNetwork, at milliseconds: Int64) -> Int64? {
        let now = milliseconds * 1000
        let next = max(debts[network] ?? now, now) + interval
        let excess = next - now - burst * interval
        guard excess <= 0 else { return (excess + 999) / 1000 }
        if debts.count >= Self.networks, debts[network] == nil { makeRoom(at: now) }
        debts[network] = next
        return nil
    }

    /// Rarely has something to do, and then for many networks at once.
    private mutating func makeRoom(at now: Int64) {
        debts = debts.filter { $0.value > now }
        // More than can be kept account of come at once: all begin anew, which lets each have another burst.
        if debts.count >= Self.networks { debts = [:] }
    }
}
