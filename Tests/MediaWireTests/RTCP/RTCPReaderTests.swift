import MediaWire
import Testing

/// The rules for a whole datagram: RFC 3550 section 6.1 and appendix A.2, RFC 5506.
@Suite struct RTCPReaderTests {
    /// What ffmpeg 5.1 sends beside VP8: a sender report and a CNAME.
    static let fromFFmpeg = hex(
        "80c8000612345678eeab84b21be76c8be349f5d70000000000000000" + "81ca000512345678010b63616d657261406c656e73000000")

    private let report = hex("80C90001 00000001")
    private let pli = hex("81CE0002 00000001 00000002")

    @Test func readsWhatFFmpegSends() throws {
        let packets = try #require(RTCPPacket.parseCompound(Self.fromFFmpeg, allowReducedSize: false))
        let info = SenderInfo(
            ntpTimestamp: NTPTimestamp(rawValue: 0xEEAB_84B2_1BE7_6C8B), rtpTimestamp: RTPTimestamp(0xE349_F5D7),
            packetCount: 0, octetCount: 0)
        #expect(
            packets == [
                .senderReport(SenderReport(ssrc: SSRC(0x1234_5678), info: info)),
                .sourceDescription(SourceDescription(ssrc: SSRC(0x1234_5678), cname: "camera@lens")),
            ])
        var compound = RTCPCompound()
        for packet in packets { compound.append(packet) }
        #expect(compound.bytes == Self.fromFFmpeg)
    }

    @Test func walksEveryPacketWithItsPlace() throws {
        let found = try #require(heads(report + pli))
        #expect(found.map(\.type) == [.receiverReport, .payloadFeedback])
        #expect(found.map(\.count) == [0, 1])
        #expect(found.map(\.body) == [4..<8, 12..<20])
        #expect(found.map(\.end) == [8, 20])
    }

    @Test func aReportStandsInFrontUnlessReducedSizeIsAllowed() {
        #expect(heads(report + pli, allowReducedSize: false) != nil)
        #expect(heads(pli, allowReducedSize: false) == nil)
        #expect(heads(pli + report, allowReducedSize: false) == nil)
        #expect(heads(pli, allowReducedSize: true)?.count == 1)
    }

    @Test func lengthsAddUpExactly() {
        let whole = report + pli
        for length in 0..<whole.count where length != report.count {
            #expect(heads(Array(whole[..<length])) == nil, "\(length) bytes")
        }
        for extra in 1...7 { #expect(heads(whole + [UInt8](repeating: 0x80, count: extra)) == nil) }
        #expect(heads(hex("80C9FFFF 00000001")) == nil)
    }

    @Test(arguments: ["00", "40", "C0"])
    func everyPacketHasVersion2(first: String) {
        #expect(heads(hex(first + "C90001 00000001")) == nil)
        #expect(heads(report + hex(first + "C90001 00000001")) == nil)
    }

    @Test func paddingIsOnTheLastPacketOnly() throws {
        let padded = hex("A0C90002 00000001 00000004")
        #expect(try #require(heads(pli + padded))[1].body == 16..<20)
        #expect(try #require(heads(padded, allowReducedSize: false))[0].body == 4..<8)
        #expect(heads(padded + pli) == nil)
    }

    @Test(arguments: ["00000000", "00000001", "00000003", "0000000C", "000000FF"])
    func aLyingPaddingCountIsRefused(padding: String) {
        #expect(heads(hex("A0C90002 00000001" + padding)) == nil)
    }

    @Test func paddingMayFillTheBodyAndNoMore() {
        #expect(heads(hex("A0CB0001 00000004"))?.first?.body == 4..<4)
        #expect(heads(hex("A0CB0000")) == nil)
    }

    @Test func unknownTypesAreCarriedThrough() throws {
        let xr = hex("80CF0002 00000001 DEADBEEF")
        let own = hex("8FCE0005 00000001 00000000 4D494E45 0103F424 00000002")
        let packets = try #require(RTCPPacket.parseCompound(report + xr + own, allowReducedSize: false))
        #expect(packets[1] == .other(OtherRTCPPacket(type: .extendedReport, count: 0, body: Array(xr[4...]))))
        #expect(packets[2] == .other(OtherRTCPPacket(type: .payloadFeedback, count: 15, body: Array(own[4...]))))
        #expect(written(packets[0], packets[1], packets[2]) == report + xr + own)
    }

    @Test func aDatagramOfTooManyPacketsIsRefused() {
        func datagram(_ count: Int) -> [UInt8] { Array(repeatElement(hex("80CB0000"), count: count).joined()) }
        #expect(heads(datagram(RTCPReader.maximumPackets))?.count == RTCPReader.maximumPackets)
        #expect(heads(datagram(RTCPReader.maximumPackets + 1)) == nil)
        #expect(heads([]) == nil)
    }

    @Test func oneMalformedPacketSpoilsTheValuesNotTheWalk() {
        let liar = hex("82C90001 00000001")
        #expect(heads(report + liar)?.count == 2)
        #expect(RTCPPacket.parseCompound(report + liar, allowReducedSize: false) == nil)
    }

    @Test func aCompoundTakesNoMoreThanItsSize() {
        var compound = RTCPCompound(maximumSize: 20)
        let description = SourceDescription(ssrc: SSRC(1), cname: "long enough not to fit")
        #expect(compound.isEmpty && !compound.startsWithReport)
        let first = compound.append(ReceiverReport(ssrc: SSRC(1)))
        let second = compound.append(description)
        let third = compound.append(PictureLossIndication(senderSSRC: SSRC(1), mediaSSRC: SSRC(2)))
        let fourth = compound.append(Goodbye(sources: []))
        #expect([first, second, third, fourth] == [true, false, true, false])
        #expect(compound.bytes == report + pli)
        #expect(compound.startsWithReport)
    }
}
