import Foundation
import SQLiteStore
import Sessions
import TestSupport
import Testing

/// What any store must keep beside the sessions' own rules. Each test runs against every store that there is.
final class ServiceStoreContractTests {
    enum Kind: CaseIterable { case memory, sqlite }

    private let directory = FileManager.default.temporaryDirectory.appending(path: "lens-store-\(UUID().uuidString)")
    private let now = Samples.start

    deinit { try? FileManager.default.removeItem(at: directory) }

    private func make(_ kind: Kind) throws -> any SessionStore & NoticeStore {
        let key = try #require(AuditKey(Array(repeating: 7, count: AuditKey.length)))
        switch kind {
        case .memory: return MemorySessionStore(auditKey: key, keepsNotices: true)
        case .sqlite:
            try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
            return try SQLiteSessionStore(
                file: directory.appending(path: "lens.sqlite").path, auditKey: key, keepsNotices: true)
        }
    }

    private func waiting(
        _ store: any SessionStore, seed: UInt64, owner: Principal = .apiKey("bench"), group: String? = nil,
        _ visibility: SessionVisibility = .private, isReady: Bool = true, at time: WallTime? = nil
    ) async throws -> LensSession {
        var generator = SeededGenerator(seed: seed)
        let now = time ?? now
        let session = LensSession(
            id: SessionID(using: &generator),
            request: try NewSession(kind: .lens, name: "Ada", method: .pin, visibility: visibility), owner: owner,
            group: group.flatMap { GroupID($0) }, pin: PIN(using: &generator),
            pinExpiresAt: now.advanced(byMinutes: 20),
            createdAt: now)
        try await store.create(session, by: Samples.actor)
        guard isReady else { return session }
        _ = try await store.claim(pin: session.pin, by: Samples.claim(), at: now)
        let consent = DeviceConsent(camera: true, microphone: true)
        _ = try await store.update(session.id, with: .devicesAnswered(consent), by: .customer, at: now)
        let answer = SessionEvent.eulaAnswered(version: "1", accepted: true, currentVersion: "1")
        return try await store.update(session.id, with: answer, by: .customer, at: now).session
    }

    @Test(arguments: Kind.allCases) func linesAreNumberedAndKeptUntilTheSessionIsForgotten(kind: Kind) async throws {
        let store = try make(kind)
        let session = try await waiting(store, seed: 1)
        let other = try await waiting(store, seed: 2)
        for (text, id) in [("one", session.id), ("two", session.id), ("three", other.id)] {
            let line = try NewChatLine(side: .customer, author: "customer", text: text)
            _ = try await store.append(line, to: id, at: now)
        }
        #expect(try await store.chat(of: session.id).map(\.text) == ["one", "two"])
        #expect(try await store.chat(of: session.id).map(\.number) == [1, 2])
        _ = try await store.update(session.id, with: .endedByTechnician(notes: nil), by: Samples.actor, at: now)
        let late = try NewChatLine(side: .technician, author: "tess", text: "late")
        await #expect(throws: SessionError.ended) { try await store.append(late, to: session.id, at: self.now) }
        #expect(try await store.removeSessions(endedBefore: now, at: now) == 0)
        let later = now.advanced(bySeconds: 1)
        #expect(try await store.removeSessions(endedBefore: later, at: later) == 1)
        #expect(try await store.find(session.id) == nil)
        #expect(try await store.chat(of: session.id) == [])
        #expect(try await store.chat(of: other.id).count == 1)
        await #expect(throws: SessionError.notFound) { try await store.append(late, to: session.id, at: later) }
    }

    @Test(arguments: Kind.allCases) func photosAreKeptUntilTheSessionIsForgotten(kind: Kind) async throws {
        let store = try make(kind)
        let session = try await waiting(store, seed: 1)
        let other = try await waiting(store, seed: 2)
        let photo = try NewPhoto([0xFF, 0xD8, 0xFF, 1, 2, 3])
        await #expect(throws: SessionError.notStarted) { try await store.append(photo, to: session.id, at: self.now) }
        for id in [session.id, other.id] {
            _ = try await store.update(id, with: .started(by: nil), by: Samples.actor, at: now)
        }
        let first = try await store.append(photo, to: session.id, at: now)
        let second = try await store.append(photo, to: session.id, at: now)
        #expect([first.number, second.number] == [1, 2])
        #expect(try await store.photos(of: session.id) == [first, second])
        #expect(try await store.photos(of: other.id) == [])
        let read = try #require(try await store.photo(2, of: session.id))
        #expect(read.photo == second && read.bytes == photo.bytes)
        #expect(try await store.photo(3, of: session.id) == nil)
        #expect(try await store.photo(1, of: other.id) == nil)
        #expect(try await store.auditTrail(of: session.id).count { $0.record.step == .photoSent } == 2)
        _ = try await store.update(session.id, with: .endedByTechnician(notes: nil), by: Samples.actor, at: now)
        let later = now.advanced(bySeconds: 1)
        #expect(try await store.removeSessions(endedBefore: later, at: later) == 1)
        #expect(try await store.photos(of: session.id) == [])
        #expect(try await store.photo(1, of: session.id) == nil)
    }

    @Test(arguments: Kind.allCases) func sessionsAreFoundByWhatIsDue(kind: Kind) async throws {
        let store = try make(kind)
        let old = try await waiting(store, seed: 1)
        let later = now.advanced(bySeconds: 100)
        let young = try await waiting(store, seed: 2, at: later)
        let invited = try await waiting(store, seed: 3, isReady: false)
        let started = try await waiting(store, seed: 4)
        _ = try await store.update(started.id, with: .started(by: nil), by: Samples.actor, at: now)
        #expect(try await store.waiting(sinceBefore: later) == [old.id])
        #expect(Set(try await store.waiting(sinceBefore: later.advanced(bySeconds: 1))) == [old.id, young.id])
        #expect(try await store.connecting(createdBefore: later) == [invited.id])
        #expect(try await store.active().map(\.id) == [started.id])
        #expect(try await store.statusCounts().filter { $0.value > 0 } == [.waiting: 2, .connecting: 1, .active: 1])
    }

    @Test(arguments: Kind.allCases) func S42_mailIsDueUntilItIsSentOrGivenUp(kind: Kind) async throws {
        let store = try make(kind)
        var generator = SeededGenerator(seed: 5)
        let request = try NewSession(kind: .lens, name: "Ada", method: .email, email: EmailAddress("ada@example.org"))
        let session = LensSession(
            id: SessionID(using: &generator), request: request, owner: .apiKey("bench"), pin: PIN(using: &generator),
            pinExpiresAt: now.advanced(byMinutes: 20), createdAt: now, mail: .queued(at: now))
        try await store.create(session, by: Samples.actor)
        func due(_ seconds: Int64) async throws -> Int {
            try await store.sessions(withMailDueBy: now.advanced(bySeconds: seconds)).count
        }
        #expect(try await due(-1) == 0)
        #expect(try await due(0) == 1)
        _ = try await store.update(session.id, with: .mailBegun, by: .service, at: now)
        #expect(try await due(0) == 0, "not again at once, whatever becomes of it")
        #expect(try await due(10) == 1)
        let refused = MailState.Outcome.refused(detail: "later\r\nplease", isPermanent: false)
        _ = try await store.update(session.id, with: .mailTried(refused, pin: session.pin), by: .service, at: now)
        #expect(try await store.find(session.id)?.mail?.detail == "later  please")
        #expect(try await due(10) == 1)
        _ = try await store.update(session.id, with: .mailTried(.sent, pin: session.pin), by: .service, at: now)
        #expect(try await due(10_000) == 0)
        #expect(try await store.find(session.id)?.mail?.status == .sent)
    }

    @Test(arguments: Kind.allCases) func noticesComeInOrderOneOfEachSession(kind: Kind) async throws {
        let store = try make(kind)
        let first = try await waiting(store, seed: 1)
        let second = try await waiting(store, seed: 2)
        func told() async throws -> [(SessionID, SessionStatus?, SessionStatus)] {
            try await store.notices(limit: 10).map { ($0.session.id, $0.previous, $0.session.status) }
        }
        var heads = try await told()
        #expect(heads.map(\.0) == [first.id, second.id])
        #expect(heads.map(\.2) == [.connecting, .connecting])
        let number = try #require(try await store.notices(limit: 1).first?.number)
        try await store.removeNotice(number)
        heads = try await told()
        #expect(heads.map(\.0) == [first.id, second.id])
        #expect(heads.map(\.1) == [.connecting, nil])
        #expect(heads.map(\.2) == [.waiting, .connecting])
    }

    @Test(arguments: Kind.allCases) func D20_listsHoldWhatTheViewerMaySee(kind: Kind) async throws {
        let store = try make(kind)
        let groups = try ["one", "two"].map {
            try Group(id: #require(GroupID($0)), name: $0, permissions: Set(Permission.allCases))
        }
        var viewers: [(Principal, Access)] = []
        for (group, role) in [(0, Technician.Role.technician), (0, .supervisor), (1, .technician), (1, .administrator)]
        {
            let name = "t\(viewers.count)"
            let technician = try Technician(
                id: #require(TechnicianID(name)), email: #require(EmailAddress(name + "@example.org")), name: name,
                group: groups[group].id, role: role)
            viewers.append((.technician(technician.id), Access(technician, of: groups[group])))
        }
        var all: [LensSession] = []
        var generator = SeededGenerator(seed: 9)
        for seed in 1...60 {
            let place = Int.random(in: 0...viewers.count, using: &generator)
            let owner = place < viewers.count ? viewers[place].0 : .apiKey("bench")
            let group = place < viewers.count ? viewers[place].1.technician.group.text : nil
            var session = try await waiting(
                store, seed: UInt64(seed), owner: owner, group: group,
                Bool.random(using: &generator) ? .group : .private,
                isReady: seed % 4 != 0)
            if seed % 5 == 0, seed % 4 != 0 {
                let starter = TechnicianID("t\(seed % 3)")
                let event = SessionEvent.started(by: starter)
                session =
                    (try? await store.update(session.id, with: event, by: Samples.actor, at: now).session) ?? session
            }
            all.insert(session, at: 0)
        }
        for (viewer, access) in viewers + [(.apiKey("bench"), nil)] as [(Principal, Access?)] {
            for statuses in [nil, Set([SessionStatus.waiting]), Set([.connecting, .active])] {
                var query = SessionQuery(statuses: statuses, viewer: viewer, limit: 7)
                query.access = access
                let expected = all.filter(query.includes).map(\.id)
                var listed: [SessionID] = []
                repeat {
                    let page = try await store.list(query)
                    listed += page.sessions.map(\.id)
                    query.cursor = page.cursor
                } while query.cursor != nil
                #expect(listed == expected, "\(viewer) \(String(describing: statuses))")
            }
        }
    }
}
