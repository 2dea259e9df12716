import MediaCore

/// One direction of one path: decides what becomes of each datagram.
struct SimulatedLink {
    var profile: LinkProfile
    private var random: SimulationRandom
    private var isBad = false
    /// When the bottleneck has sent everything queued so far.
    private var lineFree = Instant(nanoseconds: 0)
    /// Arrival of the newest datagram that kept its order.
    private var lastArrival = Instant(nanoseconds: 0)

    init(_ profile: LinkProfile, random: SimulationRandom) {
        self.profile = profile
        self.random = random
    }

    /// When the datagram arrives: not at all, once, or twice.
    mutating func arrivals(ofBytes count: Int, at now: Instant) -> [Instant] {
        // Every draw is made every time, so that a lost datagram does not change the fate of later ones.
        let isLost = random.chance(profile.loss)
        let isLostInBurst = drawBurst()
        let jitter = profile.jitterMilliseconds * Double.random(in: 0...1, using: &random)
        let isHeldBack = random.chance(profile.reordering)
        let isDoubled = random.chance(profile.duplication)

        guard let departure = queue(count, at: now), !isLost, !isLostInBurst else { return [] }
        let delay = Int64((profile.delayMilliseconds + jitter) * 1e6)
        var arrival = max(departure.advanced(byNanoseconds: delay), lastArrival)
        lastArrival = arrival
        if isHeldBack { arrival = arrival.advanced(byNanoseconds: Int64(profile.reorderingMilliseconds * 1e6)) }
        return isDoubled ? [arrival, arrival.advanced(byMilliseconds: 1)] : [arrival]
    }

    private mutating func drawBurst() -> Bool {
        guard let burst = profile.burst else { return false }
        if random.chance(isBad ? burst.toGood : burst.toBad) { isBad.toggle() }
        return isBad && random.chance(burst.lossWhenBad)
    }

    /// When the bottleneck has sent the datagram; nil if its queue is full.
    private mutating func queue(_ count: Int, at now: Instant) -> Instant? {
        guard let rate = profile.bitsPerSecond, rate > 0 else { return now }
        let start = max(now, lineFree)
        let waiting = Double(start.nanoseconds(since: now)) / 1e9 * Double(rate) / 8
        guard waiting <= Double(profile.queueBytes) else { return nil }
        lineFree = start.advanced(byNanoseconds: Int64(Double(count) * 8 / Double(rate) * 1e9))
        return lineFree
    }
}
