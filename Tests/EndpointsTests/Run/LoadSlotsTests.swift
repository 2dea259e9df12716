import Synchronization
import Testing

@testable import Endpoints

@Suite("Places for calls under way")
struct LoadSlotsTests {
    /// What the tasks of a test did, from any of them.
    private final class Log: Sendable {
        private let state = Mutex((now: 0, most: 0, done: 0, order: [String]()))

        func begin() {
            state.withLock { state in
                state.now += 1
                state.most = max(state.most, state.now)
            }
        }

        func end() {
            state.withLock { state in
                state.now -= 1
                state.done += 1
            }
        }

        func note(_ name: String) { state.withLock { $0.order.append(name) } }

        var now: Int { state.withLock { $0.now } }
        var most: Int { state.withLock { $0.most } }
        var done: Int { state.withLock { $0.done } }
        var order: [String] { state.withLock { $0.order } }
    }

    @Test func noMoreThanThereArePlacesRunAtOnceAndAllGetTheirTurn() async {
        let slots = LoadSlots(3)
        let log = Log()
        await withDiscardingTaskGroup { group in
            for _ in 0..<40 {
                group.addTask {
                    await slots.take()
                    log.begin()
                    for _ in 0..<5 { await Task.yield() }
                    log.end()
                    slots.give()
                }
            }
        }
        #expect(log.done == 40 && log.now == 0)
        #expect((1...3).contains(log.most))
    }

    @Test func aPlaceThatIsGivenBackGoesToWhoeverWaits() async {
        let slots = LoadSlots(1)
        let log = Log()
        await slots.take()
        let waiting = Task {
            await slots.take()
            log.note("second")
            slots.give()
        }
        for _ in 0..<20 { await Task.yield() }
        log.note("first")
        slots.give()
        await waiting.value
        #expect(log.order == ["first", "second"])
        // And is free after.
        await slots.take()
    }
}
