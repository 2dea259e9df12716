import Foundation
import SQLiteStore
import Sessions
import TestSupport
import Testing

/// What any store must keep. Each test runs against every store that there is.
final class SessionStoreContractTests {
    enum Kind: CaseIterable {
        case memory, sqlite
    }

    private let directory = FileManager.default.temporaryDirectory.appending(path: "lens-store-\(UUID().uuidString)")
    private let auditKey = AuditKey(Array(repeating: 7, count: AuditKey.length))

    deinit { try? FileManager.default.removeItem(at: directory) }

    private func make(_ kind: Kind) throws -> any SessionStore {
        let key = try #require(auditKey)
        switch kind {
        case .memory: return MemorySessionStore(auditKey: key)
        case .sqlite:
            try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
            return try SQLiteSessionStore(file: directory.appending(path: "lens.sqlite").path, auditKey: key)
        }
    }

    private let now = Samples.start

    /// A stored session with all gates open.
    private func waiting(_ store: any SessionStore, pin: String, seed: UInt64, kind: SessionKind = .lens) async throws
        -> SessionID
    {
        let session = try Samples.session(pin: pin, seed: seed, kind: kind)
        try await store.create(session, by: Samples.actor)
        _ = try await store.claim(pin: session.pin, by: Samples.claim(), at: now)
        _ = try await store.update(
            session.id, with: .devicesAnswered(DeviceConsent(camera: true, microphone: true)), by: Samples.actor,
            at: now)
        _ = try await store.update(
            session.id, with: .eulaAnswered(version: "1", accepted: true, currentVersion: "1"), by: Samples.actor,
            at: now)
        return session.id
    }

    @Test(arguments: Kind.allCases) func whatIsStoredIsFound(kind: Kind) async throws {
        let store = try make(kind)
        let session = try Samples.session()
        #expect(try await store.find(session.id) == nil)
        try await store.create(session, by: Samples.actor)
        #expect(try await store.find(session.id) == session)
    }

    @Test(arguments: Kind.allCases) func D1_aPINOfALivingSessionIsTaken(kind: Kind) async throws {
        let store = try make(kind)
        let first = try Samples.session(pin: "123456", seed: 1)
        try await store.create(first, by: Samples.actor)
        let second = try Samples.session(pin: "123456", seed: 2)
        await #expect(throws: SessionError.pinTaken) { try await store.create(second, by: Samples.actor) }
        _ = try await store.update(first.id, with: .endedByTechnician(notes: nil), by: Samples.actor, at: now)
        try await store.create(second, by: Samples.actor)
        #expect(try await store.claim(pin: second.pin, by: Samples.claim(), at: now).session.id == second.id)
    }

    @Test(arguments: Kind.allCases) func D7_PINsAreRefusedByName(kind: Kind) async throws {
        let store = try make(kind)
        let session = try Samples.session(pin: "111111")
        try await store.create(session, by: Samples.actor)
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
            session.id, with: .pinReplaced(Samples.pin("222222"), expiresAt: session.pinExpiresAt), by: Samples.actor,
            at: now)
        #expect(try await claim("111111", at: now) == .pin(.expired))
        #expect(try await claim("222222", at: now) == nil)
        #expect(try await claim("222222", at: now) == .pin(.alreadyUsed))
        #expect(try await claim("111111", at: now) == .pin(.expired), "revoked, not used")
        _ = try await store.update(session.id, with: .endedByTechnician(notes: nil), by: Samples.actor, at: now)
        #expect(try await claim("222222", at: now) == .pin(.alreadyUsed))
    }

    @Test(arguments: Kind.allCases) func D5_aRevokedPINIsFreeForAnotherSession(kind: Kind) async throws {
        let store = try make(kind)
        let first = try Samples.session(pin: "111111", seed: 1)
        try await store.create(first, by: Samples.actor)
        let replacement = SessionEvent.pinReplaced(try Samples.pin("222222"), expiresAt: first.pinExpiresAt)
        _ = try await store.update(first.id, with: replacement, by: Samples.actor, at: now)
        let second = try Samples.session(pin: "111111", seed: 2)
        try await store.create(second, by: Samples.actor)
        #expect(try await store.claim(pin: second.pin, by: Samples.claim(), at: now).session.id == second.id)
    }

    @Test(arguments: Kind.allCases) func D5_aPINThatIsTakenCannotReplaceAnother(kind: Kind) async throws {
        let store = try make(kind)
        let first = try Samples.session(pin: "111111", seed: 1)
        let second = try Samples.session(pin: "222222", seed: 2)
        try await store.create(first, by: Samples.actor)
        try await store.create(second, by: Samples.actor)
        let event = SessionEvent.pinReplaced(second.pin, expiresAt: first.pinExpiresAt)
        await #expect(throws: SessionError.pinTaken) {
            try await store.update(first.id, with: event, by: Samples.actor, at: now)
        }
        #expect(try await store.find(first.id) == first)
        let same = SessionEvent.pinReplaced(first.pin, expiresAt: first.pinExpiresAt)
        await #expect(throws: SessionError.pinTaken) {
            try await store.update(first.id, with: same, by: Samples.actor, at: now)
        }
    }

    @Test(arguments: Kind.allCases) func D3_ofManyClaimsAtOnceExactlyOneWins(kind: Kind) async throws {
        let store = try make(kind)
        let session = try Samples.session()
        try await store.create(session, by: Samples.actor)
        let outcomes = await withTaskGroup(of: SessionError?.self) { group in
            for seed in 0..<200 {
                group.addTask { [now] in
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
        let store = try make(kind)
        let id = try await waiting(store, pin: "123456", seed: 1)
        let outcomes = await withTaskGroup(of: SessionError?.self) { group in
            for _ in 0..<200 {
                group.addTask { [now] in
                    do throws(SessionError) {
                        _ = try await store.update(id, with: .started(by: nil), by: Samples.actor, at: now)
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
        let store = try make(kind)
        let technician = try Samples.technician("tess")
        var ids: [SessionID] = []
        for number in 0..<50 {
            let digits = String(100_000 + number)
            ids.append(try await waiting(store, pin: digits, seed: UInt64(number + 1)))
        }
        let outcomes = await withTaskGroup(of: SessionError?.self) { group in
            for id in ids {
                group.addTask { [now] in
                    do throws(SessionError) {
                        _ = try await store.update(id, with: .started(by: technician), by: Samples.actor, at: now)
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
        let store = try make(kind)
        let technician = try Samples.technician("tess")
        let first = try await waiting(store, pin: "111111", seed: 1)
        let second = try await waiting(store, pin: "222222", seed: 2)
        _ = try await store.update(first, with: .started(by: technician), by: Samples.actor, at: now)
        _ = try await store.update(first, with: .held, by: Samples.actor, at: now)
        _ = try await store.update(second, with: .started(by: technician), by: Samples.actor, at: now)
        await #expect(throws: SessionError.technicianBusy) {
            try await store.update(first, with: .resumed, by: Samples.actor, at: now)
        }
        #expect(try await store.find(first)?.status == .onHold)
        _ = try await store.update(second, with: .endedByTechnician(notes: nil), by: Samples.actor, at: now)
        #expect(try await store.update(first, with: .resumed, by: Samples.actor, at: now).session.status == .active)
    }

    @Test(arguments: Kind.allCases) func D10_screenSessionsAndUnnamedStartsTakeNoPlace(kind: Kind) async throws {
        let store = try make(kind)
        let technician = try Samples.technician("tess")
        let lens = try await waiting(store, pin: "111111", seed: 1)
        let screen = try await waiting(store, pin: "222222", seed: 2, kind: .screen)
        let unnamed = try await waiting(store, pin: "333333", seed: 3)
        _ = try await store.update(lens, with: .started(by: technician), by: Samples.actor, at: now)
        _ = try await store.update(screen, with: .started(by: technician), by: Samples.actor, at: now)
        _ = try await store.update(unnamed, with: .started(by: nil), by: Samples.actor, at: now)
    }

    @Test(arguments: Kind.allCases) func S52_D20_invitesAreListedToTheirOwnerOnly(kind: Kind) async throws {
        let store = try make(kind)
        let invite = try Samples.session(pin: "111111", seed: 1)
        try await store.create(invite, by: Samples.actor)
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
        let store = try make(kind)
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
        let store = try make(kind)
        let id = try Samples.session().id
        await #expect(throws: SessionError.notFound) {
            try await store.update(id, with: .started(by: nil), by: Samples.actor, at: now)
        }
        try await store.record(MediaFigures(), for: id)
    }

    @Test func aFullMemoryStoreForgetsTheSessionThatEndedFirstAndRefusesWhereNoneHasEnded() async throws {
        let store = MemorySessionStore(limit: 3)
        let sessions = try (1...5).map { try Samples.session(pin: String(100_000 + $0), seed: UInt64($0)) }
        for session in sessions[..<3] { try await store.create(session, by: Samples.actor) }
        await #expect(throws: SessionError.full) { try await store.create(sessions[3], by: Samples.actor) }
        _ = try await store.update(sessions[1].id, with: .endedByTechnician(notes: nil), by: Samples.actor, at: now)
        _ = try await store.update(sessions[0].id, with: .endedByTechnician(notes: nil), by: Samples.actor, at: now)
        try await store.create(sessions[3], by: Samples.actor)
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
            try await store.create(session, by: Samples.actor)
            _ = try await store.update(session.id, with: .endedByTechnician(notes: nil), by: Samples.actor, at: now)
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

/// What the audit log keeps of the changes in a store (D18).
extension SessionStoreContractTests {
    private func verify(_ store: any SessionStore) async throws -> [AuditEntry] {
        let entries = try await store.auditLog(from: 1, limit: 10_000)
        var verifier = AuditVerifier(key: try #require(auditKey), heads: [try await store.auditHead()])
        for entry in entries { try verifier.read(entry) }
        try verifier.finish()
        return entries
    }

    @Test(arguments: Kind.allCases) func D18_everyStepOfASessionIsInTheLogInItsOrder(kind: Kind) async throws {
        let store = try make(kind)
        let id = try await waiting(store, pin: "123456", seed: 1)
        let technician = try Samples.technician("tess")
        let events: [SessionEvent] = [
            .started(by: technician), .held, .resumed, .connectionChanged(.reconnecting),
            .endedByTechnician(notes: "done"),
        ]
        for event in events { _ = try await store.update(id, with: event, by: Samples.actor, at: now) }
        let entries = try await verify(store)
        #expect(
            entries.map(\.record.step) == [
                .sessionCreated, .pinClaimed, .devicesAnswered, .eulaAccepted, .started, .held, .resumed,
                .connectionChanged, .ended,
            ])
        #expect(entries.allSatisfy { $0.record.session == id })
        #expect(entries[1].record.actor == "customer")
        #expect(entries[4].record.details == ["technician": "tess"])
        #expect(entries[8].record.details == ["reason": "technician"])
        #expect(try await store.auditLog(from: 8, limit: 1).map(\.number) == [8])
        #expect(try await store.auditLog(from: 10, limit: 1).isEmpty)
    }

    @Test(arguments: Kind.allCases) func D18_whatWasRefusedOrToldNothingNewIsNotInTheLog(kind: Kind) async throws {
        let store = try make(kind)
        let session = try Samples.session()
        try await store.create(session, by: Samples.actor)
        let head = try await store.auditHead()
        await #expect(throws: SessionError.notReady) {
            try await store.update(session.id, with: .started(by: nil), by: Samples.actor, at: now)
        }
        await #expect(throws: SessionError.pinTaken) { try await store.create(session, by: Samples.actor) }
        await #expect(throws: SessionError.pin(.invalid)) {
            try await store.claim(pin: Samples.pin("999999"), by: Samples.claim(), at: now)
        }
        #expect(try await store.auditHead() == head)
        _ = try await store.claim(pin: session.pin, by: Samples.claim(), at: now)
        _ = try await store.update(session.id, with: .customerAdvanced(.opened), by: .customer, at: now)
        let opened = try await store.auditHead()
        _ = try await store.update(session.id, with: .customerAdvanced(.opened), by: .customer, at: now)
        #expect(try await store.auditHead() == opened)
        #expect(try await verify(store).count == 3)
    }

    @Test(arguments: Kind.allCases) func D15_D18_aRefusedLicenceIsInTheLogAsThat(kind: Kind) async throws {
        let store = try make(kind)
        let session = try Samples.session()
        try await store.create(session, by: Samples.actor)
        _ = try await store.claim(pin: session.pin, by: Samples.claim(), at: now)
        _ = try await store.update(
            session.id, with: .eulaAnswered(version: "1", accepted: false, currentVersion: "1"), by: .customer, at: now)
        #expect(try await verify(store).last?.record.step == .eulaDeclined)
    }

    @Test(arguments: Kind.allCases) func D18_theLogHoldsNoPINAndNoSecret(kind: Kind) async throws {
        let store = try make(kind)
        _ = try await waiting(store, pin: "731942", seed: 1)
        let text = try await verify(store).map { "\($0.record)" }.joined()
        #expect(!text.contains("731942"))
    }
}
