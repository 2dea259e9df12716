import Foundation
import SQLiteStore
import Sessions
import Testing

/// What a store in a file keeps beyond what every store does: it is there after a restart.
final class SQLiteSessionStoreTests {
    private let directory = FileManager.default.temporaryDirectory.appending(path: "lens-store-\(UUID().uuidString)")
    private var file: String { directory.appending(path: "lens.sqlite").path }
    private let now = Samples.start

    init() throws { try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true) }

    deinit { try? FileManager.default.removeItem(at: directory) }

    private func open() throws -> SQLiteSessionStore {
        try SQLiteSessionStore(file: file, auditKey: #require(AuditKey(Array(1...32))))
    }

    @Test func sessionsPINsAndTheLogAreThereAfterARestart() async throws {
        let technician = try Samples.technician("tess")
        let first = try Samples.session(pin: "111111", seed: 1)
        let second = try Samples.session(pin: "222222", seed: 2)
        let before: (LensSession?, AuditHead)
        do {
            let store = try open()
            for session in [first, second] { try await store.create(session, by: Samples.actor) }
            _ = try await store.claim(pin: first.pin, by: Samples.claim(), at: now)
            let consent = DeviceConsent(camera: true, microphone: false)
            _ = try await store.update(first.id, with: .devicesAnswered(consent), by: .customer, at: now)
            let answer = SessionEvent.eulaAnswered(version: "1", accepted: true, currentVersion: "1")
            _ = try await store.update(first.id, with: answer, by: .customer, at: now)
            _ = try await store.update(first.id, with: .started(by: technician), by: Samples.actor, at: now)
            var figures = MediaFigures()
            figures.packetsForwarded = 99
            try await store.record(figures, for: first.id)
            before = (try await store.find(first.id), try await store.auditHead())
        }
        let store = try open()
        #expect(try await store.find(first.id) == before.0)
        #expect(try await store.find(first.id)?.finalFigures?.packetsForwarded == 99)
        #expect(try await store.find(second.id) == second)
        #expect(try await store.auditHead() == before.1)
        await #expect(throws: SessionError.pin(.alreadyUsed)) {
            try await store.claim(pin: first.pin, by: Samples.claim(), at: now)
        }
        _ = try await store.claim(pin: second.pin, by: Samples.claim(), at: now)
        #expect(try await store.auditHead().number == before.1.number + 1)
    }

    @Test func D10_twoConnectionsToOneFileKeepTheRuleTogether() async throws {
        let (one, other) = (try open(), try open())
        let technician = try Samples.technician("tess")
        var ids: [SessionID] = []
        for number in 0..<20 {
            let session = try Samples.session(pin: String(100_000 + number), seed: UInt64(number + 1))
            ids.append(session.id)
            try await one.create(session, by: Samples.actor)
            _ = try await other.claim(pin: session.pin, by: Samples.claim(), at: now)
            let consent = SessionEvent.devicesAnswered(DeviceConsent(camera: true, microphone: true))
            _ = try await one.update(session.id, with: consent, by: .customer, at: now)
            let answer = SessionEvent.eulaAnswered(version: "1", accepted: true, currentVersion: "1")
            _ = try await other.update(session.id, with: answer, by: .customer, at: now)
        }
        let now = now
        let wins = await withTaskGroup(of: Bool.self) { group in
            for (index, id) in ids.enumerated() {
                let store = index % 2 == 0 ? one : other
                group.addTask {
                    let event = SessionEvent.started(by: technician)
                    return (try? await store.update(id, with: event, by: Samples.actor, at: now)) != nil
                }
            }
            return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
        }
        #expect(wins == 1)
        var verifier = AuditVerifier(key: try #require(AuditKey(Array(1...32))), heads: [try await one.auditHead()])
        for entry in try await other.auditLog(from: 1, limit: 1000) { try verifier.read(entry) }
        try verifier.finish()
    }

    @Test func aFileThatCannotBeOpenedIsNamed() throws {
        try Data("this is no database, and long enough to be seen as none by anybody who looks".utf8)
            .write(to: URL(filePath: file))
        let error = #expect(throws: SessionError.self) { _ = try open() }
        guard case .store(let reason) = error else { throw error ?? .notFound }
        #expect(reason.contains("not a database"))
    }
}
