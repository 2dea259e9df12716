import Sessions
import TestSupport
import Testing

struct SessionFeedTests {
    private let feed = SessionFeed()
    private let one: LensSession
    private let other: LensSession

    init() throws {
        one = try Samples.session(seed: 1)
        other = try Samples.session(seed: 2)
    }

    private func numbers(_ subscription: SessionFeed.Subscription, _ count: Int) async -> [UInt64] {
        var numbers: [UInt64] = []
        for await item in subscription.items {
            numbers.append(item.number)
            if numbers.count == count { break }
        }
        return numbers
    }

    @Test func whoListensHearsInOrder() async {
        let all = feed.subscribe(to: .everything, as: .apiKey("bench"))
        let mine = feed.subscribe(to: .session(one.id), as: .apiKey("bench"))
        for session in [one, other, one] { feed.publish(.session(session), of: session.id) }
        #expect(await numbers(all, 3) == [1, 2, 3])
        #expect(await numbers(mine, 2) == [1, 3])
    }

    @Test func whoComesBackHearsWhatWasMissed() {
        for session in [one, other, one, other] { feed.publish(.session(session), of: session.id) }
        #expect(feed.subscribe(to: .everything, as: .apiKey("bench"), after: 2).missed?.map(\.number) == [3, 4])
        #expect(feed.subscribe(to: .session(one.id), as: .apiKey("bench"), after: 1).missed?.map(\.number) == [3])
        #expect(feed.subscribe(to: .everything, as: .apiKey("bench"), after: 4).missed?.isEmpty == true)
        #expect(feed.subscribe(to: .everything, as: .apiKey("bench"), after: 0).missed?.count == 4)
        #expect(feed.subscribe(to: .everything, as: .apiKey("bench")).missed == nil)
        #expect(
            feed.subscribe(to: .everything, as: .apiKey("bench"), after: 5).missed == nil,
            "a number that was never given")
        #expect(feed.subscribe(to: .everything, as: .apiKey("bench")).latest == 4)
    }

    @Test func whatIsLongGoneIsNotKnown() {
        for _ in 0..<5000 { feed.publish(.session(one), of: one.id) }
        #expect(feed.subscribe(to: .everything, as: .apiKey("bench"), after: 1).missed == nil)
        #expect(feed.subscribe(to: .everything, as: .apiKey("bench"), after: 903).missed == nil)
        #expect(
            feed.subscribe(to: .everything, as: .apiKey("bench"), after: 904).missed?.map(\.number) == Array(905...5000)
        )
    }

    @Test func whoReadsTooSlowlyIsLetGoAndHoldsNobodyUp() async {
        let slow = feed.subscribe(to: .everything, as: .apiKey("bench"))
        for _ in 0..<300 { feed.publish(.session(one), of: one.id) }
        #expect(feed.listeners == 0)
        var heard = 0
        for await _ in slow.items { heard += 1 }
        #expect(heard == 256, "what had its place is still heard, then the stream ends")
    }

    @Test func aListenerThatLeavesIsForgotten() async {
        do {
            let listener = feed.subscribe(to: .session(one.id), as: .apiKey("bench"))
            #expect(feed.listeners == 1)
            let task = Task { for await _ in listener.items {} }
            task.cancel()
            await task.value
        }
        #expect(feed.listeners == 0)
    }

    @Test func beatsReachEverybodyAndHaveNoNumber() async {
        let all = feed.subscribe(to: .everything, as: .apiKey("bench"))
        let mine = feed.subscribe(to: .session(one.id), as: .apiKey("bench"))
        feed.beat()
        #expect(await numbers(all, 1) == [0])
        #expect(await numbers(mine, 1) == [0])
        #expect(feed.subscribe(to: .everything, as: .apiKey("bench")).latest == 0)
    }

    @Test func whatIsPassedReachesThoseWhoMayHearAndIsNotKept() async {
        let key = feed.subscribe(to: .everything, as: .apiKey("a"))
        let other = feed.subscribe(to: .everything, as: .apiKey("b"))
        let drawing = SessionFeed.Event.drawing(Drawing(side: .technician, marks: "[]"))
        feed.pass(drawing, of: one.id) { $0 == .apiKey("a") }
        feed.publish(.session(one), of: one.id)
        #expect(await numbers(key, 2) == [0, 1])
        #expect(await numbers(other, 1) == [1])
        #expect(feed.subscribe(to: .everything, as: .apiKey("c"), after: 0).missed?.map(\.number) == [1])
    }

    @Test func theEndIsForAll() async {
        let listener = feed.subscribe(to: .everything, as: .apiKey("bench"))
        feed.finish()
        #expect(await numbers(listener, 1) == [])
        #expect(await numbers(feed.subscribe(to: .everything, as: .apiKey("bench")), 1) == [])
        #expect(feed.listeners == 0)
    }

    @Test func manyAtOnceLoseNothing() async {
        let subscription = feed.subscribe(to: .everything, as: .apiKey("bench"))
        let (feed, one) = (feed, one)
        let reader = Task { await numbers(subscription, 200) }
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<200 { group.addTask { feed.publish(.session(one), of: one.id) } }
        }
        #expect(await reader.value == Array(1...200))
    }
}
