public import MediaCore
import Foundation
import MediaIO
public import MediaWire

/// The bond between this process's monotonic clock and its wall clock, read once, so that two times of a call never disagree.
public struct CallClock: Sendable {
    public let instant: Instant
    public let ntp: NTPTimestamp

    public init(instant: Instant, ntp: NTPTimestamp) {
        self.instant = instant
        self.ntp = ntp
    }

    /// The one of this process: two ends of a call in one process share it.
    public static let shared = CallClock(instant: MonotonicClock.now, ntp: WallClock.ntp)

    public func ntp(at moment: Instant) -> NTPTimestamp {
        ntp.advanced(byNanoseconds: moment.nanoseconds(since: instant))
    }

    var now: Instant { MonotonicClock.now }

    /// Blocks this thread until then.
    func sleep(until moment: Instant) {
        let nanoseconds = moment.nanoseconds(since: now)
        if nanoseconds > 0 { Thread.sleep(forTimeInterval: Double(nanoseconds) / 1e9) }
    }
}
