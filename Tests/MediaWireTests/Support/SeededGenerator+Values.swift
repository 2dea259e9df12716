import MediaWire
import TestSupport

/// Random values, boundary values more often than their share.
extension SeededGenerator {
    mutating func integer<T: FixedWidthInteger>(_ type: T.Type = T.self) -> T {
        switch UInt8.random(in: 0..<8, using: &self) {
        case 0: T.min
        case 1: T.max
        case 2: T(truncatingIfNeeded: Int.random(in: -2...2, using: &self))
        default: T(truncatingIfNeeded: next())
        }
    }

    mutating func flag() -> Bool { Bool.random(using: &self) }
    mutating func below(_ limit: Int) -> Int { Int.random(in: 0..<limit, using: &self) }
    mutating func ssrc() -> SSRC { SSRC(integer()) }

    mutating func bytes(_ count: ClosedRange<Int>) -> [UInt8] {
        (0..<Int.random(in: count, using: &self)).map { _ in integer(UInt8.self) }
    }

    mutating func list<T>(_ count: ClosedRange<Int>, _ make: (inout SeededGenerator) -> T) -> [T] {
        (0..<Int.random(in: count, using: &self)).map { _ in make(&self) }
    }

    mutating func optional<T>(_ make: (inout SeededGenerator) -> T) -> T? { flag() ? make(&self) : nil }
}
