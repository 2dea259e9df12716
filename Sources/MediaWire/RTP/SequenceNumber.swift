/// RTP sequence number: 16 bits, wraps (RFC 3550 section 5.1).
@frozen
public struct SequenceNumber: RawRepresentable, Hashable, Sendable, CustomStringConvertible {
    public var rawValue: UInt16
    @inlinable public init(rawValue: UInt16) { self.rawValue = rawValue }
    @inlinable public init(_ value: UInt16) { rawValue = value }

    /// Signed distance from `other` to here across the wrap: positive when this number is newer (-32768 ... 32767).
    @inlinable public func distance(from other: SequenceNumber) -> Int {
        Int(Int16(bitPattern: rawValue &- other.rawValue))
    }
    @inlinable public func isNewer(than other: SequenceNumber) -> Bool { distance(from: other) > 0 }
    @inlinable public func advanced(by count: Int) -> SequenceNumber {
        SequenceNumber(rawValue &+ UInt16(truncatingIfNeeded: count))
    }
    public var description: String { String(rawValue) }
}

/// Turns wrapping sequence numbers into a count that does not wrap, following the newest number seen.
@frozen
public struct SequenceUnwrapper: Sendable {
    /// The newest extended number so far; nil before the first.
    public private(set) var newest: Int64?

    public init() { newest = nil }

    /// The extended number that `sequence` stands for, nearest to the newest. Does not move on.
    public func peek(_ sequence: SequenceNumber) -> Int64 {
        guard let newest else { return Int64(sequence.rawValue) }
        let low = SequenceNumber(UInt16(truncatingIfNeeded: newest))
        return newest &+ Int64(sequence.distance(from: low))
    }

    /// The extended number that `sequence` stands for; a newer one becomes the reference. May be negative for numbers
    /// before the first.
    public mutating func unwrap(_ sequence: SequenceNumber) -> Int64 {
        let extended = peek(sequence)
        if newest.map({ extended > $0 }) ?? true { newest = extended }
        return extended
    }
}
