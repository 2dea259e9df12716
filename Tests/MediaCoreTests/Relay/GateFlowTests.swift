import MediaWire
import TestSupport
import Testing

@testable import MediaCore

/// D14: whatever customers try, nothing of their media leaves before Start.
@Suite struct GateFlowTests {
    /// What came out of one flow.
    private struct Outcome {
        var early = 0
        var later = 0
        var countedEarly: UInt64 = 0
    }

    /// One random flow: legs come and are replaced, the customer sends at every moment, players ask, time passes, the gate is closed
    /// and opened; Start comes at some moment or never.
    private func flow(_ seed: UInt64, forcingTheGate: Bool = false) throws -> Outcome {
        var generator = SeededGenerator(seed: seed)
        let bench = RelayBench(seed: seed)
        var outcome = Outcome()
        var isStarted = false
        var publisher: TestLeg?
        var player: TestLeg?
        var sequence = Int.random(in: 0..<65_536, using: &generator)
        func look(_ sent: [Sent]) {
            let media = sent.count { !$0.isRTCP }
            if isStarted { outcome.later += media } else { outcome.early += media }
        }
        for step in 0..<Int.random(in: 5...40, using: &generator) {
            if forcingTheGate { bench.shard.forceGateOpen(RelayBench.session, at: bench.now) }
            switch Int.random(in: 0..<12, using: &generator) {
            case 0:
                publisher = try bench.join(.customer, .publish, [.video, .audio], from: RelayBench.host(1 + step))
            case 1: player = try bench.join(.technician, .play, [.video, .audio], from: RelayBench.host(100 + step))
            case 2: try bench.join(.customer, .play, [.audio], from: RelayBench.host(200 + step))
            case 3, 4, 5, 6, 7:
                for stream in publisher?.streams ?? [] {
                    for _ in 0..<Int.random(in: 1...4, using: &generator) {
                        sequence += 1
                        look(bench.deliver(stream.rtp(sequence), from: stream.address))
                    }
                }
            case 8:
                for stream in player?.streams ?? [] {
                    look(bench.deliver(stream.feedback(stream.pli()), from: stream.address))
                }
            case 9: look(bench.advance(milliseconds: Int64.random(in: 1...5000, using: &generator)))
            case 10: bench.shard.closeGate(RelayBench.session, at: bench.now)
            default:
                guard Int.random(in: 0..<3, using: &generator) == 0 else { continue }
                isStarted = true
                try bench.shard.openGate(RelayBench.session, at: bench.now)
            }
        }
        outcome.countedEarly = bench.shard.figures(of: RelayBench.session)?.mediaBytesForwardedBeforeStart ?? 0
        return outcome
    }

    @Test func D14_inAThousandRandomFlowsNothingLeavesBeforeStart() throws {
        var later = 0
        for seed in UInt64(1)...1000 {
            let outcome = try flow(seed)
            #expect(outcome.early == 0, "flow \(seed)")
            #expect(outcome.countedEarly == 0, "flow \(seed)")
            later += outcome.later
        }
        #expect(later > 1000, "flows in which nothing passes prove nothing")
    }

    @Test func D14_withTheGateForcedOpenBothTheWireAndTheCounterTell() throws {
        var flows = 0
        for seed in UInt64(1)...100 {
            let outcome = try flow(seed, forcingTheGate: true)
            #expect((outcome.early > 0) == (outcome.countedEarly > 0), "flow \(seed)")
            if outcome.early > 0 { flows += 1 }
        }
        #expect(flows > 20)
    }
}
