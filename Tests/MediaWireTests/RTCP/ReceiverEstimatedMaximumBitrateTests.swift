import TestSupport
import Testing

@testable import MediaWire

/// draft-alvestrand-rmcat-remb-03 section 2.2.
@Suite struct ReceiverEstimatedMaximumBitrateTests {
    private func remb(_ bitrate: UInt64, _ ssrcs: [UInt32] = [7]) -> ReceiverEstimatedMaximumBitrate {
        ReceiverEstimatedMaximumBitrate(senderSSRC: SSRC(1), bitrate: bitrate, ssrcs: ssrcs.map { SSRC($0) })
    }

    /// By hand: 262,144 bit/s is one more than the mantissa holds, so it stands as 131,072 x 2.
    @Test func standsOnTheWireAsTheDraftSays() {
        #expect(written(remb(1_000)) == hex("8FCE0005 00000001 00000000 52454D42 010003E8 00000007"))
        #expect(
            written(remb(262_144, [7, 8])) == hex("8FCE0006 00000001 00000000 52454D42 02060000 00000007 00000008"))
        #expect(written(remb(0, [])) == hex("8FCE0004 00000001 00000000 52454D42 00000000"))
    }

    @Test(arguments: [0, 1, 0x3_FFFF, 0x4_0000, 2_500_000, 1_000_000_007, .max >> 1, UInt64.max])
    func losesOnlyWhatTheMantissaCannotHold(_ bitrate: UInt64) throws {
        guard case .receiverEstimatedMaximumBitrate(let back) = single(written(remb(bitrate))) else {
            Issue.record("not read back")
            return
        }
        #expect(back.bitrate <= bitrate && back.bitrate >= bitrate - bitrate >> 17)
        #expect(back.ssrcs == [SSRC(7)] && back.senderSSRC == SSRC(1))
    }

    /// What is not a whole REMB is carried through as something unknown.
    @Test(arguments: [
        // Another name, a count that lies in either direction, a bitrate beyond 64 bits, no room for the numbers.
        "8FCE0005 00000001 00000000 52454D43 010003E8 00000007",
        "8FCE0005 00000001 00000000 52454D42 020003E8 00000007",
        "8FCE0005 00000001 00000000 52454D42 000003E8 00000007",
        "8FCE0005 00000001 00000000 52454D42 01FFFFFF 00000007",
        "8FCE0003 00000001 00000000 52454D42",
    ])
    func whatLiesIsNone(_ text: String) throws {
        let bytes = hex(text)
        guard case .other = single(bytes) else {
            Issue.record("taken")
            return
        }
        #expect(heads(bytes)?.first?.estimatedMaximumBitrate(in: bytes.rawSpan) == nil)
    }
}
