import MediaWire
import TestSupport
import Testing

@Suite struct AbsoluteCaptureTimeTests {
    private func read(_ bytes: [UInt8]) -> AbsoluteCaptureTime? { AbsoluteCaptureTime(bytes) }

    @Test func readsBothForms() {
        let time = NTPTimestamp(rawValue: 0xB44D_B705_2000_0000)
        #expect(read(hex("B44DB70520000000")) == AbsoluteCaptureTime(captureTime: time))
        #expect(
            read(hex("B44DB70520000000 FFFFFFFF80000000"))
                == AbsoluteCaptureTime(captureTime: time, clockOffset: -0x8000_0000))
    }

    @Test func refusesOtherLengths() {
        for length in 0...40 where length != 8 && length != 16 {
            #expect(read([UInt8](repeating: 1, count: length)) == nil)
        }
    }

    @Test func bytesComeBackThroughAPacket() throws {
        var generator = SeededGenerator(seed: 11)
        for _ in 0..<300 {
            let value = AbsoluteCaptureTime(
                captureTime: NTPTimestamp(rawValue: generator.integer()),
                clockOffset: generator.optional { $0.integer() })
            let packet = RTPPacket(
                payloadType: 96, sequenceNumber: SequenceNumber(1), timestamp: RTPTimestamp(2), ssrc: SSRC(3),
                extensions: [.init(id: 4, data: [1]), .init(id: 9, data: value.serialized())], payload: [0])
            let bytes = packet.serialized()
            let header = try #require(RTPHeader(bytes))
            let range = try #require(header.extensionElement(9, in: bytes))
            #expect(read(Array(bytes[range])) == value)
        }
    }
}
