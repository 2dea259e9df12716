/// A point on a monotonic clock, in nanoseconds from an arbitrary origin. Made only where sockets are read and in simulations;
/// everything else takes it as an argument.
@frozen
public struct Instant: Hashable, Comparable, Sendable {
    public var nanoseconds: UInt64

    @inlinable public init(nanoseconds: UInt64) { self.nanoseconds = nanoseconds }

    @inlinable public static func < (a: Instant, b: Instant) -> Bool { a.nanoseconds < b.nanoseconds }

    /// Signed nanoseconds from `other` to here.
    @inlinable public func nanoseconds(since other: Instant) -> Int64 {
        Int64(bitPattern: nanoseconds &- other.nanoseconds)
    }

    @inlinable public func advanced(byNanoseconds count: Int64) -> Instant {
        Instant(nanoseconds: nanoseconds &+ UInt64(bitPattern: count))
    }

    @inlinable public func advanced(byMilliseconds count: Int64) -> Instant {
        advanced(byNanoseconds: count &* 1_000_000)
    }
}
