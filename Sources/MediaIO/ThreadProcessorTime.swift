internal import CLinux
internal import Glibc

/// The processor time of one thread, readable by the others.
enum ThreadProcessorTime {
    /// Names the calling thread's clock; negative if the system has none.
    static var clockOfThisThread: Int64 {
        var clock: clockid_t = 0
        // Such clocks are negative numbers themselves, so they are kept in the low half.
        guard unsafe pthread_getcpuclockid(pthread_self(), &clock) == 0 else { return -1 }
        return Int64(UInt32(bitPattern: clock))
    }

    /// Nil if the thread has ended.
    static func nanoseconds(of clock: Int64) -> UInt64? {
        guard clock >= 0 else { return nil }
        var time = timespec()
        guard unsafe clock_gettime(clockid_t(truncatingIfNeeded: clock), &time) == 0 else { return nil }
        return UInt64(clamping: time.tv_sec) &* 1_000_000_000 &+ UInt64(clamping: time.tv_nsec)
    }
}
