/// The sender reports that a slot has sent last, to find the round trip when a report block names one (RFC 3550 section 6.4.1).
///
/// The NTP times in them are the publisher's, so they are looked up, not calculated with.
struct SenderReportHistory {
    private static let capacity = 8
    private var entries = InlineArray<8, Entry>(repeating: Entry(compactNTP: 0, sentAt: Instant(nanoseconds: 0)))
    private var next = 0

    private struct Entry {
        var compactNTP: UInt32
        var sentAt: Instant
    }

    mutating func sent(compactNTP: UInt32, at now: Instant) {
        entries[next] = Entry(compactNTP: compactNTP, sentAt: now)
        next = (next + 1) % Self.capacity
    }

    /// Nanoseconds from the report to now, less the delay at the receiver.
    /// - Parameter delay: DLSR, in 1/65536 s.
    /// Nil if the report is not known or the figures cannot be.
    func roundTrip(lastReport: UInt32, delay: UInt32, at now: Instant) -> Int64? {
        guard lastReport != 0 else { return nil }
        for index in 0..<Self.capacity where entries[index].compactNTP == lastReport {
            let held = Int64(delay) &* 1_000_000_000 / 65536
            let elapsed = now.nanoseconds(since: entries[index].sentAt)
            // DLSR is rounded to 15 µs, so a fast path may come out a little below zero.
            guard elapsed &- held > -100_000 else { return nil }
            return max(0, elapsed &- held)
        }
        return nil
    }
}
