/// Wall-clock time as in RTCP: 32.32 fixed-point seconds since 1 January 1900 UTC (RFC 3550 section 4).
@frozen
public struct NTPTimestamp: RawRepresentable, Hashable, Comparable, Sendable {
    public var rawValue: UInt64
    @inlinable public init(rawValue: UInt64) { self.rawValue = rawValue }

    /// Seconds between the NTP epoch (1900) and the Unix epoch (1970).
    public static let unixEpochOffsetSeconds: UInt64 = 2_208_988_800

    /// - Parameter unixNanoseconds: nanoseconds since 1 January 1970 UTC.
    public init(unixNanoseconds: UInt64) {
        let seconds = unixNanoseconds / 1_000_000_000 &+ Self.unixEpochOffsetSeconds
        let fraction = (unixNanoseconds % 1_000_000_000) << 32 / 1_000_000_000
        rawValue = seconds << 32 | fraction
    }

    /// Nanoseconds since 1 January 1970 UTC; zero for times before it. Seconds with the top bit clear count from the
    /// end of the first era in 2036 (RFC 4330 section 3).
    public var unixNanoseconds: UInt64 {
        let field = rawValue >> 32
        let seconds = field & 0x8000_0000 == 0 ? field | 1 << 32 : field
        guard seconds >= Self.unixEpochOffsetSeconds else { return 0 }
        let fraction = (rawValue & 0xFFFF_FFFF) &* 1_000_000_000
        // Rounded, so that nanoseconds survive the way through NTP and back.
        return (seconds &- Self.unixEpochOffsetSeconds) &* 1_000_000_000 &+ (fraction &+ 0x8000_0000) >> 32
    }

    /// The middle 32 bits, as LSR carries them: units of 1/65536 s (RFC 3550 section 6.4.1).
    @inlinable public var compact: UInt32 { UInt32(truncatingIfNeeded: rawValue >> 16) }

    @inlinable public static func < (a: NTPTimestamp, b: NTPTimestamp) -> Bool { a.rawValue < b.rawValue }

    /// This time moved by `nanoseconds`, which may be negative.
    public func advanced(byNanoseconds nanoseconds: Int64) -> NTPTimestamp {
        let seconds = nanoseconds / 1_000_000_000
        let rest = nanoseconds % 1_000_000_000
        let fraction = (rest << 32) / 1_000_000_000
        return NTPTimestamp(rawValue: rawValue &+ UInt64(bitPattern: seconds << 32 &+ fraction))
    }

    /// Nanoseconds from `other` to here, rounded; for spans under 68 years.
    public func nanoseconds(since other: NTPTimestamp) -> Int64 {
        let difference = Int64(bitPattern: rawValue &- other.rawValue)
        let seconds = difference >> 32
        let fraction = difference & 0xFFFF_FFFF
        return seconds &* 1_000_000_000 &+ (fraction &* 1_000_000_000 &+ 0x8000_0000) >> 32
    }
}
