import MediaCore
import MediaWire
import TestSupport
import Testing

/// Legs over ICE and DTLS on a shard, in simulated time: RFC 8445, RFC 7675, RFC 5763, RFC 9143.
@Suite struct WebRTCLegTests {
    private static let customer = RelayBench.host(1), technician = RelayBench.host(2, port: 6_000)

    private func call(
        isOpen: Bool = true, namesSSRCs: Bool = true, setup: String = "actpass", hasRTX: Bool = false
    ) throws -> (bench: RelayBench, publisher: SimulatedBrowser, player: SimulatedBrowser) {
        let bench = RelayBench()
        let publisher = try SimulatedBrowser(
            bench, .customer, .publish, from: Self.customer, setup: setup, namesSSRCs: namesSSRCs, hasRTX: hasRTX)
        let player = try SimulatedBrowser(
            bench, .technician, .play, from: Self.technician, seed: 2, setup: setup, hasRTX: hasRTX)
        publisher.connect()
        player.connect()
        if isOpen { try bench.shard.openGate(RelayBench.session, at: bench.now) }
        return (bench, publisher, player)
    }

    @Test(arguments: ["actpass", "active", "passive"])
    func mediaFlowsFromBrowserToBrowser(setup: String) throws {
        let (bench, publisher, player) = try call(setup: setup)
        #expect(publisher.keys?.sending.profile == .aeadAES128GCM && player.keys != nil)
        #expect(bench.counters.handshakesDone == 2 && bench.counters.handshakesFailed == 0)
        let connected = bench.events().filter { if case .connected = $0 { true } else { false } }
        #expect(connected.count == 2)
        for sequence in 0..<10 {
            player.take(publisher.send([publisher.rtp(.video, sequence), publisher.rtp(.audio, sequence)]))
        }
        let video = player.received.filter { $0.ssrc == player.track(.video).slotSSRC }
        let audio = player.received.filter { $0.ssrc == player.track(.audio).slotSSRC }
        #expect(video.map(\.payload) == (0..<10).map { TestStream.video($0) })
        #expect(audio.count == 10)
        #expect(try bench.figures().mediaBytesForwardedBeforeStart == 0)
    }

    @Test func aBrowserAndAnSDESPeerPlayEachOther() throws {
        let bench = RelayBench()
        let publisher = try SimulatedBrowser(bench, .customer, .publish, from: Self.customer)
        let player = try bench.join(.technician, .play, [.video, .audio], from: Self.technician)
        publisher.connect()
        try bench.shard.openGate(RelayBench.session, at: bench.now)
        let sent = publisher.send([publisher.rtp(.video, 1), publisher.rtp(.audio, 1)])
        #expect(player.video.media(sent).count == 1 && player.audio.media(sent).count == 1)

        let other = RelayBench()
        let camera = try other.join(.customer, .publish, [.video, .audio], from: Self.customer)
        let viewer = try SimulatedBrowser(other, .technician, .play, from: Self.technician)
        viewer.connect()
        try other.shard.openGate(RelayBench.session, at: other.now)
        viewer.take(other.deliver(camera.video.rtp(1), from: Self.customer))
        #expect(viewer.received.count == 1)
    }

    /// Keys that arrive in the middle of a batch leave the others' packets before and behind them as they are.
    @Test(arguments: [SRTPProfile.aeadAES128GCM, .aesCM128HMACSHA1_80])
    func aHandshakeThatEndsAmongMediaDisturbsNobody(_ profile: SRTPProfile) throws {
        let bench = RelayBench()
        let publisher = try SimulatedBrowser(bench, .customer, .publish, from: Self.customer, profiles: [profile])
        let player = try SimulatedBrowser(
            bench, .technician, .play, from: Self.technician, seed: 2, profiles: [profile])
        publisher.connect()
        player.connect()
        try bench.shard.openGate(RelayBench.session, at: bench.now)
        player.take(publisher.send([publisher.rtp(.video, 0)]))
        let other = try SimulatedBrowser(
            bench, .customer, .publish, from: RelayBench.host(5), session: RelaySessionKey(rawValue: 5), seed: 5)
        other.send([other.check()])
        let last = other.handshakeUpToTheLastFlight()
        #expect(!last.isEmpty && bench.counters.handshakesDone == 2)
        let before = (1...3).map { (publisher.rtp(.video, $0), Self.customer) }
        let behind = (4...6).map { (publisher.rtp(.video, $0), Self.customer) }
        player.take(bench.deliver(before + last.map { ($0, other.address) } + behind))
        #expect(bench.counters.handshakesDone == 3)
        #expect(player.received.map(\.payload) == (0...6).map { TestStream.video($0) })
        #expect(bench.counters.droppedUnauthenticated == 0 && bench.counters.droppedReplayed == 0)
    }

    @Test func nothingIsForwardedBeforeStart() throws {
        let (bench, publisher, player) = try call(isOpen: false)
        player.take(publisher.send((0..<5).map { publisher.rtp(.video, $0) }))
        #expect(player.received.isEmpty)
        let figures = try bench.figures()
        #expect(figures.packetsDroppedAtGate == 5 && figures.mediaBytesForwardedBeforeStart == 0)
    }

    // MARK: Who gets no answer

    @Test func checksThatProveNothingGetNoAnswer() throws {
        let bench = RelayBench()
        let browser = try SimulatedBrowser(bench, .customer, .publish, from: Self.customer)
        var broken = browser.check()
        broken[broken.count - 1] ^= 1
        var lying = browser.check()
        lying[3] &+= 4
        let checks = [
            browser.check(password: Array("another password of 24 by".utf8)),
            browser.check(fragment: Array("none".utf8)),
            browser.check(local: ICECredentials(usernameFragment: "else", password: String(repeating: "p", count: 24))),
            broken, lying, Array(browser.check().prefix(40)), Array(browser.check().prefix(20)),
        ]
        let sent = bench.deliver(checks, from: Self.customer)
        #expect(sent.isEmpty)
        #expect(browser.responses.isEmpty)
        #expect(bench.shard.nextTimeout == nil)
        browser.send([browser.check()])
        #expect(browser.responses == [.successResponse])
    }

    /// Before, during and after the true handshake.
    @Test func aHandshakeFromAnUnprovenPathIsNotHeard() throws {
        let bench = RelayBench()
        let browser = try SimulatedBrowser(bench, .customer, .publish, from: Self.customer)
        let stranger = RelayBench.host(66)
        let context = try DTLSContext(validAt: 1_790_000_000, serial: 66)
        let ofRelay = try bench.shard.certificateFingerprint()
        func hello() throws -> [[UInt8]] {
            var other = try DTLSConnection(.client, in: context, peer: [ofRelay])
            other.start(at: bench.now)
            var flight: [[UInt8]] = []
            other.sendDatagrams { flight.append(Array($0)) }
            return flight
        }
        #expect(try bench.deliver(hello(), from: stranger).isEmpty)
        #expect(try bench.deliver(hello(), from: Self.customer).isEmpty)
        browser.send([browser.check()])
        #expect(try bench.deliver(hello(), from: stranger).isEmpty)
        browser.connect()
        #expect(browser.keys != nil)
        #expect(try bench.deliver(hello(), from: stranger).isEmpty)
        #expect(bench.counters.handshakesDone == 1)
    }

    @Test func anotherCertificateThanAnnouncedGetsNoKeys() throws {
        let bench = RelayBench()
        let other = try #require(CertificateFingerprint(.sha256, digest: Array(repeating: 9, count: 32)))
        let browser = try SimulatedBrowser(bench, .customer, .publish, from: Self.customer, announcing: other)
        browser.connect()
        #expect(bench.counters.handshakesDone == 0 && bench.counters.handshakesFailed == 1)
        #expect(!bench.events().contains { if case .connected = $0 { true } else { false } })
    }

    @Test func packetsUnderWrongKeysDoNothing() throws {
        let (bench, publisher, player) = try call()
        var generator = SeededGenerator(seed: 3)
        let true1 = publisher.rtp(.video, 1)
        let bad = (0..<1_000).map { _ in
            var packet = true1
            packet[Int.random(in: 12..<packet.count, using: &generator)] ^= UInt8.random(in: 1...255, using: &generator)
            return packet
        }
        let before = bench.counters
        player.take(publisher.send(bad))
        #expect(player.received.isEmpty)
        #expect(bench.counters.droppedUnauthenticated == before.droppedUnauthenticated + 1_000)
        player.take(publisher.send([true1]))
        #expect(player.received.count == 1)
        // Forged ones from elsewhere do as little.
        let after = bench.counters
        for packet in bad { player.take(bench.deliver(packet, from: RelayBench.host(66))) }
        #expect(player.received.count == 1)
        #expect(
            bench.counters.droppedUnauthenticated + bench.counters.droppedReplayed >= after.droppedUnauthenticated
                + 1_000)
        // A player that sends media is not listened to.
        #expect(player.send([player.rtp(.video, 5)]).isEmpty)
    }

    /// Everything of a call, damaged, along its own proven paths: nothing traps, and the call goes on.
    @Test func damagedDatagramsOfACallDoNotEndIt() throws {
        let (bench, publisher, player) = try call()
        publisher.send((0..<5).map { publisher.rtp(.video, $0) })
        publisher.send([publisher.check()])
        let recorded = publisher.sent + player.sent
        #expect(recorded.count > 10)
        var mutator = Mutator(seed: 8_445)
        for round in 0..<4_000 {
            let damaged = mutator.mutate(recorded[round % recorded.count], splicing: recorded)
            let source = round % 3 == 0 ? Self.technician : round % 3 == 1 ? Self.customer : RelayBench.host(66)
            bench.deliver(damaged, from: source)
        }
        #expect(bench.counters.handshakesDone == 2 && bench.counters.handshakesFailed == 0)
        player.forget()
        player.take(publisher.send([publisher.rtp(.video, 50)]))
        #expect(player.received.map(\.payload) == [TestStream.video(50)])
    }

    /// The same while they shake hands: at worst it has to be done anew.
    @Test(arguments: 0..<20)
    func damagedHandshakesAreTriedAnew(seed: UInt64) throws {
        let bench = RelayBench(seed: seed)
        let browser = try SimulatedBrowser(bench, .customer, .publish, from: Self.customer, seed: seed)
        let ofRelay = try bench.shard.certificateFingerprint()
        var mutator = Mutator(seed: seed)
        browser.send([browser.check()])
        browser.dtls.start(at: bench.now)
        var hello: [[UInt8]] = []
        browser.dtls.sendDatagrams { hello.append(Array($0)) }
        for _ in 0..<50 { bench.deliver(mutator.mutate(hello[0]), from: Self.customer) }
        bench.advance(milliseconds: 40_000)
        for attempt in 0..<3 where browser.keys == nil {
            browser.dtls = try DTLSConnection(.client, in: browser.context, peer: [ofRelay])
            browser.connect()
            if browser.keys == nil { bench.advance(milliseconds: Int64(attempt + 1) * 20_000) }
        }
        #expect(browser.keys != nil, "\(browser.events) \(bench.counters)")
    }

    // MARK: Which m-line a packet belongs to

    @Test func streamsWithoutDeclaredSSRCsAreKnownByMID() throws {
        let (bench, publisher, player) = try call(namesSSRCs: false)
        player.take(publisher.send([publisher.rtp(.video, 1, mid: "v", ssrc: SSRC(77))]))
        #expect(player.received.map(\.ssrc) == [player.track(.video).slotSSRC])
        // Once bound, the extension need not be there.
        player.take(publisher.send([publisher.rtp(.video, 2, ssrc: SSRC(77))]))
        #expect(player.received.count == 2)
        // Without a MID the payload type decides, as long as one m-line has it.
        player.take(publisher.send([publisher.rtp(.audio, 1, ssrc: SSRC(78))]))
        #expect(player.received.map(\.ssrc).last == player.track(.audio).slotSSRC)
        // The MID of one m-line with the payload type of another is nobody's.
        let before = bench.counters.droppedUnexpected
        player.take(publisher.send([publisher.rtp(.audio, 1, mid: "v", ssrc: SSRC(79))]))
        #expect(player.received.count == 3 && bench.counters.droppedUnexpected == before + 1)
    }

    @Test func theMIDOfThePublisherDoesNotReachThePlayer() throws {
        let (_, publisher, player) = try call(namesSSRCs: false)
        player.take(publisher.send([publisher.rtp(.video, 1, mid: "v", ssrc: SSRC(77))]))
        #expect(player.received.map(\.extensions) == [[]])
    }

    // MARK: Paths

    @Test func thePeersMoveAndMediaFollows() throws {
        let (bench, publisher, player) = try call()
        let places = (publisher: publisher.address, player: player.address)
        player.take(publisher.send([publisher.rtp(.video, 1)]))
        publisher.address = RelayBench.host(9, port: 9_000)
        // Its key proves whose media it is, before the path is proven; but nothing goes there.
        let sent = publisher.send([publisher.rtp(.video, 2)]) + bench.advance(milliseconds: 1_500)
        #expect(sent.contains { $0.to == places.player } && sent.contains { $0.to == places.publisher })
        #expect(!sent.contains { $0.to == publisher.address })
        player.address = RelayBench.host(8, port: 8_000)
        publisher.send([publisher.check()])
        player.send([player.check()])
        let before = player.received.count
        player.take(publisher.send([publisher.rtp(.video, 3)]))
        #expect(player.received.count == before + 1)
        player.take(publisher.send([publisher.rtp(.video, 4)]))
        #expect(player.received.count == before + 2)
    }

    /// Whoever has a session of its own may forge another's address, but gets nothing of its calls.
    @Test func nobodyTakesThePathOfAnother() throws {
        let (bench, publisher, player) = try call()
        let thief = try SimulatedBrowser(
            bench, .customer, .publish, from: Self.technician, session: RelaySessionKey(rawValue: 66), seed: 6)
        let before = bench.counters.rtcpReceived
        bench.deliver(thief.check(), from: Self.technician)
        // The player is still heard along its path, and its path leads to it.
        player.send([player.rtcp([.receiverReport(ReceiverReport(ssrc: SSRC(5)))])])
        #expect(bench.counters.rtcpReceived == before + 1)
        player.take(publisher.send([publisher.rtp(.video, 1)]))
        #expect(player.received.count == 1)
    }

    @Test func aPathIsProvenButNotChosenWithoutNomination() throws {
        let (_, publisher, player) = try call()
        let old = player.address
        player.address = RelayBench.host(8, port: 8_000)
        player.send([player.check(nominates: false)])
        #expect(player.responses.last == .successResponse)
        let sent = publisher.send([publisher.rtp(.video, 1)])
        #expect(sent.contains { $0.to == old } && !sent.contains { $0.to == player.address })
    }

    /// RFC 7675: half a minute after the last check nothing more is sent, until there is another one.
    @Test func sendingNeedsConsent() throws {
        let (bench, publisher, player) = try call()
        player.take(publisher.send([publisher.rtp(.video, 1)]))
        _ = bench.events()
        publisher.take(bench.advance(milliseconds: 20_000))
        publisher.send([publisher.check()])
        publisher.take(bench.advance(milliseconds: 10_500))
        #expect(bench.events().contains { if case .silent(player.id, _, _) = $0 { true } else { false } })
        player.forget()
        #expect(publisher.send([publisher.rtp(.video, 2)]).isEmpty)
        player.send([player.check()])
        player.take(publisher.send([publisher.rtp(.video, 3)]))
        #expect(player.received.count == 1)
    }

    @Test func aRestartKeepsMediaFlowing() throws {
        let (bench, publisher, player) = try call()
        var generator = SeededGenerator(seed: 99)
        let fresh = ICECredentials(using: &generator)
        bench.shard.restartICE(player.id, local: fresh, remote: ICECredentials(using: &generator), at: bench.now)
        player.take(publisher.send([publisher.rtp(.video, 1)]))
        #expect(player.received.count == 1)
        // The old credentials still keep the path alive.
        player.forget()
        player.send([player.check()])
        #expect(player.responses == [.successResponse])
    }

    // MARK: Handshakes

    @Test func aLostFlightIsSentAgainByTheShardsTimers() throws {
        let bench = RelayBench()
        let browser = try SimulatedBrowser(bench, .customer, .publish, from: Self.customer)
        browser.send([browser.check()])
        browser.dtls.start(at: bench.now)
        var hello: [[UInt8]] = []
        browser.dtls.sendDatagrams { hello.append(Array($0)) }
        // The answer is lost.
        #expect(!bench.deliver(hello, from: Self.customer).isEmpty)
        let again = bench.advance(milliseconds: 150)
        #expect(!again.isEmpty)
        browser.take(again)
        #expect(browser.keys != nil && bench.counters.handshakesDone == 1)
        #expect(bench.advance(milliseconds: 5_000).isEmpty)
    }

    @Test func aFailedHandshakeIsTriedAnew() throws {
        let bench = RelayBench()
        let browser = try SimulatedBrowser(bench, .customer, .publish, from: Self.customer)
        let ofRelay = try bench.shard.certificateFingerprint()
        let stranger = try DTLSContext(validAt: 1_790_000_000, serial: 66)
        let right = browser.dtls.isConnected
        browser.dtls = try DTLSConnection(.client, in: stranger, peer: [ofRelay])
        browser.connect()
        #expect(!right && bench.counters.handshakesFailed == 1)
        browser.dtls = try DTLSConnection(.client, in: browser.context, peer: [ofRelay])
        browser.connect()
        #expect(bench.counters.handshakesDone == 1)
        #expect(browser.keys != nil)
    }

    @Test func handshakesThatAlwaysFailAreNotTriedForEver() throws {
        let bench = RelayBench()
        let browser = try SimulatedBrowser(bench, .customer, .publish, from: Self.customer)
        let ofRelay = try bench.shard.certificateFingerprint()
        let stranger = try DTLSContext(validAt: 1_790_000_000, serial: 66)
        for _ in 0..<20 {
            browser.dtls = try DTLSConnection(.client, in: stranger, peer: [ofRelay])
            browser.connect()
        }
        #expect(bench.counters.handshakesFailed == 8)
    }

    // MARK: Retransmission (RFC 4588)

    @Test(arguments: [true, false])
    func whatThePublisherRepeatsFillsTheHole(namesSSRCs: Bool) throws {
        let (bench, publisher, player) = try call(namesSSRCs: namesSSRCs, hasRTX: true)
        player.take(publisher.send([1, 2, 4].map { publisher.rtp(.video, $0, mid: "v") }))
        publisher.take(bench.advance(milliseconds: 20))
        let asked = publisher.control.compactMap(\.asNACK)
        #expect(asked.flatMap(\.lost).map(\.rawValue) == [3])
        #expect(asked.allSatisfy { $0.mediaSSRC == SimulatedBrowser.videoSSRC })
        player.take(publisher.send([publisher.rtx(3, number: 900)]))
        #expect(player.received.map(\.payload) == [1, 2, 4, 3].map { TestStream.video($0) })
        let numbers = player.received.map(\.sequenceNumber.rawValue)
        #expect(numbers[3] == numbers[1] &+ 1 && numbers[2] == numbers[3] &+ 1)
        #expect(try bench.figures().tracks.map(\.packetsRecovered).max() == 1)
    }

    /// A packet that goes out twice would have one nonce for two headers.
    @Test func nothingIsTakenTwice() throws {
        let (bench, publisher, player) = try call(hasRTX: true)
        player.take(publisher.send([1, 2, 4].map { publisher.rtp(.video, $0) }))
        let late = publisher.rtp(.video, 3)
        publisher.take(bench.advance(milliseconds: 20))
        player.take(publisher.send([publisher.rtx(3, number: 900)]))
        #expect(player.received.count == 4)
        let before = bench.counters
        // The same again, on both streams, and one that was never missed.
        player.take(publisher.send([publisher.rtx(3, number: 901), late, publisher.rtx(2, number: 902)]))
        #expect(player.received.count == 4)
        #expect(bench.counters.droppedReplayed == before.droppedReplayed + 3)
        // Padding is no error.
        player.take(
            publisher.send([publisher.rtx(0, number: 903, padding: true), publisher.rtx(0, number: 904, payload: [])]))
        #expect(bench.counters.droppedUnexpected == before.droppedUnexpected && player.received.count == 4)
    }

    @Test func aPlayerHasItsRepetitionsOnAStreamOfTheirOwn() throws {
        let (_, publisher, player) = try call(hasRTX: true)
        player.take(publisher.send((1...5).map { publisher.rtp(.video, $0) }))
        let track = player.track(.video)
        let lost = player.received[1...2].map(\.sequenceNumber)
        let originals = player.received[1...2].map(\.payload)
        player.forget()
        let report = RTCPPacket.receiverReport(ReceiverReport(ssrc: SSRC(5)))
        let nack = RTCPPacket.genericNACK(GenericNACK(senderSSRC: SSRC(5), mediaSSRC: track.slotSSRC, lost: lost))
        player.send([player.rtcp([report, nack])])
        #expect(player.received.map(\.ssrc) == [track.rtxSlotSSRC, track.rtxSlotSSRC])
        #expect(player.received.allSatisfy { $0.payloadType == 97 })
        let numbers = player.received.map { UInt16($0.payload[0]) << 8 | UInt16($0.payload[1]) }
        #expect(numbers == lost.map(\.rawValue))
        #expect(player.received.map { Array($0.payload.dropFirst(2)) } == originals)
        #expect(player.received[1].sequenceNumber == player.received[0].sequenceNumber.advanced(by: 1))
    }

    // MARK: Transport-wide feedback

    @Test func aPublisherLearnsWhatCameAndWhen() throws {
        let bench = RelayBench()
        let publisher = try SimulatedBrowser(bench, .customer, .publish, from: Self.customer, isNumbered: true)
        publisher.connect()
        let start = bench.now
        // Across the wrap; 0 is lost, 3 overtakes 2.
        for (step, number) in [65_534, 65_535, 1, 3, 2].enumerated() {
            let kind: MediaKind = step % 2 == 0 ? .video : .audio
            publisher.take(publisher.send([publisher.rtp(kind, step, transportNumber: UInt16(number))]))
            publisher.take(bench.advance(milliseconds: 5))
        }
        publisher.take(bench.advance(milliseconds: 60))
        let reports = publisher.control.compactMap(\.asTransportWideFeedback)
        let report = try #require(reports.first)
        #expect(reports.count == 1)
        #expect(report.baseSequence == 65_534 && report.arrivals.count == 6)
        var time = Int64(report.referenceTime) * TransportWideFeedback.referenceUnit
        let offsets = report.arrivals.map { arrival -> Int64? in
            guard case .received(let delta) = arrival else { return nil }
            time += Int64(delta) * TransportWideFeedback.deltaUnit
            return (time - Int64(start.nanoseconds)) / 1_000_000
        }
        #expect(offsets == [0, 5, nil, 10, 20, 15])
        // Nothing new, nothing said.
        publisher.forget()
        publisher.take(bench.advance(milliseconds: 500))
        #expect(publisher.control.allSatisfy { $0.asTransportWideFeedback == nil })
    }

    // MARK: Control

    @Test func aPlayersWishesReachThePublisher() throws {
        let (bench, publisher, player) = try call()
        let keyframe = publisher.rtp(.video, 1, payload: TestStream.video(1, keyframe: true))
        player.take(publisher.send([keyframe, publisher.rtp(.video, 2)]))
        let slot = player.track(.video).slotSSRC
        let report = RTCPPacket.receiverReport(ReceiverReport(ssrc: SSRC(5)))
        let first = try #require(player.received.first)
        let nack = RTCPPacket.genericNACK(
            GenericNACK(senderSSRC: SSRC(5), mediaSSRC: slot, lost: [first.sequenceNumber]))
        player.send([player.rtcp([report, nack])])
        #expect(try bench.figures().slots.map(\.packetsRetransmitted).max() == 1)

        publisher.take(bench.advance(milliseconds: 2_000))
        publisher.forget()
        let wish = RTCPPacket.pictureLossIndication(PictureLossIndication(senderSSRC: SSRC(5), mediaSSRC: slot))
        publisher.take(player.send([player.rtcp([report, wish])]))
        publisher.take(bench.advance(milliseconds: 50))
        #expect(publisher.control.contains { $0.isPLI })
    }

    @Test func aLegThatIsTakenOffSaysGoodBye() throws {
        let (bench, publisher, player) = try call()
        player.take(publisher.send([publisher.rtp(.video, 1)]))
        player.forget()
        bench.shard.removeLeg(player.id, at: bench.now)
        player.take(bench.due())
        #expect(player.control.contains { $0.asGoodbye != nil })
        #expect(player.events.last == .closed)
        // Nobody listens any more.
        player.forget()
        player.send([player.check()])
        #expect(player.responses.isEmpty)
        #expect(publisher.send([publisher.rtp(.video, 2)]).isEmpty)
    }

    @Test func aPeersGoodByeIsTold() throws {
        let (bench, publisher, _) = try call()
        _ = bench.events()
        publisher.dtls.close()
        publisher.flush()
        #expect(bench.events().contains { if case .goodbye(publisher.id, _, _) = $0 { true } else { false } })
    }

    @Test func aSecondLegTakesThePlaceOfTheFirst() throws {
        let (bench, publisher, player) = try call()
        let other = try SimulatedBrowser(
            bench, .technician, .play, from: RelayBench.host(7, port: 7_777), seed: 3)
        #expect(!bench.contains(player.id))
        other.connect()
        other.take(publisher.send([publisher.rtp(.video, 1)]))
        #expect(other.received.count == 1)
    }
}
