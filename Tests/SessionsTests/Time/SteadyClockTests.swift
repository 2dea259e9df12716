import Sessions
import TestSupport
import Testing

struct SteadyClockTests {
    private let start: Int64 = 1_767_225_600_000

    @Test func aGoodClockIsFollowed() {
        var clock = SteadyClock(wall: start, monotonic: 5000)
        for second in Int64(1)...1000 {
            #expect(clock.time(wall: start + second * 1000, monotonic: 5000 + second * 1000) == start + second * 1000)
        }
        #expect(clock.difference == 0)
    }

    @Test(arguments: [3_600_000, -3_600_000, 7_776_000_000, -7_776_000_000] as [Int64])
    func aJumpIsTakenOverSlowly(jump: Int64) {
        var clock = SteadyClock(wall: start, monotonic: 0)
        var before = start
        for second in Int64(1)...600 {
            let told = clock.time(wall: start + jump + second * 1000, monotonic: second * 1000)
            #expect(told >= before)
            #expect(abs(told - before - 1000) <= 50)
            before = told
        }
        #expect(abs(before - start - 600_000) <= 30_000)
        #expect(abs(clock.difference) > 3_500_000)
    }

    @Test func aSmallErrorIsGoneSoon() {
        var clock = SteadyClock(wall: start, monotonic: 0)
        var told: Int64 = 0
        for second in Int64(1)...60 { told = clock.time(wall: start + 2500 + second * 1000, monotonic: second * 1000) }
        #expect(told == start + 2500 + 60_000)
        for second in Int64(61)...180 {
            told = clock.time(wall: start - 2500 + second * 1000, monotonic: second * 1000)
        }
        #expect(told == start - 2500 + 180_000)
    }

    /// Whatever the readings are, in whatever steps, time never goes back, and never faster or slower than by a twentieth.
    @Test(arguments: [UInt64(1), 2, 3]) func itNeverGoesBack(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        var clock = SteadyClock(wall: start, monotonic: 0)
        var (monotonic, wall, before) = (Int64(0), start, start)
        for _ in 0..<20_000 {
            monotonic += Int64.random(in: 0...400, using: &generator)
            wall += Int64.random(in: -2000...2500, using: &generator)
            if Int.random(in: 0..<1000, using: &generator) == 0 {
                wall += Int64.random(in: -1_000_000_000...1_000_000_000, using: &generator)
            }
            let told = clock.time(wall: wall, monotonic: monotonic)
            #expect(told >= before)
            before = told
        }
        #expect(abs(before - start - monotonic) <= monotonic / 20 + 1)
    }

    @Test func theEndsOfTheRangeDoNotTrap() {
        for (wall, monotonic) in [(Int64.min, Int64.max), (Int64.max, Int64.min), (Int64.max, Int64.max)] {
            var clock = SteadyClock(wall: start, monotonic: 0)
            _ = clock.time(wall: wall, monotonic: monotonic)
            _ = clock.time(wall: ~wall, monotonic: monotonic)
        }
    }
}
