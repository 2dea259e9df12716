internal import Benchmark
internal import MediaWire

/// Bytes to values and back, in memory.
func registerWireBenchmarks() {
    Benchmark.register("wire/RTP header parse", state: rtpPackets) { benchmark, packets in
        var sum: UInt32 = 0
        benchmark.measure(units: packets.count) {
            for packet in packets {
                guard let header = RTPHeader(packet.rawSpan) else { continue }
                sum &+= header.ssrc.rawValue &+ UInt32(header.headerLength)
            }
        }
        try check(sum == UInt32(packets.count) &* (7 &+ 28), "a header was not read")
    }
    Benchmark.register("wire/RTP header and capture time parse", state: rtpPackets) { benchmark, packets in
        var sum = 0
        benchmark.measure(units: packets.count) {
            for packet in packets {
                let span = packet.rawSpan
                guard let header = RTPHeader(span) else { continue }
                sum &+= header.extensionElement(1, in: span)?.count ?? 0
            }
        }
        try check(sum == packets.count * 8, "an extension was not read")
    }
    Benchmark.register("wire/VP8 packetise", state: { try Fixtures.cameraFrames(30) }) { benchmark, frames in
        let expected = payloads(of: frames).reduce(0) { $0 + $1.count }
        var packetizer = VP8Packetizer(initialPictureID: 0)
        var count = 0
        benchmark.measure(units: expected) {
            for frame in frames { count += packetizer.packetize(frame).count }
        }
        try check(count == expected, "a frame gave other payloads")
    }
    Benchmark.register(
        "wire/VP8 depacketise", state: { payloads(of: try Fixtures.cameraFrames(30)) }
    ) { benchmark, frames in
        let packets = frames.reduce(0) { $0 + $1.count }
        var bytes = 0
        try benchmark.measure(units: packets) {
            for payloads in frames { bytes += try VP8Depacketizer.assemble(payloads).data.count }
        }
        let sent = frames.joined().reduce(0) { $0 + $1.count }
        try check(bytes == sent - 4 * packets, "a frame was not put together")
    }
    Benchmark.register("wire/Opus packet parse", state: { try Fixtures.voicePackets(400) }) { benchmark, packets in
        var samples = 0
        benchmark.measure(units: packets.count) {
            for packet in packets { samples &+= OpusPacket.duration(packet.rawSpan) ?? 0 }
        }
        try check(samples == packets.count * 960, "a packet is not 20 ms long")
    }
    registerRTCPBenchmarks()
}

private func registerRTCPBenchmarks() {
    let name = "a sender report, CNAME, NACK and PLI"
    Benchmark.register("wire/RTCP compound walk: \(name)", state: compoundPacket) { benchmark, compound in
        var packets = 0
        benchmark.measure(units: 256) {
            for _ in 0..<256 {
                guard var reader = RTCPReader(compound.rawSpan, allowReducedSize: false) else { continue }
                while let view = reader.next() { packets &+= view.body.isEmpty ? 0 : 1 }
            }
        }
        try check(packets == 4 * 256, "a packet of the compound was not read")
    }
    Benchmark.register("wire/RTCP compound parse to values: \(name)", state: compoundPacket) { benchmark, compound in
        var packets = 0
        benchmark.measure(units: 256) {
            for _ in 0..<256 {
                packets &+= RTCPPacket.parseCompound(compound.rawSpan, allowReducedSize: false)?.count ?? 0
            }
        }
        try check(packets == 4 * 256, "a packet of the compound was not read")
    }
}

/// 1,100-byte packets with a capture time, as the endpoints send them.
private func rtpPackets() -> [[UInt8]] {
    var generator = SeededGenerator(seed: 1)
    return (0..<256).map { index in
        RTPPacket(
            payloadType: 96, sequenceNumber: SequenceNumber(UInt16(index)), timestamp: RTPTimestamp(0), ssrc: SSRC(7),
            extensions: [.init(id: 1, data: generator.bytes(8))], payload: generator.bytes(1_072)
        ).serialized()
    }
}

private func payloads(of frames: [[UInt8]]) -> [[[UInt8]]] {
    var packetizer = VP8Packetizer(initialPictureID: 0)
    return frames.map { packetizer.packetize($0) }
}

private func compoundPacket() -> [UInt8] {
    let block = ReportBlock(
        ssrc: SSRC(2), fractionLost: 3, cumulativeLost: 40, extendedHighestSequence: 70_000, jitter: 90,
        lastSenderReport: 5, delaySinceLastSenderReport: 6)
    let info = SenderInfo(
        ntpTimestamp: NTPTimestamp(rawValue: 1 << 40), rtpTimestamp: RTPTimestamp(9), packetCount: 10, octetCount: 11)
    var compound = RTCPCompound()
    compound.append(SenderReport(ssrc: SSRC(1), info: info, reportBlocks: [block]))
    compound.append(SourceDescription(ssrc: SSRC(1), cname: "zUx5hS5g1qXhC1uN"))
    compound.append(
        GenericNACK(senderSSRC: SSRC(1), mediaSSRC: SSRC(2), lost: [SequenceNumber(4), SequenceNumber(9)]))
    compound.append(PictureLossIndication(senderSSRC: SSRC(1), mediaSSRC: SSRC(2)))
    return compound.bytes
}
