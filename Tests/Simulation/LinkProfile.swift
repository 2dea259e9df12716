/// How one direction of a path treats datagrams.
public struct LinkProfile: Sendable, Hashable {
    /// Probability that a datagram is lost, each on its own.
    public var loss = 0.0
    /// Loss that comes in bursts, on top.
    public var burst: BurstLoss?
    public var delayMilliseconds = 10.0
    /// Extra delay, drawn evenly from 0 to this. Keeps the order.
    public var jitterMilliseconds = 0.0
    /// Probability that a datagram is held back for `reorderingMilliseconds`, so that later ones overtake it.
    public var reordering = 0.0
    public var reorderingMilliseconds = 8.0
    /// Probability that a datagram comes twice.
    public var duplication = 0.0
    /// Rate of the bottleneck in bit/s, with a queue in front of it; nil: no bottleneck.
    public var bitsPerSecond: Int?
    public var queueBytes = 60_000

    public init() {}

    /// A lossless path with a little of everything else, as a home connection.
    public static var everyday: LinkProfile {
        var profile = LinkProfile()
        profile.delayMilliseconds = 20
        profile.jitterMilliseconds = 6
        profile.reordering = 0.01
        return profile
    }

    public func losing(_ probability: Double) -> LinkProfile {
        var profile = self
        profile.loss = probability
        return profile
    }
}

/// Gilbert and Elliott's two states: in the bad one, datagrams are lost with a high probability.
public struct BurstLoss: Sendable, Hashable {
    /// Probability, per datagram, to turn bad.
    public var toBad: Double
    /// Probability, per datagram, to turn good again: bursts last 1/toGood datagrams on average.
    public var toGood: Double
    public var lossWhenBad: Double

    public init(toBad: Double, toGood: Double, lossWhenBad: Double = 1) {
        self.toBad = toBad
        self.toGood = toGood
        self.lossWhenBad = lossWhenBad
    }
}
