import Sessions
import Testing

/// What happens by itself: D11, D13, retention.
struct HousekeepingTests {
    private func bench(waiting: Int = 60, retention: Int = 90) -> Bench {
        var settings = SessionSettings()
        settings.waitingLimitMinutes = waiting
        settings.retentionDays = retention
        return Bench(settings: settings)
    }

    private func status(_ bench: Bench, _ id: SessionID) async throws -> SessionStatus {
        try await bench.service.session(id, for: bench.key).status
    }

    @Test func D11_waitingTimesOut() async throws {
        let bench = bench(waiting: 10)
        let session = try await bench.waiting()
        bench.clock.advance(seconds: 10 * 60)
        try await bench.service.endLongWaits()
        #expect(try await status(bench, session.id) == .waiting)
        bench.clock.advance(seconds: 1)
        let late = try await bench.waiting()
        try await bench.service.endLongWaits()
        #expect(try await status(bench, session.id) == .timedOut)
        #expect(try await status(bench, late.id) == .waiting)
        #expect(try await bench.service.session(session.id, for: bench.key).endReason == .timeout)
    }

    @Test func D11_zeroIsForEver() async throws {
        let bench = bench(waiting: 0)
        let session = try await bench.waiting()
        bench.clock.advance(seconds: 1_000_000)
        try await bench.service.endLongWaits()
        #expect(try await status(bench, session.id) == .waiting)
    }

    @Test func D13_aLostConnectionIsReconnectingThenOfflineAndComesBackByItself() async throws {
        let bench = bench()
        let session = try await bench.waiting()
        _ = try await bench.service.start(session.id, as: nil, by: bench.key)
        func after(_ seconds: Int64, heard: Bool? = nil) async throws -> SessionStatus {
            bench.clock.advance(seconds: seconds)
            if let heard { await bench.service.noteCustomer(of: session.id, isHeard: heard) }
            try await bench.service.noteLostConnections()
            return try await status(bench, session.id)
        }
        #expect(try await after(0, heard: true) == .active)
        #expect(try await after(600) == .active)
        #expect(try await after(0, heard: false) == .reconnecting, "three seconds have passed when that is told")
        #expect(try await after(296) == .reconnecting)
        #expect(try await after(1) == .offline)
        #expect(try await after(1000) == .offline)
        #expect(try await after(0, heard: true) == .active)
        #expect(try await after(1000, heard: false) == .reconnecting, "the five minutes begin anew")
    }

    @Test func D13_theGateStaysAsItWas() async throws {
        let bench = bench()
        let session = try await bench.waiting()
        _ = try await bench.accept(session.id, .publish, by: .customer(session.id))
        _ = try await bench.service.start(session.id, as: nil, by: bench.key)
        await bench.service.noteCustomer(of: session.id, isHeard: false)
        #expect(try await status(bench, session.id) == .reconnecting)
        #expect(await bench.media.isOpen(session.id))
        #expect(try await bench.service.session(session.id, for: bench.key).gateIsOpen)
    }

    @Test func aSessionThatHasHadNoMediaIsNotLost() async throws {
        let bench = bench()
        let session = try await bench.waiting()
        _ = try await bench.service.start(session.id, as: nil, by: bench.key)
        bench.clock.advance(seconds: 60)
        try await bench.service.noteLostConnections()
        #expect(try await status(bench, session.id) == .active)
    }

    @Test func D13_aCustomerWhoIsLostBeforeStartIsSeenAfterIt() async throws {
        let bench = bench()
        let session = try await bench.waiting()
        await bench.service.noteCustomer(of: session.id, isHeard: false)
        #expect(try await status(bench, session.id) == .waiting)
        _ = try await bench.service.start(session.id, as: nil, by: bench.key)
        try await bench.service.noteLostConnections()
        #expect(try await status(bench, session.id) == .reconnecting)
    }

    @Test func D13_afterARestartActiveSessionsReconnect() async throws {
        let first = bench()
        let session = try await first.waiting()
        _ = try await first.service.start(session.id, as: nil, by: first.key)
        let second = Bench(store: first.store)
        second.clock.advance(seconds: 5)
        let service = SessionService(
            store: first.store, media: second.media, accounts: second.accounts, now: { second.clock.now },
            waiting: second.clock.waiting)
        try await service.noteLostConnections()
        #expect(try await service.session(session.id, for: first.key).status == .active, "it may be on its way")
        second.clock.advance(seconds: 3)
        try await service.noteLostConnections()
        #expect(try await service.session(session.id, for: first.key).status == .reconnecting)
        await service.noteCustomer(of: session.id, isHeard: true)
        #expect(try await service.session(session.id, for: first.key).status == .active)
    }

    @Test func anInviteThatNobodyTakesUpEndsAfterADay() async throws {
        let bench = bench()
        let invited = try await bench.create()
        let claimed = try await bench.create()
        _ = try await bench.join(claimed)
        let waiting = try await bench.waiting()
        bench.clock.advance(seconds: 24 * 3600)
        let young = try await bench.create()
        try await bench.service.endAbandonedInvites()
        #expect(try await status(bench, invited.id) == .connecting, "not yet")
        bench.clock.advance(seconds: 1)
        try await bench.service.endAbandonedInvites()
        for session in [invited, claimed] { #expect(try await status(bench, session.id) == .timedOut) }
        #expect(try await status(bench, waiting.id) == .waiting)
        #expect(try await status(bench, young.id) == .connecting)
    }

    @Test func D12_onHoldNeverTimesOut() async throws {
        let bench = bench(waiting: 1)
        let session = try await bench.waiting()
        _ = try await bench.service.start(session.id, as: nil, by: bench.key)
        _ = try await bench.service.hold(session.id, by: bench.key)
        bench.clock.advance(seconds: 1_000_000)
        try await bench.service.endLongWaits()
        #expect(try await status(bench, session.id) == .onHold)
    }

    @Test func oldSessionsAreForgottenAndTheLogIsNot() async throws {
        let bench = bench(waiting: 0, retention: 30)
        let old = try await bench.waiting()
        _ = try await bench.service.say("hello", in: old.id, by: bench.key)
        _ = try await bench.service.end(old.id, notes: nil, by: bench.key)
        bench.clock.advance(seconds: 29 * 86_400)
        let young = try await bench.waiting()
        let open = try await bench.waiting()
        _ = try await bench.service.end(young.id, notes: nil, by: bench.key)
        #expect(try await bench.service.forgetOldSessions() == 0)
        bench.clock.advance(seconds: 86_401)
        let entries = try await bench.store.auditHead().number
        #expect(try await bench.service.forgetOldSessions() == 1)
        await #expect(throws: SessionError.notFound) { try await bench.service.session(old.id, for: bench.key) }
        #expect(try await bench.store.chat(of: old.id) == [])
        #expect(try await status(bench, young.id) == .closed)
        #expect(try await status(bench, open.id) == .waiting)
        #expect(try await bench.store.auditHead().number == entries + 1)
    }

    @Test func D19_pauseAndMuteAreSeenAtOnce() async throws {
        let bench = bench()
        let session = try await bench.waiting()
        let customer = Principal.customer(session.id)
        let listener = bench.service.feed.subscribe(to: .everything, as: bench.key)
        _ = try await bench.service.changeMedia(camera: .paused, microphone: nil, by: customer)
        let after = try await bench.service.changeMedia(camera: nil, microphone: .muted, by: customer)
        #expect(after.customerMedia == CustomerMedia(camera: .paused, microphone: .muted))
        var seen: [CustomerMedia?] = []
        for await item in listener.items {
            if case .session(let session) = item.event { seen.append(session.customerMedia) }
            if seen.count == 2 { break }
        }
        #expect(seen == [CustomerMedia(camera: .paused), CustomerMedia(camera: .paused, microphone: .muted)])
    }

    @Test func notesAreWrittenAlsoAfterTheEnd() async throws {
        let bench = bench()
        let session = try await bench.waiting()
        _ = try await bench.service.note("first", on: session.id, by: bench.key)
        #expect(try await bench.service.end(session.id, notes: nil, by: bench.key).notes == "first")
        #expect(try await bench.service.note("last", on: session.id, by: bench.key).notes == "last")
        await #expect(throws: SessionError.self) {
            try await bench.service.note(String(repeating: "x", count: 4001), on: session.id, by: bench.key)
        }
        await #expect(throws: SessionError.technicianOnly) {
            try await bench.service.note("x", on: session.id, by: .customer(session.id))
        }
    }

    @Test func whoIsDisabledHearsNothingMore() async throws {
        let bench = bench()
        _ = try await bench.accounts.prepare()
        let tess = try Samples.technician("tess")
        let group = try #require(GroupID("support"))
        let email = try #require(EmailAddress("tess@example.org"))
        let account = try Technician(id: tess, email: email, name: "Tess", group: group)
        _ = try await bench.accounts.addTechnician(account, password: nil, by: bench.key)
        let session = try await bench.waiting()
        let other = try await bench.waiting()
        _ = try await bench.accept(session.id, .publish, by: .customer(session.id))
        _ = try await bench.service.start(session.id, as: tess, by: bench.key)
        _ = try await bench.service.start(other.id, as: nil, by: bench.key)
        try await bench.service.holdSessionsOfTheDisabled()
        #expect(try await status(bench, session.id) == .active)
        #expect(await bench.media.isOpen(session.id))
        var disabled = account
        disabled.isDisabled = true
        try await bench.accounts.change(.changeTechnician(disabled), by: bench.key)
        try await bench.service.holdSessionsOfTheDisabled()
        #expect(try await status(bench, session.id) == .onHold)
        #expect(await !bench.media.isOpen(session.id))
        #expect(try await status(bench, other.id) == .active)
    }
}
