import MediaCore
import MediaIO
import MediaWire
import Testing

@Suite struct ShardLoadTests {
    @Test func aNewSessionGoesToTheOpenShardWithTheLeastToDo() {
        #expect([ShardLoad(sessions: 3), ShardLoad(sessions: 2), ShardLoad(sessions: 4)].leastLoaded == 1)
        // Few sessions that cost much against many that cost nothing.
        #expect([ShardLoad(sessions: 2, busyShare: 0.6), ShardLoad(sessions: 90, busyShare: 0)].leastLoaded == 1)
        // So many, though, that their media may come at any time.
        #expect([ShardLoad(sessions: 2, busyShare: 0.6), ShardLoad(sessions: 900, busyShare: 0)].leastLoaded == 0)
        #expect([ShardLoad(sessions: 0, isClosed: true), ShardLoad(sessions: 9, busyShare: 0.9)].leastLoaded == 1)
        #expect([ShardLoad(sessions: 0, isClosed: true), ShardLoad(sessions: 9, isClosed: true)].leastLoaded == nil)
        #expect([ShardLoad]().leastLoaded == nil)
    }

    @Test func manyAtOnceAreSpreadOverAllShards() {
        var loads = Array(repeating: ShardLoad(sessions: 0), count: 4)
        for _ in 0..<100 { loads[loads.leastLoaded ?? 0].sessions += 1 }
        #expect(loads.map(\.sessions) == [25, 25, 25, 25])
    }

    @Test func theShareIsThatOfLateAndComesBackToZero() {
        var meter = ShardBusyMeter()
        func at(_ milliseconds: UInt64) -> Instant { Instant(nanoseconds: milliseconds * 1_000_000) }
        meter.note(used: 5_000_000_000, at: at(1_000))
        #expect(meter.share == 0)
        for second in 1...10 as ClosedRange<UInt64> {
            meter.note(used: 5_000_000_000 + second * 400_000_000, at: at(1_000 + second * 1_000))
        }
        #expect((0.39...0.4).contains(meter.share))
        // Too soon to say anything.
        meter.note(used: 9_090_000_000, at: at(11_090))
        #expect((0.39...0.4).contains(meter.share))
        for second in 1...10 as ClosedRange<UInt64> { meter.note(used: 9_090_000_000, at: at(11_090 + second * 1_000)) }
        #expect(meter.share < 0.001)
    }

    @Test func aThreadTellsItsProcessorTimeWhileItRuns() async throws {
        let address = try #require(SocketAddress("127.0.0.1:0"))
        let thread = try ShardThread(index: 0, bindingTo: address, configuration: RelayConfiguration(seed: 1))
        try await thread.perform { _, _ in }
        let first = try #require(thread.processorNanoseconds)
        try await thread.perform { _, now in
            while MonotonicClock.now.nanoseconds(since: now) < 20_000_000 {}
        }
        let second = try #require(thread.processorNanoseconds)
        #expect(second > first)
        #expect(!thread.isOverloaded)
        #expect(thread.droppedEvents == 0)
        await thread.stop()
        #expect(thread.processorNanoseconds == nil)
    }
}
