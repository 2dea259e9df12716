import TestSupport
import Testing

@testable import MediaCore

@Suite struct TimerQueueTests {
    @Test(arguments: [UInt64(1), 2, 3]) func entriesComeOutInTheirOrder(_ seed: UInt64) {
        var queue = TimerQueue()
        var generator = SeededGenerator(seed: seed)
        var model: [UInt64] = []
        var now: UInt64 = 0
        for step in 0..<5_000 {
            if Bool.random(using: &generator) {
                let due = now + UInt64.random(in: 0..<1_000, using: &generator)
                queue.schedule(.nack, step, 0, at: Instant(nanoseconds: due))
                model.append(due)
            } else {
                now += UInt64.random(in: 0..<400, using: &generator)
                while let entry = queue.popDue(at: Instant(nanoseconds: now)) {
                    #expect(entry.due.nanoseconds == model.min(), "seed \(seed), step \(step)")
                    #expect(entry.due.nanoseconds <= now)
                    model.remove(at: model.firstIndex(of: entry.due.nanoseconds) ?? 0)
                }
                #expect(model.allSatisfy { $0 > now }, "seed \(seed), step \(step)")
            }
            #expect(queue.next?.nanoseconds == model.min(), "seed \(seed), step \(step)")
            #expect(queue.count == model.count)
        }
    }

    @Test func nothingIsDueEarly() {
        var queue = TimerQueue()
        #expect(queue.popDue(at: Instant(nanoseconds: .max)).map(\.index) == nil)
        queue.schedule(.keyframe, 4, 7, at: Instant(nanoseconds: 100))
        #expect(queue.popDue(at: Instant(nanoseconds: 99)).map(\.index) == nil)
        let entry = queue.popDue(at: Instant(nanoseconds: 100))
        #expect(entry?.index == 4)
        #expect(entry?.generation == 7)
        #expect(queue.next == nil)
    }
}
