/// What the operator may set.
public struct SessionSettings: Sendable, Hashable {
    /// How long an unclaimed PIN lives (D2), in minutes.
    public let pinLifetimeMinutes: Int
    public let eula: EULA
    /// How long a session waits for Start before it times out, in minutes; 0 is for ever (D11).
    public var waitingLimitMinutes = 60
    /// How long a session is kept after its end, with its chat, in days; 0 is for ever. The audit log stays.
    public var retentionDays = 90
    /// Whether there is a server that invites are mailed through (S42).
    public var sendsMail = false
    /// Of invites that ask for none.
    public var language = InviteLanguage.english
    /// How wrong PINs are slowed down (D8).
    public var pinLimits = MistakeThrottle.Limits()

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
