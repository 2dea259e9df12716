/// RTP timestamp: 32 bits in ticks of the payload's clock (VP8: 90,000 Hz, Opus: 48,000 Hz), wraps (RFC 3550 section
/// 5.1).
@frozen
public struct RTPTimestamp: RawRepresentable, Hashable, Sendable, CustomStringConvertible {
    public var rawValue: UInt32
    @inlinable public init(rawValue: UInt32) { self.rawValue = rawValue }
    @inlinable public init(_ value: UInt32) { rawValue = value }

    /// Signed distance in ticks from `other` to here across the wrap.
    @inlinable public func distance(from other: RTPTimestamp) -> Int {
        Int(Int32(bitPattern: rawValue &- other.rawValue))
    }
    @inlinable public func isNewer(than other: RTPTimestamp) -> Bool { distance(from: other) > 0 }
    @inlinable public func advanced(by ticks: Int) -> RTPTimestamp {
        RTPTimestamp(rawValue &+ UInt32(truncatingIfNeeded: ticks))
    }
    public var description: String { String(rawValue) }
}
