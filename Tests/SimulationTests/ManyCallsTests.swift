import Endpoints
import MediaCore
import MediaWire
import Simulation
import Testing

/// Calls side by side on one shard, and the run as a whole.
@Suite struct ManyCallsTests {
    @Test func endingOneOfTenCallsChangesNothingForTheOthers() throws {
        let system = SimulatedSystem(seed: 31)
        let media = try SimulationMedia.small.get()
        for number in 0..<10 {
            var plan = SimulatedSystem.CallPlan(media: media)
            plan.profile = SRTPProfile.allCases[number % SRTPProfile.allCases.count]
            try system.openGate(system.addCall(plan))
        }
        system.run(milliseconds: 10_000)
        let ended = system.calls[4]
        system.endSession(ended)
        let endedAt = system.now
        system.run(milliseconds: 10_000)
        let end = system.now
        for peer in system.peers { system.stopMedia(of: peer) }
        system.run(milliseconds: 5_000)

        for call in system.calls where call !== ended {
            var audit = CallAudit(of: call, in: system)
            audit.checkGate()
            audit.checkFrames()
            audit.checkFlow(pauseLimitMilliseconds: 500, until: end)
            audit.checkSound(holeLimitMilliseconds: 0)
            audit.checkSync(limitMilliseconds: 60)
            audit.checkReports()
            #expect(audit.violations.isEmpty, "call \(call.session)")
            let missing = call.technician.video.reduce(0) { $0 + $1.missingBefore }
            #expect(missing == 0)
            #expect(call.technician.video.count > 590)
            #expect(call.customer.goodbyes == 0 && call.technician.goodbyes == 0)
        }
        // The ended one heard farewell, and not a packet of media was sent to it any more.
        #expect(system.figures(of: ended) == nil)
        #expect(ended.customer.goodbyes > 0 && ended.technician.goodbyes > 0)
        for peer in [ended.customer, ended.technician] {
            for stream in system.record(of: peer, towardsRelay: false).streams.values {
                #expect(stream.packets.allSatisfy { $0.sentAt <= endedAt })
            }
        }
    }

    @Test func sameSeedGivesTheSameRun() throws {
        func run(seed: UInt64) throws -> [UInt64] {
            var plan = SimulatedSystem.CallPlan(media: try SimulationMedia.small.get())
            plan.setAllLinks(LinkProfile.everyday.losing(0.05))
            let system = SimulatedSystem(seed: seed)
            let call = try system.addCall(plan)
            try system.openGate(call)
            system.run(milliseconds: 10_000)
            return call.technician.video.map(\.readyAt.nanoseconds)
                + call.technician.audio.map(\.playoutAt.nanoseconds) + [system.counters.datagramsReceived]
        }
        #expect(try run(seed: 5) == run(seed: 5))
        #expect(try run(seed: 5) != run(seed: 6))
    }

    @Test func startIsAnsweredWithAKeyframeAtOnce() throws {
        let system = SimulatedSystem(seed: 32)
        let call = try system.addCall(SimulatedSystem.CallPlan(media: try SimulationMedia.small.get()))
        system.run(milliseconds: 5_300)
        #expect(call.technician.video.isEmpty && call.technician.audio.isEmpty && call.customer.audio.isEmpty)
        #expect(try #require(system.figures(of: call)).packetsDroppedAtGate > 300)
        try system.openGate(call)
        let opened = system.now
        system.run(milliseconds: 1_000)
        let first = try #require(call.technician.video.first)
        // Three ways of at most 26 ms, reordering, and the camera's next picture.
        #expect(first.isKeyframe)
        #expect(first.readyAt.nanoseconds(since: opened) < 150_000_000)
        #expect(call.customer.keyframeRequests == 1)
    }

    @Test func goodLineAddsNothingToPicturesAndLittleToSound() throws {
        var link = LinkProfile()
        link.delayMilliseconds = 15
        var plan = SimulatedSystem.CallPlan(media: try SimulationMedia.small.get())
        plan.setAllLinks(link)
        let system = SimulatedSystem(seed: 34)
        let call = try system.addCall(plan)
        try system.openGate(call)
        system.run(milliseconds: 20_000)

        // All clocks of a simulation are one, so capture times can be held against what came of them.
        func age(_ time: Instant, _ captureTime: UInt64) -> Int64 {
            SimulatedSystem.wallClock(at: time).nanoseconds(since: NTPTimestamp(rawValue: captureTime)) / 1_000_000
        }
        #expect(call.technician.video.count > 590)
        #expect(call.technician.video.allSatisfy { age($0.readyAt, $0.captureTime) <= 30 })
        let ages = call.technician.audio.dropFirst(50).compactMap { packet in
            packet.captureTime.map { age(packet.playoutAt, $0) }
        }
        #expect(ages.count > 900)
        let oldest = try #require(ages.max())
        let youngest = try #require(ages.min())
        #expect(youngest >= 30 && oldest <= 70, "sound is played \(youngest) to \(oldest) ms after its capture")
    }

    @Test func gateForcedOpenIsSeen() throws {
        let system = SimulatedSystem(seed: 33)
        let call = try system.addCall(SimulatedSystem.CallPlan(media: try SimulationMedia.small.get()))
        system.run(milliseconds: 1_000)
        system.forceGateOpen(call)
        system.run(milliseconds: 1_000)
        #expect(try #require(system.figures(of: call)).mediaBytesForwardedBeforeStart > 0)
        var audit = CallAudit(of: call, in: system)
        audit.checkGate()
        #expect(audit.violations.count >= 2)
    }
}
