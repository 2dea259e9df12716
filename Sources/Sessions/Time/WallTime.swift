/// A point in civil time: whole milliseconds since 1970-01-01T00:00:00Z. The only clock that this module knows; it
/// always comes in as an argument.
public struct WallTime: Hashable, Comparable, Sendable, Codable {
    public var milliseconds: Int64

    public init(milliseconds: Int64) { self.milliseconds = milliseconds }

    public static func < (a: WallTime, b: WallTime) -> Bool { a.milliseconds < b.milliseconds }

    public func advanced(bySeconds seconds: Int64) -> WallTime {
        WallTime(milliseconds: milliseconds &+ seconds &* 1000)
    }

    public func advanced(byMinutes minutes: Int64) -> WallTime { advanced(bySeconds: minutes &* 60) }

    /// RFC 3339 §5.6 in UTC with milliseconds, such as `2026-03-01T09:05:07.250Z`; right for the years 0000 to 9999.
    public var rfc3339: String {
        let day = milliseconds.floorDivided(by: 86_400_000)
        let rest = milliseconds &- day &* 86_400_000
        let (year, month, dayOfMonth) = Self.civil(fromDays: day)
        let seconds = rest / 1000
        let date = [Self.padded(year, 4), Self.padded(month, 2), Self.padded(dayOfMonth, 2)].joined(separator: "-")
        let time = [seconds / 3600, seconds / 60 % 60, seconds % 60].map { Self.padded($0, 2) }.joined(separator: ":")
        return date + "T" + time + "." + Self.padded(rest % 1000, 3) + "Z"
    }

    /// Day count since 1970 to a date of the proleptic Gregorian calendar. A year is counted from March, so that the
    /// leap day is its last one, in eras of 400 years (146,097 days).
    private static func civil(fromDays days: Int64) -> (year: Int64, month: Int64, day: Int64) {
        let shifted = days + 719_468
        let era = shifted.floorDivided(by: 146_097)
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let marchMonth = (5 * dayOfYear + 2) / 153
        let day = dayOfYear - (153 * marchMonth + 2) / 5 + 1
        let month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day)
    }

    private static func padded(_ value: Int64, _ width: Int) -> String {
        let text = String(value)
        return String(repeating: "0", count: max(0, width - text.count)) + text
    }
}

extension Int64 {
    fileprivate func floorDivided(by divisor: Int64) -> Int64 {
        let quotient = self / divisor
        return self % divisor < 0 ? quotient - 1 : quotient
    }
}
