import MediaWire
import Testing

/// SR and RR (RFC 3550 section 6.4).
@Suite struct ReportTests {
    /// Field by field in the order of RFC 3550 section 6.4.1, two report blocks.
    private let bytes = hex(
        """
        82 C8 0012  11111111
        B44DB705 20000000  00015F90  00000064  0001E240
        22222222  40 FFFFFE  0001FFFF  00000007  B7052000  00054000
        33333333  00 000005  00000010  00000000  00000000  00000000
        """)

    private func view(_ bytes: [UInt8]) throws -> RTCPHeaderView { try #require(heads(bytes)?.first) }

    @Test func readsASenderReport() throws {
        guard case .senderReport(let report) = single(bytes) else { Issue.record("no sender report"); return }
        #expect(report.ssrc == SSRC(0x1111_1111))
        #expect(report.info.ntpTimestamp.unixNanoseconds == 816_003_205_125_000_000)
        #expect(report.info.rtpTimestamp == RTPTimestamp(90_000))
        #expect(report.info.packetCount == 100)
        #expect(report.info.octetCount == 123_456)
        #expect(
            report.reportBlocks == [
                ReportBlock(
                    ssrc: SSRC(0x2222_2222), fractionLost: 64, cumulativeLost: -2, extendedHighestSequence: 0x1_FFFF,
                    jitter: 7,
                    lastSenderReport: 0xB705_2000, delaySinceLastSenderReport: 0x5_4000),
                ReportBlock(ssrc: SSRC(0x3333_3333), cumulativeLost: 5, extendedHighestSequence: 16),
            ])
        #expect(report.profileExtension.isEmpty)
        #expect(written(report) == bytes)
    }

    @Test func readsTheSameInPlace() throws {
        let head = try view(bytes)
        #expect(head.senderSSRC(in: bytes) == SSRC(0x1111_1111))
        #expect(head.senderInfo(in: bytes)?.packetCount == 100)
        #expect(head.reportBlockCount == 2)
        #expect(head.reportBlock(0, in: bytes)?.cumulativeLost == -2)
        #expect(head.reportBlock(1, in: bytes)?.ssrc == SSRC(0x3333_3333))
        #expect(head.reportBlock(2, in: bytes) == nil)
        #expect(head.reportBlock(-1, in: bytes) == nil)
        #expect(head.mediaSSRC(in: bytes) == nil)
        #expect(head.nackEntryCount == 0 && head.fullIntraEntryCount == 0 && head.goodbyeSourceCount == 0)
    }

    @Test func readsAReceiverReportWithItsExtension() throws {
        let bytes = hex("81C90009 11111111 22222222 00000005 00000010 00000000 00000000 00000000 CAFE0001 CAFE0002")
        guard case .receiverReport(let report) = single(bytes) else { Issue.record("no receiver report"); return }
        #expect(report.reportBlocks.map(\.cumulativeLost) == [5])
        #expect(report.profileExtension == hex("CAFE0001 CAFE0002"))
        #expect(written(report) == bytes)
    }

    @Test func anEmptyReceiverReportIsEightBytes() {
        #expect(written(ReceiverReport(ssrc: SSRC(1))) == hex("80C90001 00000001"))
    }

    /// The count says more blocks than the length holds: no values, and in place only what is there.
    @Test(arguments: 1...31 as ClosedRange<UInt8>)
    func aCountThatLiesIsFoundOut(count: UInt8) throws {
        let full = hex("80C90007 11111111 22222222 00000005 00000010 00000000 00000000 00000000")
        var liar = full
        liar[0] = 0x80 | count
        #expect((single(liar) != nil) == (count <= 1))
        let head = try view(liar)
        #expect(head.reportBlockCount == 1)
        #expect(head.reportBlock(0, in: liar) != nil)
        #expect(head.reportBlock(1, in: liar) == nil)

        // The bytes behind belong to another packet and are not taken for a block.
        let two = liar + bytes
        let first = try view(two)
        #expect(first.reportBlock(1, in: two) == nil)
    }

    @Test func tooShortForItsFixedPart() throws {
        for bytes in [
            hex("80C80000"), hex("80C80001 00000001"), hex("80C80005 00000001 0000000000000000 00000000 00000000"),
        ] {
            #expect(single(bytes) == nil)
            let head = try view(bytes)
            #expect(head.senderInfo(in: bytes) == nil)
            #expect(head.reportBlockCount == 0)
        }
        #expect(single(hex("80C90000")) == nil)
        #expect(try view(hex("80C90000")).senderSSRC(in: hex("80C90000")) == nil)
    }

    @Test(
        arguments: [
            (0, 0), (1, 1), (-1, -1), (0x7F_FFFF, 0x7F_FFFF), (-0x80_0000, -0x80_0000), (0x80_0000, 0x7F_FFFF),
            (.max, 0x7F_FFFF), (.min, -0x80_0000),
        ] as [(Int32, Int32)])
    func cumulativeLossIsClampedTo24Bits(loss: Int32, read: Int32) {
        var writer = ByteWriter()
        ReportBlock(ssrc: SSRC(1), fractionLost: 0xFF, cumulativeLost: loss).write(to: &writer)
        let block = ReportBlock(writer.bytes, at: 0)
        #expect(writer.count == ReportBlock.byteCount)
        #expect(block?.cumulativeLost == read)
        #expect(block?.fractionLost == 0xFF)
    }

    @Test func blocksOutsideTheBytesAreNil() {
        let bytes = [UInt8](repeating: 1, count: 30)
        for offset in [Int.min, -1, 7, 30, Int.max - 23, Int.max] {
            #expect(ReportBlock(bytes, at: offset) == nil)
            #expect(SenderInfo(bytes, at: offset == 7 ? 11 : offset) == nil)
        }
        #expect(ReportBlock(bytes, at: 6) != nil)
        #expect(SenderInfo(bytes, at: 10) != nil)
    }

    @Test func moreThan31BlocksGoOnInReceiverReports() throws {
        let blocks = (0..<70).map { ReportBlock(ssrc: SSRC(UInt32($0))) }
        let info = SenderInfo(
            ntpTimestamp: NTPTimestamp(rawValue: 1), rtpTimestamp: RTPTimestamp(2), packetCount: 3, octetCount: 4)
        let bytes = written(SenderReport(ssrc: SSRC(9), info: info, reportBlocks: blocks))
        let packets = try #require(RTCPPacket.parseCompound(bytes, allowReducedSize: false))
        var found: [ReportBlock] = []
        for packet in packets {
            switch packet {
            case .senderReport(let report): found += report.reportBlocks
            case .receiverReport(let report):
                #expect(report.ssrc == SSRC(9))
                found += report.reportBlocks
            default: Issue.record("\(packet)")
            }
        }
        #expect(packets.count == 3)
        #expect(found == blocks)
    }
}
