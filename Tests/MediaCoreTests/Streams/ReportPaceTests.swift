import Testing

@testable import MediaCore

@Suite struct ReportPaceTests {
    /// RFC 3550 section 6.2: 360 divided by the bandwidth in kbit/s, in seconds, here within 1 and 5.
    @Test(arguments: [(1_200, 1_000), (360, 1_000), (180, 2_000), (120, 3_000), (72, 5_000), (32, 5_000)])
    func followsTheBandwidth(_ kilobits: Int64, _ milliseconds: Int64) {
        var pace = ReportPace()
        let start = Instant(nanoseconds: 5_000_000_000)
        pace.begin(bytes: 1_000, at: start)
        let bytes = 1_000 + UInt64(kilobits * 1_000 / 8 * 4)
        let next = pace.next(bytes: bytes, at: start.advanced(byMilliseconds: 4_000), within: 1_000...5_000)
        #expect(next == milliseconds)
        // What came within a moment says nothing.
        var fresh = ReportPace()
        fresh.begin(bytes: 0, at: start)
        #expect(fresh.next(bytes: 9_000, at: start.advanced(byMilliseconds: 20), within: 1_000...5_000) == 2_500)
        // Silence does not wait long for its end, and figures that lie trap nothing.
        let later = start.advanced(byMilliseconds: 8_000)
        #expect(pace.next(bytes: bytes, at: later, within: 1_000...5_000) == 1_000)
        #expect((1_000...5_000).contains(pace.next(bytes: 0, at: start, within: 1_000...5_000)))
    }
}
