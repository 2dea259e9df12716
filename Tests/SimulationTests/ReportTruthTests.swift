import Endpoints
import MediaCore
import MediaWire
import Simulation
import Testing

/// The figures in reports against a network whose every trait is known.
@Suite struct ReportTruthTests {
    /// Without retransmission, the fractions add up to exactly what was lost.
    @Test(arguments: [0.02, 0.1])
    func fractionsAndRoundTripsAreTrue(loss: Double) throws {
        var plan = SimulatedSystem.CallPlan(media: try SimulationMedia.small.get())
        var link = LinkProfile()
        link.delayMilliseconds = 40
        link.jitterMilliseconds = 10
        plan.setAllLinks(link)
        plan.customerUp.loss = loss
        plan.configure = { $0.retransmission.ageMilliseconds = -1 }
        let system = SimulatedSystem(seed: 21)
        let call = try system.addCall(plan)
        try system.openGate(call)

        var seen: UInt64 = 0
        var expected: UInt32 = 0
        var weighted = 0.0
        for _ in 0..<1_200 {
            system.run(milliseconds: 100)
            guard let track = call.customer.statistics.published(.video), track.reportsReceived > seen,
                let block = track.lastReport
            else { continue }
            #expect(track.reportsReceived == seen + 1)
            seen = track.reportsReceived
            let first = call.customer.statistics.published(.video)
                .flatMap { system.record(of: call.customer, towardsRelay: true).streams[$0.ssrc]?.packets.first }
            let start = UInt32(first?.sequence.rawValue ?? 0)
            let interval = block.extendedHighestSequence - max(expected, start)
            weighted += Double(block.fractionLost) / 256 * Double(interval)
            expected = block.extendedHighestSequence
        }
        let track = try #require(call.customer.statistics.published(.video))
        let reported = try #require(track.lastReport)
        // Each fraction is cut to 1/256 of its interval's packets.
        let lost = Double(reported.cumulativeLost)
        #expect(weighted <= lost + 1)
        #expect(weighted >= lost * 0.85, "fractions add up to \(weighted) of \(lost) lost")
        let rate = lost / Double(track.packetsSent)
        #expect(rate > loss * 0.8 && rate < loss * 1.2, "\(rate) lost instead of \(loss)")

        let trip = Double(try #require(track.roundTripNanoseconds)) / 1e6
        #expect(trip >= 80 && trip <= 101, "round trip \(trip) ms")
        let figures = try #require(system.figures(of: call))
        for slot in figures.slots {
            let trip = Double(try #require(slot.roundTripNanoseconds)) / 1e6
            #expect(trip >= 79.9 && trip <= 101, "round trip \(trip) ms of \(slot.kind) to the \(slot.side)")
        }
        // Two even draws from 0 to J ms differ by J/3 on average; the order kept makes it a little less.
        let audio = try #require(figures.tracks.first { $0.kind == .audio && $0.side == .technician })
        let jitter = Double(audio.jitterNanoseconds) / 1e6
        #expect(jitter > 1.5 && jitter < 6, "jitter \(jitter) ms")
    }
}
