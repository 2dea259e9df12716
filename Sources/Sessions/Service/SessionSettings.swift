/// What the operator may set.
public struct SessionSettings: Sendable, Hashable {
    /// How long an unclaimed PIN lives (D2), in minutes.
    public let pinLifetimeMinutes: Int
    public let eula: EULA
    /// How wrong PINs are slowed down (D8).
    public var pinLimits = PINThrottle.Limits()

    public static let pinLifetimes = 1...999

    /// - Returns: nil if the lifetime is not 1 to 999 minutes.
    public init?(pinLifetimeMinutes: Int, eula: EULA = .standard) {
        guard Self.pinLifetimes.contains(pinLifetimeMinutes) else { return nil }
        self.pinLifetimeMinutes = pinLifetimeMinutes
        self.eula = eula
    }

    /// Twenty minutes and the standard licence.
    public init() {
        pinLifetimeMinutes = 20
        eula = .standard
    }
}
