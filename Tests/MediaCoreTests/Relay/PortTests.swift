import MediaWire
import TestSupport
import Testing

@testable import MediaCore

@Suite struct PortTests {
    private func drain(_ ring: PlainRTPRing) -> [RTPPacket] {
        var packets: [RTPPacket] = []
        while let bytes = ring.pop() {
            guard let packet = RTPPacket(bytes.rawSpan) else {
                Issue.record("the ring holds something that is no RTP")
                continue
            }
            packets.append(packet)
        }
        return packets
    }

    @Test func sinkGetsPlainPacketsOfItsOwnNumbers() throws {
        let call = try Call()
        let port = try call.bench.shard.attachPort(
            to: RelayBench.session, playing: .customer, kind: .video,
            PortSettings(payloadType: 101, ssrc: SSRC(0x11)), at: call.bench.now)
        let forwarded = call.player.media(call.publish(1...10))
        let recorded = drain(port.ring)
        #expect(recorded.map(\.payload) == forwarded.map(\.payload))
        #expect(recorded.allSatisfy { $0.ssrc == SSRC(0x11) && $0.payloadType == 101 })
        for (a, b) in zip(recorded, recorded.dropFirst()) {
            #expect(b.sequenceNumber.distance(from: a.sequenceNumber) == 1)
        }
        #expect(forwarded.count == 10)
        call.bench.shard.detachPort(port.id, at: call.bench.now)
        #expect(port.ring.isClosed)
        #expect(call.player.media(call.publish(11)).count == 1)
        #expect(drain(port.ring).isEmpty)
    }

    @Test func sinkStandsBehindTheGateAndTheCount() throws {
        let call = try Call(isOpen: false)
        let port = try call.bench.shard.attachPort(
            to: RelayBench.session, playing: .customer, kind: .video, at: call.bench.now)
        call.publish(1...10)
        #expect(drain(port.ring).isEmpty)
        #expect(try call.bench.figures().mediaBytesForwardedBeforeStart == 0)
        call.bench.shard.removeLeg(call.playerLeg.id, at: call.bench.now)
        call.bench.shard.forceGateOpen(RelayBench.session, at: call.bench.now)
        call.publish(11)
        #expect(drain(port.ring).count == 1)
        #expect(try call.bench.figures().mediaBytesForwardedBeforeStart > 0)
    }

    @Test func fullSinkDropsAndCountsAndThePlayerNeverNotices() throws {
        let call = try Call()
        let port = try call.bench.shard.attachPort(
            to: RelayBench.session, playing: .customer, kind: .video, PortSettings(capacity: 8), at: call.bench.now)
        #expect(call.player.media(call.publish(1...20)).count == 20)
        #expect(port.ring.dropped == 12)
        #expect(call.bench.counters.droppedAtPort == 12)
        #expect(drain(port.ring).count == 8)
        call.publish(21)
        #expect(drain(port.ring).count == 1)
    }

    @Test func sinkMayAskForAKeyframeAndIsFedThroughARejoin() throws {
        let call = try Call()
        let port = try call.bench.shard.attachPort(
            to: RelayBench.session, playing: .customer, kind: .video, at: call.bench.now)
        call.bench.deliver(
            call.publisher.rtp(1, payload: TestStream.video(1, keyframe: true)), from: call.publisher.address)
        call.bench.advance(milliseconds: 3_000)
        call.bench.deliver(
            call.publisher.rtp(2, payload: TestStream.video(2, keyframe: true)), from: call.publisher.address)
        call.bench.advance(milliseconds: 3_000)
        port.ring.requestKeyframe()
        #expect(call.publisher.control(call.publish(3)).contains { $0.isPLI })
        let last = try #require(drain(port.ring).last)
        let second = try call.bench.join(.customer, .publish, from: RelayBench.host(3)).video
        call.bench.deliver(second.rtp(900, payload: TestStream.video(1, keyframe: true)), from: second.address)
        let after = drain(port.ring)
        #expect(after.map { $0.sequenceNumber.distance(from: last.sequenceNumber) } == [1])
    }

    @Test func sourceFeedsThePlayerInFrontOfThePeersTrack() throws {
        let call = try Call()
        let before = try #require(call.player.media(call.publish(1...3)).last)
        let port = try call.bench.shard.attachSource(
            to: RelayBench.session, publishingAs: .customer, kind: .video, PortSettings(payloadType: 102),
            at: call.bench.now)
        let recorder = try call.bench.shard.attachPort(
            to: RelayBench.session, playing: .customer, kind: .video, at: call.bench.now)
        #expect(port.ring.takeKeyframeRequest())
        func packet(_ sequence: UInt16, keyframe: Bool = false) -> [UInt8] {
            RTPPacket(
                payloadType: 102, sequenceNumber: SequenceNumber(sequence), timestamp: RTPTimestamp(77), ssrc: SSRC(9),
                payload: TestStream.video(Int(sequence), keyframe: keyframe)
            ).serialized()
        }
        port.ring.push(packet(65_535, keyframe: true))
        port.ring.push(packet(0))
        // A number used before would meet the same key and nonce again.
        port.ring.push(packet(65_535))
        port.ring.push([1, 2, 3])
        let forwarded = call.player.media(call.bench.advance(milliseconds: 10))
        #expect(forwarded.map { $0.sequenceNumber.distance(from: before.sequenceNumber) } == [1, 2])
        #expect(call.bench.counters.droppedReplayed == 1)
        #expect(call.bench.counters.droppedMalformed == 1)
        // The peer's own track goes to the recorder, not to the player.
        #expect(call.player.media(call.publish(4)).isEmpty)
        #expect(drain(recorder.ring).count == 1)

        call.bench.shard.detachPort(port.id, at: call.bench.now)
        #expect(port.ring.isClosed)
        let key = call.publisher.rtp(5, payload: TestStream.video(5, keyframe: true))
        let back = try #require(call.player.media(call.bench.deliver(key, from: call.publisher.address)).first)
        #expect(back.sequenceNumber.distance(from: before.sequenceNumber) == 3)
        #expect(call.bench.advance(milliseconds: 60_000).allSatisfy { $0.isRTCP })
    }

    @Test func sourceStandsBehindTheGateAndFullBatchesLoseNothing() throws {
        let bench = RelayBench(sendCapacity: 3)
        let port = try bench.shard.attachSource(
            to: RelayBench.session, publishingAs: .technician, kind: .audio, at: bench.now)
        let player = try bench.join(.customer, .play, [.audio], from: RelayBench.host(1)).audio
        func fill(_ range: ClosedRange<UInt16>) {
            for sequence in range {
                port.ring.push(
                    RTPPacket(
                        payloadType: 96, sequenceNumber: SequenceNumber(sequence), timestamp: RTPTimestamp(0),
                        ssrc: SSRC(9), payload: [1]
                    ).serialized())
            }
        }
        fill(1...20)
        #expect(bench.advance(milliseconds: 20).isEmpty)
        #expect(bench.counters.droppedAtGate == 20)
        try bench.shard.openGate(RelayBench.session, at: bench.now)
        fill(21...60)
        let forwarded = player.media(bench.advance(milliseconds: 20))
        #expect(forwarded.count == 40)
        let ntp = NTPTimestamp(unixNanoseconds: 1_700_000_000_000_000_000)
        bench.shard.noteClock(of: port.id, ntp: ntp, rtp: RTPTimestamp(0), at: bench.now)
        #expect(player.control(bench.due()).compactMap(\.asSenderReport).first?.info.packetCount == 40)
    }

    @Test func portsAreFewAndEndWithTheirSession() throws {
        let bench = RelayBench()
        var ports: [RelayPort] = []
        for _ in 0..<bench.shard.configuration.maximumPorts {
            ports.append(
                try bench.shard.attachPort(to: RelayBench.session, playing: .customer, kind: .audio, at: bench.now))
            ports.append(
                try bench.shard.attachSource(
                    to: RelayBench.session, publishingAs: .customer, kind: .audio, at: bench.now))
        }
        #expect(throws: RelayError.tooManyPorts) {
            try bench.shard.attachPort(to: RelayBench.session, playing: .customer, kind: .audio, at: bench.now)
        }
        #expect(throws: RelayError.tooManyPorts) {
            try bench.shard.attachSource(to: RelayBench.session, publishingAs: .customer, kind: .audio, at: bench.now)
        }
        bench.shard.endSession(RelayBench.session, at: bench.now)
        #expect(ports.allSatisfy { $0.ring.isClosed })
        #expect(bench.shard.ports.count == 0)
        #expect(bench.shard.tracks.count == 0)
        bench.shard.detachPort(ports[0].id, at: bench.now)
        bench.shard.detachPort(ports[1].id, at: bench.now)
        bench.advance(milliseconds: 1_000)
        #expect(bench.shard.timers.count == 0)
    }

    @Test func closedOrTooLongIsDroppedAndCounted() {
        let ring = PlainRTPRing(capacity: 5)
        #expect(ring.capacity == 8)
        #expect(!ring.push([UInt8](repeating: 0, count: PlainRTPRing.packetSize + 1)))
        #expect(ring.push([UInt8](repeating: 3, count: PlainRTPRing.packetSize)))
        ring.close()
        #expect(!ring.push([1]))
        #expect(ring.dropped == 2)
        #expect(ring.pop()?.count == PlainRTPRing.packetSize)
        #expect(ring.pop() == nil)
        #expect(PlainRTPRing(capacity: 0).capacity == 1)
        #expect(PlainRTPRing(capacity: .max).capacity == PlainRTPRing.maximumCapacity)
    }

    /// One task writes, another reads: everything arrives in order and whole, or was counted as dropped.
    @Test func twoThreadsAgreeOnEveryPacket() async {
        let ring = PlainRTPRing(capacity: 16)
        let total = 60_000
        async let written: Int = Task.detached {
            var accepted = 0
            for number in 0..<total {
                let byte = UInt8(truncatingIfNeeded: number)
                let bytes =
                    [UInt8(number >> 16 & 0xFF), UInt8(number >> 8 & 0xFF), byte]
                    + [UInt8](repeating: byte, count: number % 50)
                if ring.push(bytes) { accepted += 1 } else if number % 3 == 0 { await Task.yield() }
            }
            ring.close()
            return accepted
        }.value
        var read = 0
        var last = -1
        var isWhole = true
        while true {
            let wasClosed = ring.isClosed
            guard let bytes = ring.pop() else {
                if wasClosed { break }
                await Task.yield()
                continue
            }
            let number = Int(bytes[0]) << 16 | Int(bytes[1]) << 8 | Int(bytes[2])
            isWhole =
                isWhole && number > last && bytes.count == 3 + number % 50
                && bytes.dropFirst(3).allSatisfy { $0 == bytes[2] }
            last = number
            read += 1
        }
        let accepted = await written
        #expect(isWhole)
        #expect(read == accepted)
        #expect(ring.dropped == UInt64(total - accepted))
    }
}
