import Endpoints
import MediaCore
import MediaWire
import Simulation
import Testing

/// Calls whose endpoints find the relay by ICE and shake hands: what differs from keys in the SDP.
@Suite struct WebRTCCallTests {
    private func plan(losing loss: Double = 0) throws -> SimulatedSystem.CallPlan {
        var plan = SimulatedSystem.CallPlan(media: try SimulationMedia.small.get())
        plan.setAllLinks(LinkProfile.everyday.losing(loss))
        plan.configure = { $0.keyExchange = .dtls }
        return plan
    }

    /// When frames came, in ms.
    private func times(_ call: SimulatedCall) -> [Int64] {
        call.technician.video.map { $0.readyAt.nanoseconds(since: Instant(nanoseconds: 0)) / 1_000_000 }
    }

    @Test func handshakesAreDoneWithinAFewRoundTrips() throws {
        let system = SimulatedSystem(seed: 1)
        let call = try system.addCall(plan())
        system.run(milliseconds: 400)
        for peer in [call.customer, call.technician] {
            #expect(peer.endpoint.isConnected(.publish) && peer.endpoint.isConnected(.play))
            #expect(peer.endpoint.transportFailure == nil)
        }
        #expect(system.counters.handshakesDone == 4)
    }

    /// Every third datagram gets lost, and the flights come again.
    @Test(arguments: 1...5 as ClosedRange<UInt64>)
    func handshakesSurviveLoss(seed: UInt64) throws {
        let system = SimulatedSystem(seed: seed)
        let call = try system.addCall(plan(losing: 0.33))
        system.run(milliseconds: 15_000)
        for peer in [call.customer, call.technician] {
            #expect(peer.endpoint.isConnected(.publish) && peer.endpoint.isConnected(.play), "\(peer.side)")
        }
    }

    /// From Wi-Fi to mobile: the next check comes from the new address, and the relay follows.
    @Test(arguments: 1...3 as ClosedRange<UInt64>)
    func callGoesOnFromAnotherAddressWithinASecond(seed: UInt64) throws {
        let system = SimulatedSystem(seed: seed)
        let call = try system.addCall(plan())
        system.run(milliseconds: 1_000)
        try system.openGate(call)
        system.run(milliseconds: 4_000)
        for (number, peer) in [call.customer, call.technician].enumerated() {
            let before = call.technician.video.count
            let address = SocketAddress(IPAddress(v4: 0xCB00_71C0 + UInt32(number)), port: 9_000)
            let moved = system.now
            system.move(peer, to: address)
            system.run(milliseconds: 4_000)
            let next = try #require(call.technician.video.dropFirst(before).last)
            #expect(next.readyAt > moved.advanced(byMilliseconds: 3_000), "the picture of the \(peer.side) stands")
            let all = times(call)
            let pause = zip(all, all.dropFirst()).map { $1 - $0 }.max() ?? 0
            #expect(pause < 1_000, "stood still for \(pause) ms after the \(peer.side) had moved")
        }
    }

    /// Where nobody answers, the endpoint says so.
    @Test func silenceOfTheRelayIsAFailure() throws {
        let system = SimulatedSystem(seed: 3)
        var plan = try plan()
        plan.customerDown.loss = 1
        let call = try system.addCall(plan)
        system.run(milliseconds: 29_000)
        #expect(call.customer.endpoint.transportFailure == nil)
        system.run(milliseconds: 3_000)
        guard case .unreachable = call.customer.endpoint.transportFailure else {
            Issue.record("\(String(describing: call.customer.endpoint.transportFailure))")
            return
        }
        #expect(call.technician.endpoint.transportFailure == nil)
    }

    /// Sequence numbers, timestamps and SRTP's rollover counter wrap while packets get lost.
    @Test func wrapsUnderLossGoUnnoticed() throws {
        var plan = try plan(losing: 0.02)
        plan.configure = { configuration in
            configuration.keyExchange = .dtls
            configuration.maximumPayloadSize = 60
            configuration.streamStart = StreamStart(
                sequence: SequenceNumber(65_000), timestamp: RTPTimestamp(.max - 90_000 * 2))
        }
        let system = SimulatedSystem(seed: 5)
        let call = try system.addCall(plan)
        let decoding = try FrameDecoding()
        call.technician.onVideoFrame = { decoding.take($0) }
        system.run(milliseconds: 1_000)
        try system.openGate(call)
        system.run(milliseconds: 140_000)
        let end = system.now
        system.windDown(milliseconds: 5_000)
        var audit = CallAudit(of: call, in: system)
        audit.checkGate()
        audit.checkFrames()
        audit.checkFlow(pauseLimitMilliseconds: 3_000, until: end)
        audit.checkReports()
        #expect(audit.violations.isEmpty)
        #expect(decoding.failures.isEmpty)
    }
}
