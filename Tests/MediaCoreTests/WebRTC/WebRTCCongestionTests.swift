import MediaCore
import MediaWire
import TestSupport
import Testing

/// What the relay and its peers tell each other of the paths between them: transport-wide numbers and feedback
/// (draft-holmer-rmcat-transport-wide-cc-extensions-01), send times, REMB (draft-alvestrand-rmcat-remb-03).
@Suite struct WebRTCCongestionTests {
    private static let customer = RelayBench.host(1), technician = RelayBench.host(2, port: 6_000)

    private func call(
        hasRTX: Bool = true, isNumbered: Bool = true, seed: UInt64 = 1
    ) throws -> (bench: RelayBench, publisher: SimulatedBrowser, player: SimulatedBrowser) {
        let bench = RelayBench(seed: seed)
        let publisher = try SimulatedBrowser(bench, .customer, .publish, from: Self.customer, hasRTX: hasRTX)
        let player = try SimulatedBrowser(
            bench, .technician, .play, from: Self.technician, seed: 2, hasRTX: hasRTX, isNumbered: isNumbered)
        publisher.connect()
        player.connect()
        try bench.shard.openGate(RelayBench.session, at: bench.now)
        return (bench, publisher, player)
    }

    private func number(_ packet: RTPPacket) -> UInt16? {
        guard let data = packet.extensions.first(where: { $0.id == 3 })?.data, data.count == 2 else { return nil }
        return UInt16(data[0]) << 8 | UInt16(data[1])
    }

    /// In units of 2^-18 s, 24 bits.
    private func sendTime(_ packet: RTPPacket) -> UInt32? {
        guard let data = packet.extensions.first(where: { $0.id == 2 })?.data, data.count == 3 else { return nil }
        return data.reduce(0) { $0 << 8 | UInt32($1) }
    }

    // MARK: Towards players

    @Test func everyPacketOfALegHasTheNextNumberAndItsTime() throws {
        let (bench, publisher, player) = try call()
        var times: [Instant] = []
        for step in 0..<40 {
            // The publisher's own elements and ids do not reach the player.
            let packet = publisher.rtp(step % 3 == 0 ? .audio : .video, step, mid: step % 3 == 0 ? "a" : "v")
            times.append(bench.now)
            player.take(publisher.send([packet]))
            player.take(bench.advance(milliseconds: 7))
        }
        let numbers = player.received.compactMap(number)
        #expect(numbers.count == 40 && player.received.count == 40)
        #expect(zip(numbers, numbers.dropFirst()).allSatisfy { $1 == $0 &+ 1 })
        for (packet, time) in zip(player.received, times) {
            let expected = Double(time.nanoseconds % 64_000_000_000) / 1e9
            let told = Double(try #require(sendTime(packet))) / Double(1 << 18)
            #expect(abs(told - expected) < 1e-4)
            #expect(packet.extensions.count == 2)
        }
    }

    @Test func repetitionsHaveNumbersOfTheirOwn() throws {
        let (_, publisher, player) = try call()
        player.take(publisher.send((1...5).map { publisher.rtp(.video, $0) }))
        let lost = player.received[1...2].map(\.sequenceNumber)
        let last = try #require(player.received.last.flatMap(number))
        player.forget()
        let nack = RTCPPacket.genericNACK(
            GenericNACK(senderSSRC: SSRC(5), mediaSSRC: player.track(.video).slotSSRC, lost: lost))
        player.send([player.rtcp([.receiverReport(ReceiverReport(ssrc: SSRC(5))), nack])])
        #expect(player.received.map(\.payloadType) == [97, 97])
        #expect(player.received.compactMap(number) == [last &+ 1, last &+ 2])
    }

    /// What is repeated under its own number has to be the same to the last bit, so it carries nothing that changes.
    @Test func withoutAStreamForRepetitionsVideoHasNoNumbers() throws {
        let (_, publisher, player) = try call(hasRTX: false)
        player.take(publisher.send([publisher.rtp(.video, 1), publisher.rtp(.audio, 1)]))
        let (video, audio) = (
            player.received.first { $0.payloadType == 96 }, player.received.first { $0.payloadType == 111 }
        )
        #expect(video?.extensions.isEmpty == true)
        #expect(audio.flatMap(number) != nil)
        let before = try #require(player.datagrams.first { $0.count > 1 && $0[1] & 0x7F == 96 })
        player.forget()
        let nack = RTCPPacket.genericNACK(
            GenericNACK(
                senderSSRC: SSRC(5), mediaSSRC: player.track(.video).slotSSRC,
                lost: [try #require(video).sequenceNumber]))
        player.send([player.rtcp([.receiverReport(ReceiverReport(ssrc: SSRC(5))), nack])])
        #expect(player.datagrams == [before])
    }

    @Test func playersThatDoNotAskGetNone() throws {
        let (bench, publisher, player) = try call(isNumbered: false)
        player.take(publisher.send([publisher.rtp(.video, 1), publisher.rtp(.audio, 1)]))
        #expect(player.received.count == 2 && player.received.allSatisfy(\.extensions.isEmpty))
        #expect(try bench.figures().slots.allSatisfy { $0.path == nil && $0.estimatedBitrate == nil })
    }

    @Test func aPlayersFeedbackTellsOfItsPath() throws {
        let (bench, publisher, player) = try call()
        for step in 0..<20 {
            player.take(publisher.send([publisher.rtp(.video, step)]))
            player.take(bench.advance(milliseconds: 10))
        }
        let first = try #require(player.received.first.flatMap(number))
        // Of twenty the third is lost; each took 30 ms by a clock of its own.
        let arrivals = (0..<20).map { place -> TransportWideFeedback.Arrival in
            place == 2 ? .lost : .received(delta: place == 0 ? 120 : place == 3 ? 80 : 40)
        }
        let feedback = RTCPPacket.transportWideFeedback(
            TransportWideFeedback(
                senderSSRC: SSRC(5), mediaSSRC: player.track(.video).slotSSRC, baseSequence: first, referenceTime: 77,
                feedbackCount: 0, arrivals: arrivals))
        let remb = RTCPPacket.receiverEstimatedMaximumBitrate(
            ReceiverEstimatedMaximumBitrate(senderSSRC: SSRC(5), bitrate: 1_500_000, ssrcs: [SSRC(9)]))
        let report = RTCPPacket.receiverReport(ReceiverReport(ssrc: SSRC(5)))
        player.send([player.rtcp([report, feedback, remb])])
        let slots = try bench.figures().slots
        for slot in slots {
            #expect(slot.path?.packetsArrived == 19 && slot.path?.packetsLost == 1)
            #expect(slot.path?.queueingDelayNanoseconds == 0)
            #expect(slot.estimatedBitrate.map { abs(Int64($0) - 1_500_000) < 100 } == true)
        }
        // Said twice, it counts once; cut short, it does nothing.
        var cut = feedback.serialized
        cut.removeLast(4)
        cut[3] -= 1
        player.send([player.rtcp([report, feedback]), player.rtcp([report, .other(OtherRTCPPacket(raw: cut))])])
        #expect(try bench.figures().slots.first?.path?.packetsArrived == 19)
        // A publisher may not speak for a player.
        publisher.send([publisher.rtcp([report, remb])])
        #expect(try bench.figures().slots.first?.path?.packetsArrived == 19)
    }

    // MARK: Towards publishers

    /// Near the wrap and across it, with loss: the publisher learns of every packet what became of it.
    @Test(arguments: [0, 10, 40], 0..<4) func reportsCrossTheWrapWithLoss(_ loss: Int, _ seed: UInt64) throws {
        let bench = RelayBench()
        let publisher = try SimulatedBrowser(bench, .customer, .publish, from: Self.customer, isNumbered: true)
        publisher.connect()
        var generator = SeededGenerator(seed: seed &+ UInt64(loss) &* 100)
        var fates: [UInt16: Bool] = [:]
        let first = UInt16.random(in: 65_300...65_535, using: &generator)
        for step in 0..<600 {
            let number = first &+ UInt16(step)
            // The first and the last come, so that the reports cover all.
            let comes = step == 0 || step == 599 || Int.random(in: 0..<100, using: &generator) >= loss
            fates[number] = comes
            let packet = publisher.rtp(.video, step, transportNumber: number)
            if comes { publisher.take(publisher.send([packet])) }
            publisher.take(bench.advance(milliseconds: 2))
        }
        publisher.take(bench.advance(milliseconds: 100))
        var told: [UInt16: Bool] = [:]
        for report in publisher.control.compactMap(\.asTransportWideFeedback) {
            for (place, arrival) in report.arrivals.enumerated() {
                let number = report.baseSequence &+ UInt16(place)
                #expect(told[number] == nil, "told twice")
                told[number] = arrival != .lost
            }
        }
        #expect(told == fates)
    }

    @Test func aPublisherThatAsksLearnsHowMuchItMaySend() throws {
        let bench = RelayBench()
        let publisher = try SimulatedBrowser(
            bench, .customer, .publish, from: Self.customer, asksForBitrate: true)
        let other = try SimulatedBrowser(
            bench, .technician, .publish, from: Self.technician, seed: 3)
        publisher.connect()
        other.connect()
        #expect(publisher.media.answer.serialized().contains("goog-remb"))
        func run(_ seconds: Int, keeping keep: (Int) -> Bool, from start: Int) {
            for step in start..<(start + seconds * 100) {
                if keep(step) { publisher.take(publisher.send([publisher.rtp(.video, step)])) }
                other.take(other.send([other.rtp(.video, step)]))
                publisher.take(bench.advance(milliseconds: 10))
            }
        }
        run(12, keeping: { _ in true }, from: 0)
        let clean = publisher.control.compactMap(\.asMaximumBitrate)
        #expect(!clean.isEmpty && clean.allSatisfy { $0.ssrcs == [SimulatedBrowser.videoSSRC] })
        publisher.forget()
        // Half of it is lost.
        run(30, keeping: { $0 % 2 == 0 }, from: 1_200)
        let lossy = publisher.control.compactMap(\.asMaximumBitrate)
        let (before, after) = (try #require(clean.last).bitrate, try #require(lossy.last).bitrate)
        #expect(after < before / 2)
        #expect(other.control.allSatisfy { $0.asMaximumBitrate == nil })
    }

    // MARK: Simulcast

    /// RFC 8853: of three encodings the first is taken; the others, should they come, disturb nothing.
    @Test func ofASimulcastOneEncodingIsTaken() throws {
        let bench = RelayBench()
        let publisher = try SimulatedBrowser(
            bench, .customer, .publish, from: Self.customer, namesSSRCs: false, encodings: ["hi", "mid", "lo"])
        let player = try SimulatedBrowser(bench, .technician, .play, from: Self.technician, seed: 2)
        publisher.connect()
        player.connect()
        try bench.shard.openGate(RelayBench.session, at: bench.now)
        let answer = publisher.media.answer.serialized()
        #expect(answer.contains("a=rid:hi recv\r\n") && answer.contains("a=simulcast:recv hi\r\n"))
        #expect(!answer.contains("mid recv") && !answer.contains("lo recv"))
        for step in 0..<20 {
            let packets = [("lo", SSRC(71)), ("hi", SSRC(72)), ("mid", SSRC(73))].map { encoding, ssrc in
                publisher.rtp(.video, step, mid: "v", ssrc: ssrc, encoding: encoding)
            }
            player.take(publisher.send(packets))
        }
        #expect(player.received.map(\.payload) == (0..<20).map { TestStream.video($0) })
        let sequences = player.received.map(\.sequenceNumber)
        #expect(zip(sequences, sequences.dropFirst()).allSatisfy { $1 == $0.advanced(by: 1) })
    }
}

extension RTCPPacket {
    fileprivate var serialized: [UInt8] {
        var writer = ByteWriter()
        write(to: &writer)
        return writer.bytes
    }
}

extension OtherRTCPPacket {
    /// - Parameter raw: a packet whole, with its head.
    fileprivate init(raw: [UInt8]) {
        self.init(type: RTCPPacketType(rawValue: raw[1]), count: raw[0] & 0x1F, body: Array(raw.dropFirst(4)))
    }
}
