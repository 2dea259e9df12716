internal import CLinux
internal import Glibc
public import MediaCore
public import MediaWire

/// The machine's clocks. The only place of the media targets that reads them.
public enum MonotonicClock {
    /// Now, on the clock that never jumps.
    public static var now: Instant { Instant(nanoseconds: lens_clock_nanoseconds(CLOCK_MONOTONIC)) }
}

/// The wall clock.
public enum WallClock {
    /// Nanoseconds since 1 January 1970 UTC.
    public static var unixNanoseconds: UInt64 { lens_clock_nanoseconds(CLOCK_REALTIME) }

    /// Now, as RTCP writes it.
    public static var ntp: NTPTimestamp { NTPTimestamp(unixNanoseconds: unixNanoseconds) }
}
