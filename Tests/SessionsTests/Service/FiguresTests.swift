import Sessions
import Testing

/// How a running call does, for those who watch it.
struct FiguresTests {
    private let bench = Bench()

    /// A session that has media and has been started, by somebody without an account here.
    private func running(as technician: String? = nil) async throws -> LensSession {
        let session = try await bench.waiting()
        _ = try await bench.accept(session.id, .publish, by: .customer(session.id))
        let starter = try technician.map(Samples.technician)
        let started = try await bench.service.start(session.id, as: starter, by: bench.key)
        await bench.media.count(session.id, packets: 5)
        return started
    }

    private func heard(_ subscription: SessionFeed.Subscription, until count: Int = 1) async -> [SessionFeed.Item] {
        var items: [SessionFeed.Item] = []
        for await item in subscription.items {
            items.append(item)
            if items.count == count { break }
        }
        return items
    }

    @Test func theTechniciansSideHearsThem() async throws {
        let session = try await running()
        let automation = bench.service.feed.subscribe(to: .everything, as: bench.key)
        let customer = bench.service.feed.subscribe(to: .session(session.id), as: .customer(session.id))
        try await bench.service.publishFigures()
        bench.service.feed.beat()
        let item = try #require(await heard(automation).first)
        guard case .figures(let reading, _) = item.event else {
            Issue.record("\(item)")
            return
        }
        #expect(item.session == session.id)
        #expect(item.number == 0, "they are not kept")
        #expect(reading.total.packetsForwarded == 5)
        guard case .beat = await heard(customer).first?.event else {
            Issue.record("the customer's page has figures of its own")
            return
        }
    }

    @Test func ofSessionsOfOthersAndOnHoldNobodyHears() async throws {
        let session = try await running(as: "tess")
        let tom = bench.service.feed.subscribe(to: .everything, as: .technician(try Samples.technician("tom")))
        let tess = bench.service.feed.subscribe(to: .everything, as: .technician(try Samples.technician("tess")))
        try await bench.service.publishFigures()
        _ = try await bench.service.hold(session.id, by: bench.key)
        try await bench.service.publishFigures()
        bench.service.feed.beat()
        let kinds = { (items: [SessionFeed.Item]) in
            items.map { item in
                switch item.event {
                case .figures: "figures"
                case .session: "session"
                case .beat: "beat"
                default: "other"
                }
            }
        }
        #expect(kinds(await heard(tom, until: 2)) == ["session", "beat"])
        #expect(kinds(await heard(tess, until: 3)) == ["figures", "session", "beat"])
    }

    @Test func whoAsksAtOnceIsToldTheSameAndSoonAfterTheNext() async throws {
        let session = try await running()
        #expect(await bench.service.recentFigures(of: session).packetsForwarded == 5)
        await bench.media.count(session.id, packets: 1)
        #expect(await bench.service.recentFigures(of: session).packetsForwarded == 5)
        #expect(await bench.service.figures(of: session).packetsForwarded == 6)
        bench.clock.advance(seconds: 1)
        #expect(await bench.service.recentFigures(of: session).packetsForwarded == 6)
        let active = try await bench.service.activeReadings()
        #expect(active.map(\.session) == [session.id])
        #expect(active.map(\.reading.total.packetsForwarded) == [6])
    }
}
