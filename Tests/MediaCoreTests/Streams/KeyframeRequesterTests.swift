import Testing

@testable import MediaCore

@Suite struct KeyframeRequesterTests {
    private func instant(_ milliseconds: Int64) -> Instant {
        Instant(nanoseconds: 0).advanced(byMilliseconds: milliseconds)
    }

    @Test func requestGoesOutOnceAndIsRepeatedUntilItIsAnswered() {
        var requester = KeyframeRequester()
        #expect(requester.nextTimeout == nil)
        #expect(requester.handleTimeout(at: instant(10)) == false)
        requester.want()
        requester.want()
        #expect(requester.handleTimeout(at: instant(10)) == true)
        #expect(requester.handleTimeout(at: instant(10)) == false)
        #expect(requester.nextTimeout == instant(510))
        #expect(requester.handleTimeout(at: instant(509)) == false)
        #expect(requester.handleTimeout(at: instant(510)) == true)
        requester.keyframeArrived()
        #expect(!requester.isWaiting)
        #expect(requester.nextTimeout == nil)
        #expect(requester.sent == 2)
    }

    @Test func nextRequestKeepsItsDistance() {
        var requester = KeyframeRequester()
        requester.want()
        #expect(requester.handleTimeout(at: instant(0)) == true)
        requester.keyframeArrived()
        requester.want()
        #expect(requester.nextTimeout == instant(250))
        #expect(requester.handleTimeout(at: instant(249)) == false)
        #expect(requester.handleTimeout(at: instant(250)) == true)
    }

    @Test func keyframeThatComesByItselfAnswersARequestNotSentYet() {
        var requester = KeyframeRequester()
        requester.want()
        requester.keyframeArrived()
        #expect(!requester.isWaiting)
        #expect(requester.handleTimeout(at: instant(0)) == false)
        #expect(requester.sent == 0)
    }

    @Test func requestsEndAfterTheirAttempts() {
        var requester = KeyframeRequester()
        requester.want()
        var sent = 0
        for milliseconds in stride(from: Int64(0), to: 20_000, by: 10)
        where requester.handleTimeout(at: instant(milliseconds)) {
            sent += 1
        }
        #expect(sent == KeyframeRequester.maximumAttempts)
        #expect(!requester.isWaiting)
        requester.want()
        #expect(requester.handleTimeout(at: instant(30_000)) == true)
    }
}

@Suite struct SenderReportHistoryTests {
    private func instant(_ milliseconds: Int64) -> Instant {
        Instant(nanoseconds: 1_000_000_000).advanced(byMilliseconds: milliseconds)
    }

    @Test func roundTripIsTheTimeSinceTheNamedReportLessTheDelay() {
        var history = SenderReportHistory()
        for number in 1...20 { history.sent(compactNTP: UInt32(number) << 16, at: instant(Int64(number) * 1_000)) }
        // 13 to 20 are remembered.
        #expect(history.roundTrip(lastReport: 20 << 16, delay: 0, at: instant(20_040)) == 40_000_000)
        #expect(history.roundTrip(lastReport: 13 << 16, delay: 65_536, at: instant(14_025)) == 25_000_000)
        #expect(history.roundTrip(lastReport: 12 << 16, delay: 0, at: instant(20_040)) == nil)
        #expect(history.roundTrip(lastReport: 0, delay: 0, at: instant(20_040)) == nil)
    }

    @Test func figuresThatCannotBeAreNoRoundTrip() {
        var history = SenderReportHistory()
        history.sent(compactNTP: 77, at: instant(0))
        #expect(history.roundTrip(lastReport: 77, delay: 65_536, at: instant(500)) == nil)
        #expect(history.roundTrip(lastReport: 77, delay: .max, at: instant(500)) == nil)
        // Rounding of DLSR may put a fast path just below zero.
        #expect(history.roundTrip(lastReport: 77, delay: 32_769, at: instant(500)) == 0)
    }
}
