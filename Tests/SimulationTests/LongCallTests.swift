import Endpoints
import MediaCore
import MediaWire
import Simulation
import Testing

/// Time and numbers that run long: an hour of call, and every counter over its edge.
@Suite struct LongCallTests {
    @Test func hourOfCallStaysWhole() throws {
        let media = try SimulationMedia.sparse()
        #expect(media.audio.count > 50)
        var plan = SimulatedSystem.CallPlan(media: media)
        plan.setAllLinks(LinkProfile.everyday.losing(0.01))
        plan.configure = { configuration in
            configuration.reportIntervalMilliseconds = 5_000
            // Both clocks wrap within the hour.
            configuration.streamStart = StreamStart(
                sequence: SequenceNumber(50_000), timestamp: RTPTimestamp(.max - 48_000 * 600))
        }
        let system = SimulatedSystem(seed: 3_600) { $0.reportIntervalMilliseconds = 5_000 }
        let call = try system.addCall(plan)
        let decoding = try FrameDecoding()
        call.technician.onVideoFrame = { decoding.take($0) }
        try system.openGate(call)
        system.run(milliseconds: 3_600_000)
        let end = system.now
        system.windDown(milliseconds: 20_000)

        var audit = CallAudit(of: call, in: system)
        audit.checkGate()
        audit.checkFrames()
        audit.checkFlow(pauseLimitMilliseconds: 5_000, until: end)
        audit.checkSound(holeLimitMilliseconds: 0)
        // A frame's last packet is missed only when the next frame comes, a second later.
        audit.checkSync(limitMilliseconds: 1_500)
        audit.checkReports()
        #expect(audit.violations.isEmpty)
        #expect(decoding.failures.isEmpty)
        #expect(decoding.decoded > 3_500)
    }

    /// Sequence numbers, timestamps and SRTP's rollover counter wrap on both hops while packets get lost.
    @Test(arguments: 1...2 as ClosedRange<UInt64>)
    func wrapsUnderLossGoUnnoticed(seed: UInt64) throws {
        var plan = SimulatedSystem.CallPlan(media: try SimulationMedia.small.get())
        plan.setAllLinks(LinkProfile.everyday.losing(0.02))
        plan.configure = { configuration in
            // About 500 packets a second: the relay's own numbers begin in the lower half and wrap as well.
            configuration.maximumPayloadSize = 60
            configuration.streamStart = StreamStart(
                sequence: SequenceNumber(65_000), timestamp: RTPTimestamp(.max - 90_000 * 2))
        }
        let system = SimulatedSystem(seed: seed)
        let call = try system.addCall(plan)
        let decoding = try FrameDecoding()
        call.technician.onVideoFrame = { decoding.take($0) }
        try system.openGate(call)
        system.run(milliseconds: 140_000)
        let end = system.now
        system.windDown(milliseconds: 5_000)

        var audit = CallAudit(of: call, in: system)
        audit.checkFrames()
        audit.checkFlow(pauseLimitMilliseconds: 2_000, until: end)
        audit.checkSound(holeLimitMilliseconds: 0)
        audit.checkReports()
        #expect(audit.violations.isEmpty, "seed \(seed)")
        #expect(decoding.failures.isEmpty, "seed \(seed)")
        for (peer, upwards) in [(call.customer, true), (call.technician, false)] {
            let streams = system.record(of: peer, towardsRelay: upwards).streams.values
            let longest = streams.map(\.packets.count).max() ?? 0
            let wraps = streams.contains { stream in
                zip(stream.packets, stream.packets.dropFirst()).contains { $0.sequence.rawValue > $1.sequence.rawValue }
            }
            #expect(wraps, "seed \(seed): \(longest) packets did not wrap")
        }
        #expect(call.technician.statistics.srtp.authenticationFailures == 0)
        #expect(system.counters.droppedUnauthenticated == 0)
    }
}
