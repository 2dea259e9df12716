import Sessions
import TestSupport
import Testing

/// What any store must keep. Each test runs against every store that there is.
struct SessionStoreContractTests {
    enum Kind: CaseIterable {
        case memory

        func make() -> any SessionStore {
            switch self {
            case .memory: MemorySessionStore()
            }
        }
    }

    private let now = Samples.start

    /// A stored session with all gates open.
    private func waiting(_ store: any SessionStore, pin: String, seed: UInt64, kind: SessionKind = .lens) async throws
        -> SessionID
    {
        let session = try Samples.session(pin: pin, seed: seed, kind: kind)
        try await store.create(session)
        _ = try await store.claim(pin: session.pin, by: Samples.claim(), at: now)
        _ = try await store.update(
            session.id, with: .devicesAnswered(DeviceConsent(camera: true, microphone: true)), at: now)
        _ = try await store.update(
            session.id, with: .eulaAnswered(version: "1", accepted: true, currentVersion: "1"), at: now)
        return session.id
    }

    @Test(arguments: Kind.allCases) func whatIsStoredIsFound(kind: Kind) async throws {
        let store = kind.make()
        let session = try Samples.session()
        #expect(try await store.find(session.id) == nil)
        try await store.create(session)
        #expect(try await store.find(session.id) == session)
    }

    @Test(arguments: Kind.allCases) func D1_aPINOfALivingSessionIsTaken(kind: Kind) async throws {
        let store = kind.make()
        let first = try Samples.session(pin: "123456", seed: 1)
        try await store.create(first)
        let second = try Samples.session(pin: "123456", seed: 2)
        await #expect(throws: SessionError.pinTaken) { try await store.create(second) }
        _ = try await store.end(id: first.id, notes: nil, at: now)
        try await store.create(second)
        #expect(try await store.claim(pin: second.pin, by: Samples.claim(), at: now).session.id == second.id)
    }

    @Test(arguments: Kind.allCases) func D7_PINsAreRefusedByName(kind: Kind) async throws {
        let store = kind.make()
        let session = try Samples.session(pin: "111111")
        try await store.create(session)
        func claim(_ digits: String, at time: WallTime) async throws -> SessionError? {
            let pin = try Samples.pin(digits)
            do throws(SessionError) {
                _ = try await store.claim(pin: pin, by: Samples.claim(), at: time)
                return nil
            } catch { return error }
        }
        #expect(try await claim("999999", at: now) == .pin(.invalid))
        #expect(try await claim("111111", at: session.pinExpiresAt) == .pin(.expired))
        _ = try await store.update(
            session.id, with: .pinReplaced(Samples.pin("222222"), expiresAt: session.pinExpiresAt), at: now)
        #expect(try await claim("111111", at: now) == .pin(.expired))
        #expect(try await claim("222222", at: now) == nil)
        #expect(try await claim("222222", at: now) == .pin(.alreadyUsed))
        #expect(try await claim("111111", at: now) == .pin(.expired), "revoked, not used")
        _ = try await store.end(id: session.id, notes: nil, at: now)
        #expect(try await claim("222222", at: now) == .pin(.alreadyUsed))
    }

    @Test(arguments: Kind.allCases) func D5_aRevokedPINIsFreeForAnotherSession(kind: Kind) async throws {
        let store = kind.make()
        let first = try Samples.session(pin: "111111", seed: 1)
        try await store.create(first)
        let replacement = SessionEvent.pinReplaced(try Samples.pin("222222"), expiresAt: first.pinExpiresAt)
        _ = try await store.update(first.id, with: replacement, at: now)
        let second = try Samples.session(pin: "111111", seed: 2)
        try await store.create(second)
        #expect(try await store.claim(pin: second.pin, by: Samples.claim(), at: now).session.id == second.id)
    }

    @Test(arguments: Kind.allCases) func D5_aPINThatIsTakenCannotReplaceAnother(kind: Kind) async throws {
        let store = kind.make()
        let first = try Samples.session(pin: "111111", seed: 1)
        let second = try Samples.session(pin: "222222", seed: 2)
        try await store.create(first)
        try await store.create(second)
        let event = SessionEvent.pinReplaced(second.pin, expiresAt: first.pinExpiresAt)
        await #expect(throws: SessionError.pinTaken) { try await store.update(first.id, with: event, at: now) }
        #expect(try await store.find(first.id) == first)
        let same = SessionEvent.pinReplaced(first.pin, expiresAt: first.pinExpiresAt)
        await #expect(throws: SessionError.pinTaken) { try await store.update(first.id, with: same, at: now) }
    }

    @Test(arguments: Kind.allCases) func D3_ofManyClaimsAtOnceExactlyOneWins(kind: Kind) async throws {
        let store = kind.make()
        let session = try Samples.session()
        try await store.create(session)
        let outcomes = await withTaskGroup(of: SessionError?.self) { group in
            for seed in 0..<200 {
                group.addTask {
                    do throws(SessionError) {
                        let claim = Samples.claim(seed: UInt64(seed))
                        _ = try await store.claim(pin: session.pin, by: claim, at: now)
                        return nil
                    } catch { return error }
                }
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
        #expect(outcomes.count { $0 == nil } == 1)
        #expect(outcomes.count { $0 == .pin(.alreadyUsed) } == 199)
    }

    @Test(arguments: Kind.allCases) func D10_ofManyStartsOfOneSessionExactlyOneWins(kind: Kind) async throws {
        let store = kind.make()
        let id = try await waiting(store, pin: "123456", seed: 1)
        let outcomes = await withTaskGroup(of: SessionError?.self) { group in
            for _ in 0..<200 {
                group.addTask {
                    do throws(SessionError) {
                        _ = try await store.start(id: id, by: nil, at: now)
                        return nil
                    } catch { return error }
                }
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
        #expect(outcomes.count { $0 == nil } == 1)
        #expect(outcomes.count { $0 == .alreadyStarted } == 199)
    }

    @Test(arguments: Kind.allCases) func D10_aTechnicianStartingManyAtOnceGetsExactlyOne(kind: Kind) async throws {
        let store = kind.make()
        let technician = try Samples.technician("tess")
        var ids: [SessionID] = []
        for number in 0..<50 {
            let digits = String(100_000 + number)
            ids.append(try await waiting(store, pin: digits, seed: UInt64(number + 1)))
        }
        let outcomes = await withTaskGroup(of: SessionError?.self) { group in
            for id in ids {
                group.addTask {
                    do throws(SessionError) {
                        _ = try await store.start(id: id, by: technician, at: now)
                        return nil
                    } catch { return error }
                }
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
        #expect(outcomes.count { $0 == nil } == 1)
        #expect(outcomes.count { $0 == .technicianBusy } == 49)
        let active = try await store.list(SessionQuery(statuses: [.active], viewer: .apiKey("x"))).sessions
        #expect(active.map(\.technician) == [technician])
    }

    @Test(arguments: Kind.allCases) func D12_resumingIsRefusedWhileThePlaceIsTaken(kind: Kind) async throws {
        let store = kind.make()
        let technician = try Samples.technician("tess")
        let first = try await waiting(store, pin: "111111", seed: 1)
        let second = try await waiting(store, pin: "222222", seed: 2)
        _ = try await store.start(id: first, by: technician, at: now)
        _ = try await store.update(first, with: .held, at: now)
        _ = try await store.start(id: second, by: technician, at: now)
        await #expect(throws: SessionError.technicianBusy) { try await store.update(first, with: .resumed, at: now) }
        #expect(try await store.find(first)?.status == .onHold)
        _ = try await store.end(id: second, notes: nil, at: now)
        #expect(try await store.update(first, with: .resumed, at: now).session.status == .active)
    }

    @Test(arguments: Kind.allCases) func D10_screenSessionsAndUnnamedStartsTakeNoPlace(kind: Kind) async throws {
        let store = kind.make()
        let technician = try Samples.technician("tess")
        let lens = try await waiting(store, pin: "111111", seed: 1)
        let screen = try await waiting(store, pin: "222222", seed: 2, kind: .screen)
        let unnamed = try await waiting(store, pin: "333333", seed: 3)
        _ = try await store.start(id: lens, by: technician, at: now)
        _ = try await store.start(id: screen, by: technician, at: now)
        _ = try await store.start(id: unnamed, by: nil, at: now)
    }

    @Test(arguments: Kind.allCases) func S52_D20_invitesAreListedToTheirOwnerOnly(kind: Kind) async throws {
        let store = kind.make()
        let invite = try Samples.session(pin: "111111", seed: 1)
        try await store.create(invite)
        let waiting = try await waiting(store, pin: "222222", seed: 2)
        func ids(_ statuses: Set<SessionStatus>?, _ viewer: String) async throws -> [SessionID] {
            try await store.list(SessionQuery(statuses: statuses, viewer: .apiKey(viewer))).sessions.map(\.id)
        }
        #expect(try await ids(nil, "bench") == [waiting])
        #expect(try await ids([.connecting], "bench") == [invite.id])
        #expect(try await ids([.connecting], "other") == [])
        #expect(try await ids([.waiting], "other") == [waiting])
        #expect(try await ids([.connecting, .waiting], "bench") == [waiting, invite.id])
    }

    @Test(arguments: Kind.allCases) func pagesAreNewestFirstWithoutGapOrRepeat(kind: Kind) async throws {
        let store = kind.make()
        var ids: [SessionID] = []
        for number in 0..<25 {
            ids.append(try await waiting(store, pin: String(100_000 + number), seed: UInt64(number + 1)))
        }
        var query = SessionQuery(viewer: .apiKey("bench"), limit: 10)
        var seen: [SessionID] = []
        var sizes: [Int] = []
        repeat {
            let page = try await store.list(query)
            seen += page.sessions.map(\.id)
            sizes.append(page.sessions.count)
            query.cursor = page.cursor
            // A session that comes in between shows up on no later page.
            if sizes.count == 1 { _ = try await waiting(store, pin: "200000", seed: 1000) }
        } while query.cursor != nil
        #expect(seen == ids.reversed())
        #expect(sizes == [10, 10, 5])
        query.cursor = "nonsense"
        await #expect(throws: SessionError.self) { try await store.list(query) }
    }

    @Test(arguments: Kind.allCases) func unknownSessionsAreNamed(kind: Kind) async throws {
        let store = kind.make()
        let id = try Samples.session().id
        await #expect(throws: SessionError.notFound) { try await store.start(id: id, by: nil, at: now) }
        try await store.record(MediaFigures(), for: id)
    }

    @Test func aFullMemoryStoreForgetsTheSessionThatEndedFirstAndRefusesWhereNoneHasEnded() async throws {
        let store = MemorySessionStore(limit: 3)
        let sessions = try (1...5).map { try Samples.session(pin: String(100_000 + $0), seed: UInt64($0)) }
        for session in sessions[..<3] { try await store.create(session) }
        await #expect(throws: SessionError.full) { try await store.create(sessions[3]) }
        _ = try await store.end(id: sessions[1].id, notes: nil, at: now)
        _ = try await store.end(id: sessions[0].id, notes: nil, at: now)
        try await store.create(sessions[3])
        #expect(try await store.find(sessions[1].id) == nil)
        #expect(try await store.find(sessions[0].id) != nil)
        await #expect(throws: SessionError.pin(.expired)) {
            try await store.claim(pin: sessions[1].pin, by: Samples.claim(), at: now)
        }
        let listed = try await store.list(
            SessionQuery(statuses: [.connecting, .closed], viewer: .apiKey("bench"))
        ).sessions
        #expect(listed.map(\.id) == [sessions[3].id, sessions[2].id, sessions[0].id])
    }

    @Test func aMemoryStoreThatHasForgottenManyStillPagesThroughTheRest() async throws {
        let store = MemorySessionStore(limit: 10)
        var made: [SessionID] = []
        for number in 0..<200 {
            let session = try Samples.session(pin: String(100_000 + number), seed: UInt64(number))
            try await store.create(session)
            _ = try await store.end(id: session.id, notes: nil, at: now)
            made.append(session.id)
            guard number % 7 == 0 else { continue }
            var query = SessionQuery(statuses: [.closed], viewer: .apiKey("bench"), limit: 3)
            var listed: [SessionID] = []
            repeat {
                let page = try await store.list(query)
                listed += page.sessions.map(\.id)
                query.cursor = page.cursor
            } while query.cursor != nil
            #expect(listed == Array(made.suffix(10).reversed()))
        }
        #expect(try await store.find(made[189]) == nil)
        #expect(try await store.find(made[190]) != nil)
    }
}
