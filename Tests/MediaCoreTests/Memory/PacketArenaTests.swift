import TestSupport
import Testing

@testable import MediaCore

@Suite struct PacketArenaTests {
    private static func bytes(_ number: Int) -> [UInt8] {
        (0..<1_500).map { UInt8(truncatingIfNeeded: $0 &+ number &* 7) }
    }

    /// Fills a ring at a packet a millisecond for this long; answers which packets are still whole, newest first.
    private func run(_ arena: inout PacketArena, milliseconds: Int, each packets: Int) -> [Int] {
        var places: [PacketArena.Place] = []
        for number in 0..<(milliseconds * packets) {
            let now = Instant(nanoseconds: 5_000_000_000 + UInt64(number / packets) * 1_000_000)
            Self.bytes(number).withUnsafeBytes { packet in
                if let place = arena.store(packet, at: now) { places.append(place) }
            }
        }
        #expect(places.count == milliseconds * packets)
        return places.indices.reversed().filter { number in
            guard let bytes = arena.bytes(at: places[number], count: 1_500) else { return false }
            #expect([UInt8](bytes) == Self.bytes(number))
            return true
        }
    }

    @Test func keepsASecondWhereThereIsRoom() {
        var arena = PacketArena(limit: 64 * 1024 * 1024)
        // 30 Mbyte a second.
        let whole = run(&arena, milliseconds: 3_000, each: 20)
        #expect(whole.count >= 20_000)
        #expect(whole == Array((60_000 - whole.count..<60_000).reversed()), "the newest ones, without a hole")
        #expect(arena.size > PacketArena.initialSize && arena.size < arena.limit)
    }

    @Test func staysWithinItsLimitAndItsFirstSize() {
        var small = PacketArena(limit: 1_000_000)
        #expect((600...667).contains(run(&small, milliseconds: 500, each: 20).count))
        #expect(small.size == 1_000_000)
        var slow = PacketArena(limit: 64 * 1024 * 1024)
        _ = run(&slow, milliseconds: 20_000, each: 1)
        #expect(slow.size == PacketArena.initialSize)
    }

    @Test func shrinksAgainWhenLittleComes() {
        var arena = PacketArena(limit: 64 * 1024 * 1024)
        _ = run(&arena, milliseconds: 2_000, each: 20)
        let grown = arena.size
        #expect(grown > 20 * 1024 * 1024)
        // Its clock goes on from where the last packet came.
        var now = Instant(nanoseconds: 10_000_000_000)
        for number in 0..<60_000 {
            now = now.advanced(byMilliseconds: 3)
            Self.bytes(number).withUnsafeBytes { _ = arena.store($0, at: now) }
        }
        #expect(arena.size < grown / 4)
    }

    @Test func noPlaceAndLongPacketsAreNowhere() {
        var arena = PacketArena(limit: 1_000_000)
        #expect(arena.bytes(at: PacketArena.Place(lap: 0, offset: 0), count: 1) == nil)
        #expect(arena.bytes(at: PacketArena.Place(lap: 1, offset: 999_999), count: 2) == nil)
        let stored = [UInt8](repeating: 1, count: 2_049).withUnsafeBytes {
            arena.store($0, at: Instant(nanoseconds: 1))
        }
        #expect(stored == nil)
    }
}
