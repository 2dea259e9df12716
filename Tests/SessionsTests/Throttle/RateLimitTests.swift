import Sessions
import TestSupport
import Testing

struct RateLimitTests {
    private let one = ClientNetwork("192.0.2.1")
    private let other = ClientNetwork("192.0.2.2")

    @Test func aBurstIsFreeAndThenTheRateHolds() {
        var limit = RateLimit(perSecond: 10, burst: 20)
        for _ in 0..<20 { #expect(limit.take(from: one, at: 0) == nil) }
        #expect(limit.take(from: one, at: 0) == 100)
        #expect(limit.take(from: one, at: 99) == 1)
        #expect(limit.take(from: one, at: 100) == nil)
        #expect(limit.take(from: one, at: 100) == 100)
        #expect(limit.take(from: other, at: 100) == nil, "another network has its own")
    }

    @Test func whoRestsHasTheBurstAgain() {
        var limit = RateLimit(perSecond: 10, burst: 20)
        for _ in 0..<20 { _ = limit.take(from: one, at: 0) }
        let taken = (0..<100).count { _ in limit.take(from: one, at: 10_000) == nil }
        #expect(taken == 20)
    }

    @Test func refusalsCostNothing() {
        var limit = RateLimit(perSecond: 10, burst: 1)
        _ = limit.take(from: one, at: 0)
        for _ in 0..<1000 { _ = limit.take(from: one, at: 50) }
        #expect(limit.take(from: one, at: 100) == nil)
    }

    @Test func IPv6GoesByTheSubscriber() {
        var limit = RateLimit(perSecond: 1, burst: 1)
        #expect(limit.take(from: ClientNetwork("2001:db8::1"), at: 0) == nil)
        #expect(limit.take(from: ClientNetwork("2001:db8::2"), at: 0) != nil)
        #expect(limit.take(from: ClientNetwork("2001:db8:0:1::1"), at: 0) == nil)
    }

    /// Over any stretch of time no network gets more than its burst and its rate.
    @Test(arguments: [UInt64(1), 2, 3]) func theRateHoldsOverAnyTime(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        var limit = RateLimit(perSecond: 50, burst: 10)
        var now: Int64 = 0
        var taken: [Int64] = []
        for _ in 0..<20_000 {
            now += Int64.random(in: 0...15, using: &generator)
            if limit.take(from: one, at: now) == nil { taken.append(now) }
        }
        var first = 0
        for last in taken.indices {
            while taken[last] - taken[first] > 1000 { first += 1 }
            #expect(last - first + 1 <= 10 + 50 + 1)
        }
        #expect(Int64(taken.count) >= min(20_000, now * 50 / 1000))
    }

    @Test func memoryIsBounded() {
        var limit = RateLimit(perSecond: 1, burst: 1)
        for number in 0..<250_000 {
            _ = limit.take(from: ClientNetwork("\(number >> 16 & 255).\(number >> 8 & 255).\(number & 255).1"), at: 0)
        }
        #expect(limit.count <= 100_000)
    }
}
