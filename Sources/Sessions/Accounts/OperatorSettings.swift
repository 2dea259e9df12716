/// What administrators set while the service runs; what is nil is as the configuration has it.
public struct OperatorSettings: Sendable, Hashable, Codable {
    /// D2, in minutes.
    public private(set) var pinLifetimeMinutes: Int?
    /// D11, in minutes; 0 is for ever.
    public private(set) var waitingLimitMinutes: Int?
    /// In days; 0 is for ever.
    public private(set) var retentionDays: Int?
    public private(set) var eula: EULA?
    /// Of invites that ask for none (D17).
    public var language: InviteLanguage?

    public static let waitingLimits = 0...10_080
    public static let retentions = 0...3650
    /// Longest licence, in Unicode scalars.
    public static let eulaLimit = 50_000

    public init() {}

    /// - Throws: `invalid`.
    public mutating func setPINLifetime(minutes: Int) throws(SessionError) {
        pinLifetimeMinutes = try Self.check(minutes, SessionSettings.pinLifetimes, "pinLifetimeMinutes")
    }

    /// - Throws: `invalid`.
    public mutating func setWaitingLimit(minutes: Int) throws(SessionError) {
        waitingLimitMinutes = try Self.check(minutes, Self.waitingLimits, "waitingLimitMinutes")
    }

    /// - Throws: `invalid`.
    public mutating func setRetention(days: Int) throws(SessionError) {
        retentionDays = try Self.check(days, Self.retentions, "retentionDays")
    }

    /// - Throws: `invalid`.
    public mutating func setEULA(_ eula: EULA) throws(SessionError) {
        _ = try PlainLine.check(eula.version, field: "eula.version")
        guard (1...Self.eulaLimit).contains(eula.text.unicodeScalars.count) else {
            throw .invalid(field: "eula.text", "must have 1 to \(Self.eulaLimit) characters")
        }
        self.eula = eula
    }

    /// The configuration's settings with these in their places.
    public func over(_ settings: SessionSettings) -> SessionSettings {
        var result =
            SessionSettings(
                pinLifetimeMinutes: pinLifetimeMinutes ?? settings.pinLifetimeMinutes, eula: eula ?? settings.eula)
            ?? settings
        result.waitingLimitMinutes = waitingLimitMinutes ?? settings.waitingLimitMinutes
        result.retentionDays = retentionDays ?? settings.retentionDays
        result.language = language ?? settings.language
        result.sendsMail = settings.sendsMail
        result.pinLimits = settings.pinLimits
        return result
    }

    private static func check(_ value: Int, _ range: ClosedRange<Int>, _ field: String) throws(SessionError) -> Int {
        guard range.contains(value) else {
            throw .invalid(field: field, "must be \(range.lowerBound) to \(range.upperBound)")
        }
        return value
    }
}
