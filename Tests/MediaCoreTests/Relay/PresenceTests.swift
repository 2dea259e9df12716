import MediaWire
import TestSupport
import Testing

@testable import MediaCore

/// D13: whether a session's customer is still there, told when it changes.
struct PresenceTests {
    private func told(_ bench: RelayBench) -> [ShardEvent] {
        bench.events().filter { $0 == .customerHeard(RelayBench.session) || $0 == .customerLost(RelayBench.session) }
    }

    @Test func D13_threeSecondsOfSilenceAreALossAndTheNextSignIsAReturn() throws {
        let call = try Call()
        call.publish(1...3)
        call.bench.advance(milliseconds: 1)
        #expect(told(call.bench) == [.customerHeard(RelayBench.session)])
        for number in 4..<9 {
            call.bench.advance(milliseconds: 900)
            call.publish(number)
        }
        #expect(told(call.bench) == [])
        call.bench.advance(milliseconds: 2500)
        #expect(told(call.bench) == [])
        call.bench.advance(milliseconds: 2000)
        #expect(told(call.bench) == [.customerLost(RelayBench.session)])
        call.bench.advance(milliseconds: 20_000)
        #expect(told(call.bench) == [])
        call.publish(20)
        call.bench.advance(milliseconds: 1100)
        #expect(told(call.bench) == [.customerHeard(RelayBench.session)])
    }

    @Test func whoIsGoneForLongIsNotLookedForAndHeardOfAllTheSame() throws {
        let call = try Call()
        call.publish(1...3)
        call.bench.advance(milliseconds: 120_000)
        #expect(told(call.bench) == [.customerHeard(RelayBench.session), .customerLost(RelayBench.session)])
        #expect(call.bench.shard.nextTimeout == nil, "nothing is planned")
        call.publish(10)
        call.bench.advance(milliseconds: 1100)
        #expect(told(call.bench) == [.customerHeard(RelayBench.session)])
    }

    @Test func silenceBeforeAnyMediaIsNoLoss() throws {
        let call = try Call()
        call.bench.advance(milliseconds: 60_000)
        #expect(told(call.bench) == [])
    }

    @Test func aGoodbyeIsALossAtOnce() throws {
        let call = try Call()
        call.publish(1...3)
        call.bench.advance(milliseconds: 1)
        _ = told(call.bench)
        call.bench.deliver(
            call.publisher.rtcp([.goodbye(Goodbye(sources: [call.publisher.ssrc]))]), from: call.publisher.address)
        #expect(told(call.bench) == [.customerLost(RelayBench.session)])
    }
}
