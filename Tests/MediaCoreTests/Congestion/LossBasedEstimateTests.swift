import Testing

@testable import MediaCore

/// draft-ietf-rmcat-gcc-02 section 6.
@Suite struct LossBasedEstimateTests {
    private static func run(
        _ estimate: inout LossBasedEstimate, seconds: Int, fractionLost: UInt8, share: (Int64) -> Int64
    ) {
        var bytes: UInt64 = 0
        var now = Instant(nanoseconds: 1_000_000_000)
        estimate.update(fractionLost: 0, bytes: 0, at: now)
        for _ in 0..<seconds {
            bytes += UInt64(share(estimate.bitrate) / 8)
            now = now.advanced(byMilliseconds: 1_000)
            estimate.update(fractionLost: fractionLost, bytes: bytes, at: now)
        }
    }

    @Test func growsForThoseWhoUseIt() {
        var estimate = LossBasedEstimate()
        Self.run(&estimate, seconds: 20, fractionLost: 0) { $0 }
        #expect(estimate.bitrate > 2 * LossBasedEstimate.first)
        var idle = LossBasedEstimate()
        Self.run(&idle, seconds: 100, fractionLost: 0) { _ in 500_000 }
        #expect(idle.bitrate == LossBasedEstimate.first)
    }

    @Test func holdsAtSomeLossAndFallsAtMore() {
        var some = LossBasedEstimate()
        Self.run(&some, seconds: 50, fractionLost: 13) { $0 }
        #expect(some.bitrate == LossBasedEstimate.first)
        var much = LossBasedEstimate()
        Self.run(&much, seconds: 1, fractionLost: 128) { $0 }
        #expect(much.bitrate == LossBasedEstimate.first * 3 / 4)
        Self.run(&much, seconds: 200, fractionLost: 255) { $0 }
        #expect(much.bitrate == LossBasedEstimate.range.lowerBound)
    }

    @Test func staysWithinItsRangeAndSurvivesANewStream() {
        var estimate = LossBasedEstimate()
        Self.run(&estimate, seconds: 500, fractionLost: 0) { $0 }
        #expect(estimate.bitrate == LossBasedEstimate.range.upperBound)
        let before = estimate.bitrate
        estimate.update(fractionLost: 0, bytes: 5, at: Instant(nanoseconds: 9_000_000_000_000))
        estimate.update(fractionLost: 0, bytes: .max, at: Instant(nanoseconds: 9_000_000_000_001))
        #expect(estimate.bitrate == before)
    }
}
