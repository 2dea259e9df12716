/// A point in time as mails have it (RFC 5322 section 3.3), such as `Sun, 22 Nov 2026 09:05:07 +0000`.
public enum MailDate {
    private static let days = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"]
    private static let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]

    /// - Parameters:
    ///   - rfc3339: in UTC, such as `2026-11-22T09:05:07.250Z`.
    ///   - milliseconds: the same since 1970-01-01T00:00:00Z, for the day of the week.
    /// - Returns: nil if `rfc3339` is nothing of the kind.
    public static func text(rfc3339: String, milliseconds: Int64) -> String? {
        let parts = rfc3339.split(separator: "T")
        guard parts.count == 2, let date = parts.first?.split(separator: "-"), date.count == 3,
            let month = Int(date[1]), months.indices.contains(month - 1),
            let time = parts.last?.prefix(8), time.count == 8
        else { return nil }
        let day = Int(milliseconds.dividingFlooring(86_400_000))
        let weekday = days[(day % 7 + 7) % 7]
        return "\(weekday), \(date[2]) \(months[month - 1]) \(date[0]) \(time) +0000"
    }
}

extension Int64 {
    fileprivate func dividingFlooring(_ divisor: Int64) -> Int64 {
        let quotient = self / divisor
        return self % divisor < 0 ? quotient - 1 : quotient
    }
}
