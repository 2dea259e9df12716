import MediaWire
import Testing

@Suite struct DatagramKindTests {
    /// RFC 7983 section 7 for the first byte; RFC 5761 section 4 for RTCP.
    @Test(arguments: 0...255 as ClosedRange<UInt8>)
    func everyFirstByteGoesWhereRFC7983Says(first: UInt8) {
        let bytes: [UInt8] = [first, 96, 0, 1]
        let kind = DatagramKind(bytes)
        let expected: DatagramKind =
            switch first {
            case 0...3: .stun
            case 20...63: .dtls
            case 128...191: .rtp
            default: .unknown
            }
        #expect(kind == expected)
    }

    @Test(arguments: 0...255 as ClosedRange<UInt8>)
    func everySecondByteIsRTPOrRTCP(second: UInt8) {
        let bytes: [UInt8] = [0x80, second, 0, 1]
        let kind = DatagramKind(bytes)
        #expect(kind == ((192...223).contains(second) ? .rtcp : .rtp))
    }

    @Test func tooShortIsUnknown() {
        let none: [UInt8] = []
        let one: [UInt8] = [0x80]
        let kinds = [DatagramKind(none), DatagramKind(one)]
        #expect(kinds == [.unknown, .unknown])
    }
}
