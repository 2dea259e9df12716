import Endpoints
import MediaCore
import MediaWire
import Simulation
import Testing

/// What strangers, attackers and bad lines do to a call.
@Suite struct HostileNetworkTests {
    private func started(_ plan: SimulatedSystem.CallPlan, seed: UInt64) throws -> (SimulatedSystem, SimulatedCall) {
        let system = SimulatedSystem(seed: seed)
        let call = try system.addCall(plan)
        try system.openGate(call)
        return (system, call)
    }

    private func plan(_ change: (inout LinkProfile) -> Void = { _ in }) throws -> SimulatedSystem.CallPlan {
        var plan = SimulatedSystem.CallPlan(media: try SimulationMedia.small.get())
        var link = LinkProfile.everyday
        change(&link)
        plan.setAllLinks(link)
        return plan
    }

    private func settle(_ system: SimulatedSystem) {
        for peer in system.peers {
            system.stopMedia(of: peer)
            system.changeLinks(of: peer) {
                $0.loss = 0; $0.burst = nil; $0.duplication = 0
            }
        }
        system.run(milliseconds: 5_000)
    }

    @Test func duplicatesAreDroppedAndCounted() throws {
        let (system, call) = try started(plan { $0.duplication = 0.2 }, seed: 11)
        system.run(milliseconds: 20_000)
        let end = system.now
        settle(system)

        var audit = CallAudit(of: call, in: system)
        audit.checkFrames()
        audit.checkFlow(pauseLimitMilliseconds: 500, until: end)
        audit.checkSound(holeLimitMilliseconds: 0)
        audit.checkReports()
        #expect(audit.violations.isEmpty)

        let repeats = [call.customer, call.technician]
            .flatMap { system.record(of: $0, towardsRelay: true).streams.values.map(\.repeats) }.reduce(0, +)
        #expect(repeats > 100)
        #expect(system.counters.droppedReplayed >= UInt64(repeats))
        #expect(call.technician.statistics.srtp.replays > 100)
    }

    @Test func replaysFromElsewhereChangeNothing() throws {
        let (system, call) = try started(plan(), seed: 12)
        system.capturesDatagrams = true
        system.run(milliseconds: 5_000)
        #expect(system.captured.count > 300)
        let attacker = SocketAddress(IPAddress(v4: 0xC633_64C8), port: 4_000)
        for datagram in system.captured {
            system.inject(datagram.bytes, from: attacker)
            system.inject(datagram.bytes, from: datagram.source)
        }
        system.run(milliseconds: 10_000)
        let end = system.now
        settle(system)

        var audit = CallAudit(of: call, in: system)
        audit.checkFrames()
        audit.checkFlow(pauseLimitMilliseconds: 500, until: end)
        audit.checkReports()
        #expect(audit.violations.isEmpty)
        #expect(system.counters.droppedReplayed + system.counters.droppedUnknownSource >= UInt64(system.captured.count))
    }

    @Test func strangersAndWrongKeysAreDroppedAndCounted() throws {
        let (system, call) = try started(plan(), seed: 13)
        system.capturesDatagrams = true
        system.run(milliseconds: 3_000)
        let published = try #require(call.customer.statistics.published(.video)).ssrc
        let played = try #require(call.technician.statistics.played(.video)?.ssrc)
        // Numbers just ahead of the real ones: neither old nor repeated, only the tag is wrong.
        func newest(_ ssrc: SSRC, at peer: SimulatedPeer, towardsRelay: Bool) throws -> SequenceNumber {
            try #require(system.record(of: peer, towardsRelay: towardsRelay).streams[ssrc]?.packets.last).sequence
        }
        let ahead = (
            try newest(published, at: call.customer, towardsRelay: true),
            try newest(played, at: call.technician, towardsRelay: false)
        )
        let customer = try #require(system.captured.first { $0.source.port == 5_000 }).source
        var random = SimulationRandom(seed: 13)
        let stranger = SocketAddress(IPAddress(v4: 0x0808_0808), port: 9)
        var sender = try SRTPSender(SRTPKey(profile: .aeadAES128GCM, using: &random))
        let before = system.counters
        let seen = call.technician.video.count

        for number in 1...500 {
            // The right SSRC, another key; then noise of every length.
            let source = number % 2 == 0 ? stranger : customer
            system.inject(
                try forge(published, ahead.0.advanced(by: number), with: &sender), from: source)
            system.inject(
                try forge(played, ahead.1.advanced(by: number), with: &sender), into: call.technician,
                from: SimulatedSystem.relayAddress)
            let noise = (0..<Int.random(in: 0...1_500, using: &random)).map { _ in
                UInt8.random(in: .min ... .max, using: &random)
            }
            system.inject(noise, from: source)
            system.inject(noise, into: call.technician, from: stranger)
        }
        system.run(milliseconds: 10_000)
        let end = system.now
        settle(system)

        var audit = CallAudit(of: call, in: system)
        audit.checkFrames()
        audit.checkFlow(pauseLimitMilliseconds: 500, until: end)
        audit.checkReports()
        #expect(audit.violations.isEmpty)
        #expect(call.technician.video.count > seen + 250)
        let after = system.counters
        #expect(after.droppedUnauthenticated >= before.droppedUnauthenticated + 500)
        #expect(after.datagramsReceived >= before.datagramsReceived + 1_000)
        let statistics = call.technician.statistics
        #expect(statistics.srtp.authenticationFailures >= 500)
        let malformed = statistics.srtp.malformed + statistics.malformedDatagrams
        #expect(statistics.srtp.authenticationFailures + malformed >= 1_000)
    }

    private func forge(_ ssrc: SSRC, _ sequence: SequenceNumber, with sender: inout SRTPSender) throws -> [UInt8] {
        var bytes = RTPPacket(
            marker: true, payloadType: 96, sequenceNumber: sequence, timestamp: RTPTimestamp(1), ssrc: ssrc,
            payload: [0x10, 0x9D]
        ).serialized()
        try #require(sender.protectRTP(&bytes) == .success(length: bytes.count))
        return bytes
    }

    @Test(arguments: [SessionSide.customer, .technician])
    func callGoesOnAfterAnAddressChange(side: SessionSide) throws {
        let (system, call) = try started(plan(), seed: 14)
        system.run(milliseconds: 10_000)
        let mover = side == .customer ? call.customer : call.technician
        system.move(mover, to: SocketAddress(IPAddress(v4: 0x0A00_0005), port: 33_333))
        let movedAt = system.now
        system.run(milliseconds: 10_000)
        let end = system.now
        settle(system)

        var audit = CallAudit(of: call, in: system)
        audit.checkFrames()
        // The technician's next report shows the relay where it has gone; the customer's next packet does.
        audit.checkFlow(pauseLimitMilliseconds: side == .customer ? 500 : 2_500, until: end)
        #expect(audit.violations.isEmpty)
        // Sound finds its way both ways too.
        for peer in [call.customer, call.technician] {
            let resumed = peer.audio.first { $0.playoutAt > movedAt.advanced(byMilliseconds: 2_500) && !$0.isConcealed }
            #expect(resumed != nil, "the \(peer.side) hears nothing after the change")
        }
    }

    @Test func outageOfTwoSecondsHeals() throws {
        let media = try SimulationMedia.withoutSpareKeyframes.get()
        #expect(media.video.count { $0.isKeyframe } == 1)
        var plan = try plan()
        plan.media = media
        let (system, call) = try started(plan, seed: 15)
        system.run(milliseconds: 8_000)
        system.changeLinks(of: call.customer) { $0.loss = 1 }
        system.run(milliseconds: 2_000)
        system.changeLinks(of: call.customer) { $0.loss = 0 }
        let back = system.now
        system.run(milliseconds: 8_000)
        let end = system.now
        settle(system)

        var audit = CallAudit(of: call, in: system)
        audit.checkFrames()
        audit.checkFlow(pauseLimitMilliseconds: 3_500, until: end)
        audit.checkReports()
        #expect(audit.violations.isEmpty)
        let keyframe = call.technician.video.first { $0.readyAt > back && $0.isKeyframe }
        let wait = try #require(keyframe).readyAt.nanoseconds(since: back) / 1_000_000
        #expect(wait < 1_500, "the first clean picture took \(wait) ms")
    }

    @Test(arguments: 1...3 as ClosedRange<UInt64>)
    func burstsOfLossHeal(seed: UInt64) throws {
        let (system, call) = try started(
            plan { $0.burst = BurstLoss(toBad: 0.004, toGood: 0.08) }, seed: seed)
        let decoding = try FrameDecoding()
        call.technician.onVideoFrame = { decoding.take($0) }
        system.run(milliseconds: 40_000)
        let end = system.now
        settle(system)

        var audit = CallAudit(of: call, in: system)
        audit.checkFrames()
        audit.checkFlow(pauseLimitMilliseconds: 3_000, until: end)
        audit.checkReports()
        #expect(audit.violations.isEmpty, "seed \(seed)")
        #expect(decoding.failures.isEmpty, "seed \(seed)")
    }

    @Test func bottleneckDelaysAndLosesButNeverSticks() throws {
        var plan = try plan()
        // The clip has about 300 kbit/s with headers and sound; its keyframes queue up.
        plan.customerUp.bitsPerSecond = 330_000
        plan.customerUp.queueBytes = 6_000
        let (system, call) = try started(plan, seed: 17)
        system.run(milliseconds: 30_000)
        let end = system.now
        settle(system)

        var audit = CallAudit(of: call, in: system)
        audit.checkFrames()
        audit.checkFlow(pauseLimitMilliseconds: 3_000, until: end)
        audit.checkReports()
        #expect(audit.violations.isEmpty)
    }
}
