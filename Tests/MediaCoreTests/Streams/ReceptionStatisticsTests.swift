import MediaCore
import MediaWire
import TestSupport
import Testing

@Suite struct ReceptionStatisticsTests {
    private func instant(milliseconds: Int) -> Instant { Instant(nanoseconds: UInt64(milliseconds) * 1_000_000) }

    /// A 50 packet/s audio stream whose packets `numbers` arrive on time.
    private func record(_ numbers: some Sequence<Int>, in statistics: inout ReceptionStatistics) {
        for number in numbers {
            statistics.record(
                sequence: SequenceNumber(UInt16(truncatingIfNeeded: number)),
                timestamp: RTPTimestamp(UInt32(truncatingIfNeeded: number &* 960)),
                arrival: instant(milliseconds: number * 20), clockRate: 48_000, bytes: 100)
        }
    }

    @Test func perfectStreamReportsNoLossAndNoJitter() {
        var statistics = ReceptionStatistics(ssrc: SSRC(7))
        #expect(!statistics.isReportDue)
        record(100..<200, in: &statistics)
        #expect(statistics.isReportDue)
        let block = statistics.reportBlock(at: instant(milliseconds: 4_000))
        #expect(
            block
                == ReportBlock(
                    ssrc: SSRC(7), fractionLost: 0, cumulativeLost: 0, extendedHighestSequence: 199, jitter: 0,
                    lastSenderReport: 0, delaySinceLastSenderReport: 0))
        #expect(statistics.packetsReceived == 100)
        #expect(statistics.bytesReceived == 10_000)
        #expect(!statistics.isReportDue)
    }

    @Test func fractionCoversOnlyTheTimeSinceTheLastReport() {
        var statistics = ReceptionStatistics(ssrc: SSRC(7))
        record((0..<100).filter { $0 % 4 != 1 }, in: &statistics)
        #expect(statistics.reportBlock(at: instant(milliseconds: 0)).fractionLost == 64)
        record(100..<200, in: &statistics)
        let second = statistics.reportBlock(at: instant(milliseconds: 0))
        #expect(second.fractionLost == 0)
        #expect(second.cumulativeLost == 25)
        record([300], in: &statistics)
        let third = statistics.reportBlock(at: instant(milliseconds: 0))
        #expect(third.fractionLost == 253)
        #expect(third.cumulativeLost == 125)
    }

    @Test func wrapOfTheSequenceCountsUp() {
        var statistics = ReceptionStatistics(ssrc: SSRC(7))
        record(65_500..<(65_536 * 3 + 10), in: &statistics)
        let block = statistics.reportBlock(at: instant(milliseconds: 0))
        #expect(block.extendedHighestSequence == 3 << 16 | 9)
        #expect(block.cumulativeLost == 0)
    }

    @Test func latePacketFillsItsGap() {
        var statistics = ReceptionStatistics(ssrc: SSRC(7))
        record([65_534, 65_535, 65_538, 65_537], in: &statistics)
        #expect(statistics.packetsLost == 1)
        record([65_536], in: &statistics)
        #expect(statistics.packetsLost == 0)
        #expect(statistics.packetsOutOfOrder == 2)
    }

    @Test func packetsOvertakenByTheFirstBelongToTheStream() {
        var statistics = ReceptionStatistics(ssrc: SSRC(7))
        record([65_538, 65_535, 65_539], in: &statistics)
        #expect(statistics.packetsExpected == 5)
        #expect(statistics.packetsLost == 2)
    }

    @Test func lossIsClampedTo24Bits() {
        var statistics = ReceptionStatistics(ssrc: SSRC(7))
        for step in 0..<400 { record([step * 30_000], in: &statistics) }
        #expect(statistics.packetsLost > 0x7F_FFFF)
        #expect(statistics.reportBlock(at: instant(milliseconds: 0)).cumulativeLost == 0x7F_FFFF)
    }

    /// RFC 3550 A.8 in floating point: J += (|D| - J) / 16.
    @Test(arguments: 0..<10 as Range<UInt64>)
    func jitterFollowsTheFormulaOfRFC3550(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var statistics = ReceptionStatistics(ssrc: SSRC(7))
        var expected = 0.0
        var previousDelay: Int?
        let start = UInt32.random(in: .min ... .max, using: &random)
        for number in 0..<2_000 {
            let delay = Int.random(in: 0...30, using: &random)
            statistics.record(
                sequence: SequenceNumber(UInt16(truncatingIfNeeded: number)),
                timestamp: RTPTimestamp(start &+ UInt32(number * 1_800)),
                arrival: instant(milliseconds: 1_000 + number * 20 + delay), clockRate: 90_000, bytes: 0)
            if let previousDelay { expected += (Double(abs(delay - previousDelay)) * 90 - expected) / 16 }
            previousDelay = delay
        }
        #expect(abs(Double(statistics.jitter) - expected) < 10, "seed \(seed)")
        #expect(abs(Double(statistics.jitterNanoseconds) / 1e9 * 90_000 - expected) < 10, "seed \(seed)")
    }

    @Test func retransmissionDoesNotCountAsJitter() {
        var statistics = ReceptionStatistics(ssrc: SSRC(7))
        record([0, 1, 3], in: &statistics)
        statistics.record(
            sequence: SequenceNumber(2), timestamp: RTPTimestamp(1_920), arrival: instant(milliseconds: 900),
            clockRate: 48_000, bytes: 0)
        #expect(statistics.jitter == 0)
    }

    @Test func senderReportComesBackWithItsDelay() {
        var statistics = ReceptionStatistics(ssrc: SSRC(7))
        record([0], in: &statistics)
        let time = NTPTimestamp(rawValue: 0x1122_3344_5566_7788)
        statistics.recordSenderReport(time, arrival: instant(milliseconds: 500))
        let block = statistics.reportBlock(at: instant(milliseconds: 1_750))
        #expect(block.lastSenderReport == 0x3344_5566)
        #expect(block.delaySinceLastSenderReport == 65_536 + 65_536 / 4)
        let late = statistics.reportBlock(at: instant(milliseconds: 500 + 70_000_000))
        #expect(late.delaySinceLastSenderReport == .max)
    }

    @Test(arguments: 0..<20 as Range<UInt64>)
    func lossFiguresMatchWhatWasDropped(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var statistics = ReceptionStatistics(ssrc: SSRC(7))
        let first = Int.random(in: 0..<65_536, using: &random)
        record([first], in: &statistics)
        var lost = 0
        var pendingLost = 0
        var lostAtReport = 0
        var expectedAtReport = 0
        var newest = first
        for number in (first + 1)...(first + 100_000) {
            if Int.random(in: 0..<20, using: &random) == 0 {
                pendingLost += 1
            } else {
                lost += pendingLost
                pendingLost = 0
                newest = number
                record([number], in: &statistics)
            }
            if number % 1_000 == 0 {
                let block = statistics.reportBlock(at: instant(milliseconds: 0))
                let expected = newest - first + 1
                #expect(Int(block.cumulativeLost) == lost, "seed \(seed)")
                let fraction = (lost - lostAtReport) * 256 / max(1, expected - expectedAtReport)
                #expect(Int(block.fractionLost) == fraction, "seed \(seed)")
                lostAtReport = lost
                expectedAtReport = expected
            }
        }
    }
}
