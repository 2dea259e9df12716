/// How often a stream's reports go out: as often as its bandwidth allows (RFC 3550 section 6.2, "reduced minimum": 360 divided by
/// the bandwidth in kbit/s, in seconds), within limits.
struct ReportPace {
    /// Bandwidth is measured over this many ms at least.
    private static let leastElapsed: Int64 = 250

    private var bytes: UInt64 = 0
    private var at = Instant(nanoseconds: 0)

    /// The reports of a stream begin.
    mutating func begin(bytes: UInt64, at now: Instant) {
        self.bytes = bytes
        at = now
    }

    /// Milliseconds until the next report, now that one is due.
    /// - Parameter bytes: of the stream so far.
    mutating func next(bytes: UInt64, at now: Instant, within limits: ClosedRange<Int64>) -> Int64 {
        let passed = Int64(clamping: bytes &- self.bytes)
        let elapsed = max(0, now.nanoseconds(since: at)) / 1_000_000
        begin(bytes: bytes, at: now)
        // A time too short to tell says nothing of the bandwidth.
        guard elapsed >= Self.leastElapsed else { return max(limits.lowerBound, limits.upperBound / 2) }
        // Silence ends reports soon; until then they keep the shortest interval.
        guard passed > 0 else { return limits.lowerBound }
        let wanted = 45_000 &* min(elapsed, 60_000) / passed
        return min(max(wanted, limits.lowerBound), limits.upperBound)
    }
}
