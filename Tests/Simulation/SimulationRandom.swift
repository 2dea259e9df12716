import MediaCore

/// The draws of a simulation, so that a seed repeats a run to the bit.
public struct SimulationRandom: RandomNumberGenerator, Sendable {
    private var numbers: SplitMix64

    public init(seed: UInt64) { numbers = SplitMix64(seed: seed) }

    public mutating func next() -> UInt64 { numbers.next() }

    /// True with the given probability, 0 to 1.
    public mutating func chance(_ probability: Double) -> Bool {
        probability > 0 && Double.random(in: 0..<1, using: &self) < probability
    }

    /// A generator of its own, so that what one part draws does not change the others.
    public mutating func split() -> SimulationRandom { SimulationRandom(seed: next()) }
}
