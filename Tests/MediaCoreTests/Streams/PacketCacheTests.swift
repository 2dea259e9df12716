import TestSupport
import Testing

@testable import MediaCore

@Suite struct PacketCacheTests {
    private static func bytes(_ number: Int64, _ length: Int) -> [UInt8] {
        (0..<length).map { UInt8(truncatingIfNeeded: Int64($0) &+ number &* 31) }
    }

    /// What comes out is what went in, or nothing: never a packet that was overwritten in part.
    @Test(arguments: [UInt64(1), 2, 3]) func answersWholePacketsOnly(_ seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        // The smallest ring that holds a few packets.
        var arena = PacketArena(limit: 8 * 1024)
        guard var cache = PacketCache(packets: 512) else {
            Issue.record("no memory")
            return
        }
        var now = Instant(nanoseconds: 1_000_000_000)
        var lengths: [Int64: Int] = [:]
        var found = 0
        for number in Int64(-5)..<3_000 {
            now = now.advanced(byMilliseconds: 10)
            let length = Int.random(in: 1...1_500, using: &generator)
            lengths[number] = length
            Self.bytes(number, length).withUnsafeBytes { cache.store($0, extended: number, in: &arena, at: now) }
            let wanted = number - Int64.random(in: 0...20, using: &generator)
            if let packet = cache.take(extended: wanted, from: arena, at: now) {
                #expect([UInt8](packet) == Self.bytes(wanted, lengths[wanted] ?? 0), "seed \(seed), \(number)")
                found += 1
            }
        }
        #expect(found > 500)
    }

    @Test func newestPacketIsAlwaysThere() {
        var arena = PacketArena(limit: 4_096)
        guard var cache = PacketCache(packets: 512) else {
            Issue.record("no memory")
            return
        }
        for number in Int64(0)..<500 {
            let bytes = Self.bytes(number, 1 + Int(number % 1_400))
            bytes.withUnsafeBytes { cache.store($0, extended: number, in: &arena, at: Instant(nanoseconds: 1)) }
            let packet = cache.take(extended: number, from: arena, at: Instant(nanoseconds: 1)).map { [UInt8]($0) }
            #expect(packet == bytes)
        }
    }

    @Test func ageSpacingAndUnknownNumbersAreKept() {
        var arena = PacketArena(limit: 4_096)
        guard var cache = PacketCache(packets: 512) else {
            Issue.record("no memory")
            return
        }
        let start = Instant(nanoseconds: 5_000_000_000)
        [UInt8](repeating: 1, count: 10).withUnsafeBytes { cache.store($0, extended: 7, in: &arena, at: start) }
        func isThere(_ number: Int64, _ milliseconds: Int64) -> Bool {
            cache.take(extended: number, from: arena, at: start.advanced(byMilliseconds: milliseconds)) != nil
        }
        let answers = [
            isThere(7, 1), isThere(7, 2), isThere(7, 6), isThere(8, 6), isThere(7 + 512, 6), isThere(7, 2_000),
            isThere(7, 2_001),
        ]
        #expect(answers == [true, false, true, false, false, true, false])
    }
}
