internal import MediaCore

extension Instant {
    /// The earlier of two times, where nil stands for never.
    static func earlier(_ a: Instant?, _ b: Instant?) -> Instant? {
        guard let a else { return b }
        guard let b else { return a }
        return min(a, b)
    }
}

/// When the next report of a track is due: intervals vary by a quarter, so that the reports of many peers do not march
/// in step (RFC 3550 section 6.2).
struct ReportTimer {
    private let interval: Int64
    private var state: UInt64
    private(set) var next: Instant?

    /// - Parameter seed: any number; decides how the intervals vary.
    init(intervalMilliseconds: Int64, seed: UInt64) {
        interval = max(1, intervalMilliseconds) &* 1_000_000
        state = seed | 1
    }

    /// Starts with the first packet; the first report comes early, so that clocks are known soon.
    mutating func start(at now: Instant) {
        guard next == nil else { return }
        next = now.advanced(byNanoseconds: interval / 10)
    }

    /// True once per interval.
    mutating func isDue(at now: Instant) -> Bool {
        guard let next, next <= now else { return false }
        // Xorshift is random enough to keep peers apart.
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        let spread = Int64(state % UInt64(interval / 2 + 1))
        self.next = now.advanced(byNanoseconds: interval &* 3 / 4 &+ spread)
        return true
    }

    mutating func stop() { next = nil }
}
