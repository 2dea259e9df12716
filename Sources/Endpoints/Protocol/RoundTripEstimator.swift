internal import MediaWire

/// Round trip from report blocks that answer our own sender reports (RFC 3550 section 6.4.1).
struct RoundTripEstimator {
    /// Nanoseconds, smoothed by 1/8; nil before the first answer.
    private(set) var smoothed: Int64?

    /// - Parameter now: in the clock that our sender reports carry.
    mutating func record(_ block: ReportBlock, at now: NTPTimestamp) {
        guard block.lastSenderReport != 0 else { return }
        let ticks = Int32(bitPattern: now.compact &- block.lastSenderReport &- block.delaySinceLastSenderReport)
        // LSR and DLSR are rounded to 15 microseconds, so a short trip may come out just below zero. More than that, or
        // a minute and above, is a peer that lies.
        guard ticks > -16, ticks < 60 << 16 else { return }
        let sample = Int64(max(0, ticks)) &* 1_000_000_000 >> 16
        smoothed = smoothed.map { $0 &+ (sample &- $0) / 8 } ?? sample
    }
}
