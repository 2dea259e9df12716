import MediaWire
import Testing

/// RFC 6386 section 9.1.
@Suite struct VP8FrameHeaderTests {
    /// The first bytes of a 38 x 22 keyframe by libvpx.
    @Test func readsAKeyframeOfLibvpx() throws {
        let header = try #require(VP8FrameHeader(hex("3003 00 9D012A 2600 1600 00470885858885")))
        #expect(header.isKeyframe && header.isShown)
        #expect(header.version == 0)
        #expect(header.firstPartitionSize == 25)
        #expect(header.width == 38 && header.height == 22)
        #expect(header.byteCount == 10)
    }

    @Test func readsAnInterFrame() throws {
        let header = try #require(VP8FrameHeader(hex("F1FFFF")))
        #expect(!header.isKeyframe && header.isShown && header.version == 0)
        #expect(header.firstPartitionSize == 0x7FFFF)
        #expect(header.width == nil && header.height == nil)
        #expect(header.byteCount == 3)
        #expect(VP8FrameHeader(hex("070000")) == VP8FrameHeader(hex("07000000")))
        #expect(VP8FrameHeader(hex("070000"))?.isShown == false)
        #expect(VP8FrameHeader(hex("070000"))?.version == 3)
    }

    @Test func scalingBitsAreNotPartOfTheSize() throws {
        let header = try #require(VP8FrameHeader(hex("100000 9D012A FFFF 80C2")))
        #expect(header.width == 0x3FFF)
        #expect(header.height == 0x0280)
    }

    @Test func cutsAndAWrongStartCodeAreRefused() {
        let whole = hex("300300 9D012A 2600 1600")
        for length in 0..<whole.count { #expect(VP8FrameHeader(Array(whole[..<length])) == nil, "\(length) bytes") }
        for index in 3..<6 {
            var broken = whole
            broken[index] ^= 1
            #expect(VP8FrameHeader(broken) == nil)
        }
    }
}
