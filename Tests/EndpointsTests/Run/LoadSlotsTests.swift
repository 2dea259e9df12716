import Synchronization
import Testing

@testable import Endpoints

@Suite("Places for calls under way")
struct LoadSlotsTests {
    private struct Count {
        var now = 0
        var most = 0
        var done = 0
    }

    @Test func noMoreThanThereArePlacesRunAtOnceAndAllGetTheirTurn() async {
        let slots = LoadSlots(3)
        let count = Mutex(Count())
        await withDiscardingTaskGroup { group in
            for _ in 0..<40 {
                group.addTask {
                    await slots.take()
                    count.withLock { count in
                        count.now += 1
                        count.most = max(count.most, count.now)
                    }
                    for _ in 0..<5 { await Task.yield() }
                    count.withLock { count in
                        count.now -= 1
                        count.done += 1
                    }
                    slots.give()
                }
            }
        }
        let result = count.withLock { $0 }
        #expect(result.done == 40 && result.now == 0)
        #expect((1...3).contains(result.most))
    }

    @Test func aPlaceThatIsGivenBackGoesToWhoeverWaits() async {
        let slots = LoadSlots(1)
        await slots.take()
        let order = Mutex<[String]>([])
        let waiting = Task {
            await slots.take()
            order.withLock { $0.append("second") }
            slots.give()
        }
        for _ in 0..<20 { await Task.yield() }
        order.withLock { $0.append("first") }
        slots.give()
        await waiting.value
        #expect(order.withLock { $0 } == ["first", "second"])
        // And is free after.
        await slots.take()
    }
}
