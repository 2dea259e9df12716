import Testing

@testable import MediaFiles

struct OpusDurationTests {
    /// RFC 6716 §3.1, table 2: frame sizes of the 32 configurations, in samples at 48 kHz.
    private static let table =
        [480, 960, 1920, 2880, 480, 960, 1920, 2880, 480, 960, 1920, 2880, 480, 960, 480, 960]
        + [120, 240, 480, 960, 120, 240, 480, 960, 120, 240, 480, 960, 120, 240, 480, 960]

    @Test(arguments: 0..<32)
    func `Each configuration has the length of the table`(configuration: Int) {
        let toc = UInt8(configuration << 3)
        let frame = Self.table[configuration]
        #expect(OpusDuration.samples(of: [toc]) == frame)
        #expect(OpusDuration.samples(of: [toc | 1]) == 2 * frame)
        #expect(OpusDuration.samples(of: [toc | 2]) == 2 * frame)
        #expect(OpusDuration.samples(of: [toc | 3]) == nil)
        #expect(OpusDuration.samples(of: [toc | 3, 0]) == nil)
        #expect(OpusDuration.samples(of: [toc | 3, 0xC0 | 2]) == 2 * frame)
        for count in 1...63 {
            let total = count * frame
            #expect(OpusDuration.samples(of: [toc | 3, UInt8(count)]) == (total <= 5760 ? total : nil))
        }
    }

    @Test func `An empty packet has no length`() {
        #expect(OpusDuration.samples(of: []) == nil)
    }
}
