import Sessions
import TestSupport
import Testing

/// A day of guessing at a service with 500 live PINs, in simulated time (D8).
struct PINGuessingTests {
    private static let livePINs = 500
    private static let daySeconds = 86_400
    /// Each guess hits with this chance, the right PINs being drawn evenly (D1).
    private static let chance = Double(livePINs) / 1_000_000

    private struct Outcome {
        /// Those that were let through.
        var guesses = 0
        /// When there have been as many guesses as a hit takes on average, in ms; nil if not within the day.
        var expectedHit: Int64?
        var honestRefused = 0
        var longestHonestWait: Int64 = 0
    }

    /// Each network guesses a thousandth of a thousand times a second, and once it is refused comes again as soon as it may: nobody
    /// gains by coming earlier. Each second an honest customer comes from a network of their own, every fifth of them with a mistake
    /// first.
    private static func attack(networks: Int) -> Outcome {
        var throttle = MistakeThrottle()
        var outcome = Outcome()
        let addresses = (0..<networks).map { ClientNetwork("10.0.\($0 >> 8).\($0 & 255)") }
        var due: [Int: [Int]] = [0: Array(0..<networks)]
        for second in 0..<daySeconds {
            for place in due.removeValue(forKey: second) ?? [] {
                let time = Int64(second * 1000 + place % 1000)
                var wait: Int64 = 1000
                switch throttle.attempt(from: addresses[place], at: time) {
                case .allowed:
                    outcome.guesses += 1
                    if outcome.expectedHit == nil, Double(outcome.guesses) * chance >= 1 { outcome.expectedHit = time }
                case .refused(let milliseconds): wait = milliseconds
                }
                due[second + max(1, Int(wait + 999) / 1000), default: []].append(place)
            }
            honest(second, &throttle, &outcome)
        }
        return outcome
    }

    private static func honest(_ number: Int, _ throttle: inout MistakeThrottle, _ outcome: inout Outcome) {
        let time = Int64(number * 1000 + 999)
        let network = ClientNetwork("172.\(16 + number >> 16).\(number >> 8 & 255).\(number & 255)")
        if number % 5 == 0 { _ = throttle.attempt(from: network, at: time) }
        switch throttle.attempt(from: network, at: time) {
        case .allowed(let delay):
            outcome.longestHonestWait = max(outcome.longestHonestWait, delay)
            throttle.forgive(network, at: time)
        case .refused: outcome.honestRefused += 1
        }
    }

    @Test func D8_fromOneAddressTheExpectedHitIsOverADayAway() {
        let outcome = Self.attack(networks: 1)
        #expect(outcome.expectedHit == nil)
        #expect((1400...1445).contains(outcome.guesses))
        #expect(outcome.honestRefused == 0)
        #expect(outcome.longestHonestWait == 0)
    }

    /// The free mistakes of a thousand networks are more guesses than a hit needs: 2000. What the limits do is that a day brings
    /// 1.4 million guesses instead of 86 million, and that no honest customer is kept out meanwhile. Start is the gate (D8).
    @Test func D8_fromAThousandAddressesHonestCustomersStillJoinWithinTwoSeconds() throws {
        let outcome = Self.attack(networks: 1000)
        #expect(try #require(outcome.expectedHit) < 10_000)
        #expect((1_400_000...1_445_000).contains(outcome.guesses))
        #expect(outcome.honestRefused == 0)
        #expect((1...1500).contains(outcome.longestHonestWait))
    }
}
