import MediaCore
import TestSupport
import Testing

@testable import Endpoints

@Suite("Pacing schedule")
struct PacingScheduleTests {
    private func entry(_ due: UInt64, _ id: UInt32) -> PacingSchedule.Entry {
        .init(due: Instant(nanoseconds: due), id: id, generation: 0)
    }

    @Test(arguments: [3, 99, 12_345] as [UInt64])
    func turnsComeInTheOrderOfTheirTimes(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        var schedule = PacingSchedule()
        var model: [(due: UInt64, id: UInt32)] = []
        for _ in 0..<3_000 {
            switch (Int.random(in: 0..<3, using: &generator), model.first) {
            case (0, _), (_, nil):
                let (due, id) = (
                    UInt64.random(in: 0..<50, using: &generator), UInt32.random(in: 0..<9, using: &generator)
                )
                schedule.insert(entry(due, id))
                model.append((due, id))
            case (1, _):
                schedule.removeFirst()
                model.removeFirst()
            case (_, let first?):
                let due = first.due + UInt64.random(in: 0..<20, using: &generator)
                schedule.replaceFirst(with: entry(due, first.id))
                model[0].due = due
            }
            model.sort { ($0.due, $0.id) < ($1.due, $1.id) }
            #expect(schedule.next?.due.nanoseconds == model.first?.due, "seed \(seed)")
            #expect(schedule.next?.id == model.first?.id, "seed \(seed)")
            #expect(schedule.count == model.count, "seed \(seed)")
        }
    }

    @Test func anEmptyScheduleHasNothing() {
        var schedule = PacingSchedule()
        schedule.removeFirst()
        schedule.replaceFirst(with: entry(1, 1))
        #expect(schedule.next == nil)
        #expect(schedule.count == 0)
    }

    @Test func turnsSurviveTheirNumbers() {
        for session in [0, 1, 19_999] {
            let media = LoadFlowKind.allCases.map { LoadTurn(session: session, purpose: .media($0)) }
            let reports = LoadEnd.allCases.map { LoadTurn(session: session, purpose: .report($0)) }
            for turn in media + reports { #expect(LoadTurn(id: turn.id) == turn) }
            #expect(Set((media + reports).map(\.id)).count == LoadTurn.perSession)
        }
    }
}
