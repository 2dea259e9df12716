import Foundation
import Sessions
import TestSupport
import Testing

/// Random calls on many sessions at once, and after each the rules.
struct RandomWalkTests {
    private struct Known {
        var last: LensSession
        var claims = 0
    }

    /// 20,000 steps each; 1,000,000 in all with `LENS_SOAK=1`.
    private static let seeds: ClosedRange<UInt64> =
        ProcessInfo.processInfo.environment["LENS_SOAK"] == "1" ? 1...50 : 1...2

    @Test(arguments: seeds) func everyRuleHoldsOverARandomWalk(seed: UInt64) async throws {
        var generator = SeededGenerator(seed: seed)
        let bench = Bench(seed: seed &+ 100, store: MemorySessionStore(limit: 5000))
        let technicians: [TechnicianID?] = try ["tess", "tom"].map(Samples.technician) + [nil, nil]
        var known: [SessionID: Known] = [:]
        var living: [SessionID] = []
        var starts = 0
        for step in 0..<20_000 {
            let context: Comment = "seed \(seed), step \(step)"
            bench.clock.advance(seconds: Int64.random(in: 0...5, using: &generator))
            if living.count < 12 {
                let session = try await bench.create("walker \(step)")
                known[session.id] = Known(last: session)
                living.append(session.id)
            }
            let id = try #require(living.randomElement(using: &generator))
            let before = try #require(known[id]?.last, context)
            let action = Int.random(in: 0..<24, using: &generator)
            do {
                try await act(
                    action, id, before, bench, technicians.randomElement(using: &generator) ?? nil, &generator)
                if action == 1 { known[id]?.claims += 1 }
                if action == 7 {
                    starts += 1
                    #expect(before.status == .waiting, context)
                }
            } catch let error as SessionError {
                // A refusal has a name and changes nothing.
                let after = try await bench.service.session(id, for: bench.key)
                #expect(after == before, "\(error), \(context)")
            }
            let after = try #require(try await bench.store.find(id))
            check(before, after, context)
            #expect((known[id]?.claims ?? 0) <= 1, context)
            let media = await bench.media.states[id]
            #expect(media?.gateIsOpen ?? false == (after.gateIsOpen && media != nil), context)
            known[id]?.last = after
            if action == Self.timePasses { try await look(at: living, &known, bench, context) }
            living.removeAll { known[$0]?.last.hasEnded ?? true }
            if step % 20 == 0 { try await checkAll(known, bench, context) }
        }
        // A walk that never starts a session proves nothing.
        #expect(starts > 40, "seed \(seed)")
    }

    /// The action after which any session may have ended.
    private static let timePasses = 22
    private static let picture: [UInt8] = [0xFF, 0xD8, 0xFF, 0xE0]

    /// What became of all sessions while time passed.
    private func look(
        at living: [SessionID], _ known: inout [SessionID: Known], _ bench: Bench, _ context: Comment
    ) async throws {
        for id in living {
            let before = try #require(known[id]?.last)
            let after = try #require(try await bench.store.find(id))
            check(before, after, context)
            known[id]?.last = after
        }
    }

    /// One call; throws its refusal.
    private func act(
        _ action: Int, _ id: SessionID, _ session: LensSession, _ bench: Bench, _ technician: TechnicianID?,
        _ generator: inout SeededGenerator
    ) async throws {
        let service = bench.service
        let customer = Principal.customer(id)
        // Customers' calls need the token, which exists from the claim on.
        if [2, 3, 4, 5, 6, 16, 17, 18].contains(action), !session.gates.pinClaimed { throw SessionError.notClaimed }
        switch action {
        case 0: _ = try await service.replacePIN(of: id, by: bench.key)
        case 1: _ = try await bench.join(session)
        case 2: _ = try await service.customerAdvanced(to: .opened, by: customer)
        case 3:
            let consent = DeviceConsent(
                camera: Int.random(in: 0..<4, using: &generator) > 0, microphone: Bool.random(using: &generator))
            _ = try await service.answerDevices(consent, by: customer)
        case 4:
            let accepted = Int.random(in: 0..<20, using: &generator) > 0
            _ = try await service.answerEULA(version: "1", accepted: accepted, by: customer)
        case 5: _ = try await bench.accept(id, .publish, by: customer)
        case 6: if Int.random(in: 0..<10, using: &generator) == 0 { _ = try await service.leave(by: customer) }
        case 7: _ = try await service.start(id, as: technician, by: bench.key)
        case 8: _ = try await service.hold(id, by: bench.key)
        case 9: _ = try await service.resume(id, by: bench.key)
        case 10:
            if Int.random(in: 0..<10, using: &generator) == 0 {
                _ = try await service.end(id, notes: "done", by: bench.key)
            }
        case 11: _ = try await bench.accept(id, .play, by: bench.key)
        case 12: _ = try await service.connectionChanged(of: id, to: .reconnecting)
        case 13: _ = try await service.connectionChanged(of: id, to: .offline)
        case 14: _ = try await service.connectionChanged(of: id, to: .connected)
        case 15: if Int.random(in: 0..<40, using: &generator) == 0 { _ = try await service.mediaFailed(id) }
        case 16:
            _ = try await service.changeMedia(
                camera: [.on, .paused, nil].randomElement(using: &generator) ?? nil,
                microphone: [.on, .muted, nil].randomElement(using: &generator) ?? nil, by: customer)
        case 17: _ = try await service.send(NewPhoto(Self.picture), by: customer)
        case 18: _ = try await service.say("hello", in: id, by: customer)
        case 19: _ = try await service.noteSnapshot(of: id, by: bench.key)
        case 20: _ = try await service.note("step", on: id, by: bench.key)
        case 21: try await service.publishFigures()
        case Self.timePasses:
            // Half an hour, seldom; then whoever has waited too long is timed out.
            guard Int.random(in: 0..<40, using: &generator) == 0 else { return }
            bench.clock.advance(seconds: 1800)
            try await service.endLongWaits()
            try await service.endAbandonedInvites()
        default: _ = try await bench.accept(id, .publish, by: bench.key)
        }
    }

    /// What one step may do to one session.
    private func check(_ before: LensSession, _ after: LensSession, _ context: Comment) {
        if after.isListed { #expect(after.gates.areAllOpen, context) }
        #expect(after.progress >= before.progress, context)
        if before.gates.pinClaimed {
            #expect(after.pin == before.pin && after.claim == before.claim, context)
        }
        if after.startedAt != nil, before.startedAt == nil { #expect(before.status == .waiting, context) }
        if after.gateIsOpen { #expect(after.startedAt != nil && after.eula != nil && !after.hasEnded, context) }
        if before.hasEnded { #expect(after == before, context) }
        #expect(after.hasEnded == (after.endedAt != nil), context)
    }

    /// What must hold over all sessions.
    private func checkAll(_ known: [SessionID: Known], _ bench: Bench, _ context: Comment) async throws {
        var query = SessionQuery(viewer: bench.key, limit: 500)
        var listed: Set<SessionID> = []
        repeat {
            let page = try await bench.service.list(query)
            for session in page.sessions {
                #expect(session.gates.areAllOpen, context)
                #expect(listed.insert(session.id).inserted, context)
            }
            query.cursor = page.cursor
        } while query.cursor != nil
        #expect(listed == Set(known.values.filter { $0.last.isListed }.map(\.last.id)), context)
        let sessions = known.values.map(\.last)
        let places = sessions.compactMap(\.occupiedTechnician)
        #expect(Set(places).count == places.count, context)
        let livePINs = sessions.compactMap { $0.livePIN(at: bench.clock.now) }
        #expect(Set(livePINs).count == livePINs.count, context)
    }
}
