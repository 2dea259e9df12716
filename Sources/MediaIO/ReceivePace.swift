internal import MediaCore

/// How a shard waits for datagrams.
///
/// Where they come every millisecond or faster, it sleeps in the receive itself, which has a fixed longest wait: that saves a
/// system call and a high-resolution timer for each wake-up, and commands and timers are looked at often enough all the same.
/// Otherwise it sleeps until a datagram, a command or the very time of the next timer.
struct ReceivePace {
    private static let fastInterval: Int64 = 1_000_000

    /// Mean time between two receives that brought something, in ns.
    private var interval: Int64 = 1_000_000_000
    private var last = Instant(nanoseconds: 0)

    var isFast: Bool { interval < Self.fastInterval }

    mutating func note(receivedAny: Bool, at now: Instant) {
        guard receivedAny else {
            interval = 1_000_000_000
            return
        }
        let sample = min(max(0, now.nanoseconds(since: last)), 10_000_000)
        last = now
        // From a pause on, a few quick ones have to follow each other.
        interval = interval > 10_000_000 ? 10_000_000 : interval &+ (sample &- interval) / 8
    }
}
