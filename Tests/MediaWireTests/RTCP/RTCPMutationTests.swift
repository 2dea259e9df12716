import MediaWire
import TestSupport
import Testing

@Suite struct RTCPMutationTests {
    @Test(arguments: 0..<10)
    func packetsComeBackAsTheyWereWritten(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        for _ in 0..<100 {
            let packets = generator.list(1...8) { $0.rtcpPacket() }
            var compound = RTCPCompound(maximumSize: .max)
            for packet in packets { compound.append(packet) }
            let bytes = compound.bytes
            #expect(RTCPPacket.parseCompound(bytes, allowReducedSize: true) == packets, "seed \(seed)")
            let strict = RTCPPacket.parseCompound(bytes, allowReducedSize: false)
            #expect((strict != nil) == compound.startsWithReport, "seed \(seed)")
        }
    }

    /// Damaged datagrams: no trap, walks end, what is read in place lies within the packet, what parses is written back
    /// equal.
    @Test(arguments: 0..<20)
    func damagedDatagramsAreReadOrRefused(seed: UInt64) {
        var mutator = Mutator(seed: seed)
        let datagrams = (0..<20).map { _ in
            mutator.generator.list(1...4) { $0.rtcpPacket() }.reduce(into: [UInt8]()) { $0 += written($1) }
        }
        var walked = 0
        for _ in 0..<600 {
            var bytes = mutator.mutate(datagrams[mutator.generator.below(datagrams.count)], splicing: datagrams)
            if mutator.generator.flag() { Self.repairHead(&bytes) }
            if let packets = RTCPPacket.parseCompound(bytes, allowReducedSize: true) {
                let again = packets.reduce(into: [UInt8]()) { $0 += written($1) }
                // Repairs of a BYE's text may make it longer than a BYE holds, so that it is cut.
                let isText = packets.contains { if case .goodbye(let bye) = $0 { bye.reason != nil } else { false } }
                if !isText {
                    #expect(RTCPPacket.parseCompound(again, allowReducedSize: true) == packets, "seed \(seed)")
                }
            }
            guard let heads = heads(bytes) else { continue }
            walked += 1
            #expect(heads.count <= RTCPReader.maximumPackets, "seed \(seed)")
            #expect(heads.last?.end == bytes.count || heads.last?.hasPadding == true, "seed \(seed)")
            for head in heads { touchAll(head, bytes, seed) }
        }
        #expect(walked > 200, "seed \(seed): too little got past the rules to test the rest")
    }

    /// Makes the whole one packet of version 2 and right length, so that damage reaches the bodies and not the walk
    /// alone.
    private static func repairHead(_ bytes: inout [UInt8]) {
        while bytes.count < 4 || bytes.count % 4 != 0 { bytes.append(0) }
        let words = bytes.count / 4 - 1
        bytes[0] = 0x80 | bytes[0] & 0x1F
        bytes[2] = UInt8(truncatingIfNeeded: words >> 8)
        bytes[3] = UInt8(truncatingIfNeeded: words)
    }

    /// Heads of one datagram, fields of another.
    @Test func foreignHeadsAreHarmless() {
        var generator = SeededGenerator(seed: 5)
        for _ in 0..<300 {
            let bytes = written(generator.rtcpPacket())
            let other = generator.bytes(0...60)
            for head in heads(bytes) ?? [] { touchAll(head, other, 5) }
        }
    }

    private func touchAll(_ head: RTCPHeaderView, _ bytes: [UInt8], _ seed: UInt64) {
        let span = bytes.rawSpan
        _ = head.senderSSRC(in: span)
        _ = head.mediaSSRC(in: span)
        _ = head.senderInfo(in: span)
        _ = RTCPPacket(head, in: span)
        for index in -1...33 {
            _ = head.reportBlock(index, in: span)
            _ = head.goodbyeSource(index, in: span)
        }
        for index in -1...(head.nackEntryCount + 1) {
            guard let entry = head.nackEntry(index, in: span) else { continue }
            #expect(entry.map { $0 }.count == entry.lostCount, "seed \(seed)")
        }
        for index in -1...(head.fullIntraEntryCount + 1) { _ = head.fullIntraEntry(index, in: span) }
    }
}
