import Testing

@testable import Endpoints

@Suite struct WorkerThreadTests {
    private struct Failure: Error, Equatable {}

    @Test func fullQueueDropsAndCounts() {
        let queue = HandoverQueue<Int>(limit: 3)
        for number in 0..<5 { queue.offer(number) }
        #expect(queue.dropped == 2)
        #expect([queue.take(), queue.take(), queue.take()] == [0, 1, 2])
        queue.offer(9)
        queue.close()
        #expect(!queue.offer(10))
        #expect(queue.take() == 9)
        #expect(queue.take() == nil)
        #expect(queue.dropped == 2)
    }

    @Test func waitingGiverLosesNothingAndKeepsTheOrder() async throws {
        let queue = HandoverQueue<Int>(limit: 4)
        let taker = WorkerThread.start("taker") {
            var taken: [Int] = []
            while let number = queue.take() { taken.append(number) }
            return taken
        }
        let giver = WorkerThread.start("giver") {
            for number in 0..<2000 { queue.put(number) }
            queue.close()
        }
        try await giver.value()
        #expect(try await taker.value() == Array(0..<2000))
        #expect(queue.dropped == 0)
    }

    @Test func closingFreesAGiverThatWaits() async throws {
        let queue = HandoverQueue<Int>(limit: 1)
        queue.put(1)
        let giver = WorkerThread.start("giver") { queue.put(2) }
        queue.close()
        try await giver.value()
        #expect(queue.take() == 1)
        #expect(queue.take() == nil)
    }

    @Test func resultIsThereBeforeAndAfterTheEnd() async throws {
        let gate = HandoverQueue<Int>(limit: 1)
        let thread = WorkerThread.start("waits") { gate.take() }
        async let value = thread.value()
        gate.offer(7)
        #expect(try await value == 7)
        #expect(thread.isFinished)

        let failing = WorkerThread.start("fails") { throw Failure() }
        while !failing.isFinished { await Task.yield() }
        await #expect(throws: Failure.self) { try await failing.value() }
    }
}
