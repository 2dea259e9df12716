import Sessions
import TestSupport
import Testing

struct MistakeThrottleTests {
    private let network = ClientNetwork("192.0.2.1")

    private func other(_ number: Int) -> ClientNetwork {
        ClientNetwork("10.\(number >> 16 & 255).\(number >> 8 & 255).\(number & 255)")
    }

    /// How many attempts are let through in `duration` ms when one comes each `interval` ms.
    private func allowed(
        _ throttle: inout MistakeThrottle, from network: ClientNetwork, for duration: Int64, each interval: Int64
    ) -> Int {
        var count = 0
        for time in stride(from: 0, to: duration, by: Int(interval)) {
            if case .allowed = throttle.attempt(from: network, at: time) { count += 1 }
        }
        return count
    }

    @Test func D8_theFirstFiveMistakesAreFreeAndTheSixthSaysHowLongToWait() {
        var throttle = MistakeThrottle()
        for _ in 0..<5 { #expect(throttle.attempt(from: network, at: 1000) == .allowed(afterMilliseconds: 0)) }
        #expect(throttle.attempt(from: network, at: 1000) == .refused(forMilliseconds: 60_000))
        #expect(throttle.attempt(from: network, at: 41_000) == .refused(forMilliseconds: 20_000))
        #expect(throttle.attempt(from: network, at: 61_000) == .allowed(afterMilliseconds: 0))
        #expect(throttle.attempt(from: network, at: 61_000) == .refused(forMilliseconds: 60_000))
    }

    @Test func D8_attemptsAtOnceAreAsManyMistakesAsAttemptsInARow() {
        var throttle = MistakeThrottle()
        #expect(allowed(&throttle, from: network, for: 1000, each: 1) == 5)
    }

    @Test func D8_aRefusedAttemptDoesNotLengthenTheWait() {
        var throttle = MistakeThrottle()
        // One a minute, however many are tried: the free five, and those of the 59 minutes behind them.
        #expect(allowed(&throttle, from: network, for: 3_600_000, each: 10) == 5 + 59)
    }

    @Test func D8_rightPINsNeverCount() {
        var throttle = MistakeThrottle()
        for time in 0..<1000 {
            #expect(throttle.attempt(from: network, at: Int64(time)) == .allowed(afterMilliseconds: 0))
            throttle.forgive(network, at: Int64(time))
        }
        #expect(throttle.count == 0)
    }

    @Test func D8_networksDoNotAnswerForEachOther() {
        var throttle = MistakeThrottle()
        #expect(allowed(&throttle, from: network, for: 1000, each: 1) == 5)
        #expect(throttle.attempt(from: other(1), at: 1000) == .allowed(afterMilliseconds: 0))
    }

    @Test func D8_theOverallLimitDelaysThoseWithMistakesAndNeverTheOthers() {
        var throttle = MistakeThrottle()
        for number in 0..<1000 { _ = throttle.attempt(from: other(number), at: 0) }
        #expect(throttle.attempt(from: network, at: 0) == .allowed(afterMilliseconds: 0))
        #expect(throttle.attempt(from: network, at: 0) == .allowed(afterMilliseconds: 1500))
        #expect(throttle.attempt(from: other(5000), at: 0) == .allowed(afterMilliseconds: 0))
        // The flood is forgotten within a minute.
        #expect(throttle.attempt(from: network, at: 60_000) == .allowed(afterMilliseconds: 0))
    }

    @Test func D8_fewMistakesOverallDelayNobody() {
        var throttle = MistakeThrottle()
        for number in 0..<150 { _ = throttle.attempt(from: other(number), at: 0) }
        _ = throttle.attempt(from: network, at: 0)
        #expect(throttle.attempt(from: network, at: 0) == .allowed(afterMilliseconds: 0))
    }

    @Test func D8_aClockThatGoesBackNeitherForgivesNorPunishes() {
        var throttle = MistakeThrottle()
        for _ in 0..<5 { _ = throttle.attempt(from: network, at: 100_000) }
        #expect(throttle.attempt(from: network, at: 0) == .refused(forMilliseconds: 60_000))
        #expect(throttle.attempt(from: network, at: 160_000) == .allowed(afterMilliseconds: 0))
    }

    @Test func D8_strangersByTheMillionTakeBoundedMemoryAndThoseWithMostMistakesStay() {
        var limits = MistakeThrottle.Limits()
        limits.networks = 1000
        var throttle = MistakeThrottle(limits)
        for _ in 0..<5 { _ = throttle.attempt(from: network, at: 0) }
        for number in 0..<20_000 {
            _ = throttle.attempt(from: other(number), at: 0)
            #expect(throttle.count <= 1000)
        }
        #expect(throttle.attempt(from: network, at: 0) == .refused(forMilliseconds: 60_000))
    }
}
