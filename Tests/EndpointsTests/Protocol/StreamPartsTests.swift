import MediaCore
import MediaWire
import Testing

@testable import Endpoints

@Suite struct OutgoingStreamTests {
    private let noon = NTPTimestamp(unixNanoseconds: 1_780_000_000_000_000_000)

    private func stream(rate: UInt32, start: UInt32 = 1_000) -> OutgoingStream {
        OutgoingStream(
            ssrc: SSRC(9), payloadType: 96, clockRate: rate, captureTimeID: 1,
            start: StreamStart(sequence: SequenceNumber(65_535), timestamp: RTPTimestamp(start)))
    }

    @Test func videoTimestampsAreCaptureTimes() {
        var stream = stream(rate: 90_000, start: .max)
        #expect(stream.videoTimestamp(captureTime: noon) == RTPTimestamp(.max))
        let later = stream.videoTimestamp(captureTime: noon.advanced(byNanoseconds: 33_333_333))
        #expect(later == RTPTimestamp(2_999))
        // Hours on, nothing has been lost to rounding.
        let hours = stream.videoTimestamp(captureTime: noon.advanced(byNanoseconds: 36_000_000_000_000))
        #expect(hours == RTPTimestamp(UInt32.max &+ UInt32(truncatingIfNeeded: 36_000 * 90_000)))
    }

    @Test func audioTimestampsCountSamplesAndFollowPauses() {
        var stream = stream(rate: 48_000)
        #expect(stream.audioTimestamp(samples: 960, captureTime: noon) == RTPTimestamp(1_000))
        // A wake-up 30 ms late does not tear the sound apart.
        let late = stream.audioTimestamp(samples: 960, captureTime: noon.advanced(byNanoseconds: 50_000_000))
        #expect(late == RTPTimestamp(1_960))
        // Two seconds of silence left out do.
        let resumed = stream.audioTimestamp(samples: 960, captureTime: noon.advanced(byNanoseconds: 2_000_000_000))
        #expect(resumed == RTPTimestamp(97_000))
    }

    @Test func numbersWrapAndEveryPacketCarriesItsCaptureTime() throws {
        var stream = stream(rate: 90_000)
        let first = stream.packet(payload: [1, 2], marker: false, timestamp: RTPTimestamp(1), captureTime: noon)
        let second = stream.packet(payload: [3], marker: true, timestamp: RTPTimestamp(1), captureTime: noon)
        #expect(first.sequenceNumber == SequenceNumber(65_535))
        #expect(second.sequenceNumber == SequenceNumber(0))
        let element = try #require(second.extensions.first)
        #expect(element.id == 1)
        #expect(AbsoluteCaptureTime(element.data.rawSpan)?.captureTime == noon)
        #expect(stream.packetCount == 2)
        #expect(stream.octetCount == 3)
    }

    @Test func senderReportBindsBothClocksAtItsOwnMoment() throws {
        var stream = stream(rate: 90_000)
        #expect(stream.senderInfo(at: noon) == nil)
        _ = stream.videoTimestamp(captureTime: noon)
        let info = try #require(stream.senderInfo(at: noon.advanced(byNanoseconds: 500_000_000)))
        #expect(info.rtpTimestamp == RTPTimestamp(46_000))
        var clock = MediaClock(rate: 90_000)
        clock.record(ntp: info.ntpTimestamp, rtp: info.rtpTimestamp)
        #expect(abs(try #require(clock.time(of: RTPTimestamp(1_000))).nanoseconds(since: noon)) < 10)
    }
}

@Suite struct RetransmissionCacheTests {
    @Test func packetsAreSentAgainAsTheyWereWithinTheirAge() {
        var cache = RetransmissionCache(RetransmissionSettings())
        let start = Instant(nanoseconds: 0)
        for number in 65_500...65_600 {
            let sequence = SequenceNumber(UInt16(truncatingIfNeeded: number))
            cache.store([UInt8(truncatingIfNeeded: number)], sequence: sequence, at: start)
        }
        let soon = start.advanced(byMilliseconds: 20)
        #expect(cache.take(SequenceNumber(65_535), at: soon) == [0xFF])
        #expect(cache.take(SequenceNumber(0), at: soon) == [0])
        // Not twice at once, and not when it is of no use any more.
        #expect(cache.take(SequenceNumber(0), at: soon.advanced(byMilliseconds: 9)) == nil)
        #expect(cache.take(SequenceNumber(0), at: soon.advanced(byMilliseconds: 10)) == [0])
        #expect(cache.take(SequenceNumber(0), at: start.advanced(byMilliseconds: 1_001)) == nil)
        #expect(cache.take(SequenceNumber(30_000), at: soon) == nil)
    }

    @Test func newPacketsTakeThePlaceOfOldOnes() {
        var settings = RetransmissionSettings()
        settings.packets = 100
        var cache = RetransmissionCache(settings)
        for number in 0..<200 as Range<UInt16> {
            cache.store([1], sequence: SequenceNumber(number), at: Instant(nanoseconds: 0))
        }
        let now = Instant(nanoseconds: 50_000_000)
        #expect(cache.take(SequenceNumber(71), at: now) == nil)
        #expect(cache.take(SequenceNumber(72), at: now) != nil)
    }
}

@Suite struct ClocksAndTimersTests {
    @Test(arguments: [8_000, 48_000, 90_000] as [UInt32])
    func mediaClockTurnsBothWays(rate: UInt32) {
        let clock = MediaClock(rate: rate)
        for ticks in [-1_000_000, -1, 0, 1, 960, 3_000, Int(Int32.max)] {
            #expect(clock.ticks(clock.nanoseconds(ticks)) == ticks)
        }
    }

    @Test func reportsKeepTheirMeanIntervalAndVary() throws {
        var timer = ReportTimer(intervalMilliseconds: 1_000, seed: 7)
        #expect(timer.next == nil)
        let start = Instant(nanoseconds: 0)
        timer.start(at: start)
        #expect(timer.next == start.advanced(byMilliseconds: 100))
        var intervals: [Int64] = []
        var last = start
        for _ in 0..<1_000 {
            let due = try #require(timer.next)
            let answers = (timer.isDue(at: due.advanced(byNanoseconds: -1)), timer.isDue(at: due))
            #expect(answers == (false, true))
            intervals.append(due.nanoseconds(since: last) / 1_000_000)
            last = due
        }
        intervals.removeFirst()
        #expect(intervals.allSatisfy { 750...1_250 ~= $0 })
        let mean = intervals.reduce(0, +) / Int64(intervals.count)
        #expect(950...1_050 ~= mean)
        #expect(Set(intervals).count > 100)
    }

    @Test func roundTripIgnoresWhatCannotBe() {
        var estimator = RoundTripEstimator()
        let sent = NTPTimestamp(unixNanoseconds: 1_780_000_000_000_000_000)
        func block(_ lsr: UInt32, _ delay: UInt32) -> ReportBlock {
            ReportBlock(ssrc: SSRC(1), lastSenderReport: lsr, delaySinceLastSenderReport: delay)
        }
        let now = sent.advanced(byNanoseconds: 1_060_000_000)
        estimator.record(block(0, 0), at: now)
        estimator.record(block(sent.compact, .max / 4), at: now)
        estimator.record(block(sent.compact &+ 0x4000_0000, 0), at: now)
        #expect(estimator.smoothed == nil)
        estimator.record(block(sent.compact, 65_536), at: now)
        let trip = estimator.smoothed ?? 0
        #expect(abs(trip - 60_000_000) < 50_000)
    }

    @Test func queueDropsAndCountsBeyondItsLimit() {
        var queue = BoundedQueue<Int>(limit: 100)
        for number in 0..<130 { queue.append(number) }
        #expect(queue.overflows == 30)
        for number in 0..<90 { #expect(queue.popFirst() == number) }
        for number in 200..<290 { queue.append(number) }
        #expect(queue.count == 100)
        for number in Array(90..<100) + Array(200..<290) { #expect(queue.popFirst() == number) }
        #expect(queue.popFirst() == nil)
    }
}

@Suite struct PlayoutSyncTests {
    private let noon = NTPTimestamp(unixNanoseconds: 1_780_000_000_000_000_000)

    private func captured(_ milliseconds: Int64) -> NTPTimestamp {
        noon.advanced(byNanoseconds: milliseconds * 1_000_000)
    }
    private func at(_ milliseconds: Int64) -> Instant {
        Instant(nanoseconds: 9_000_000_000).advanced(byMilliseconds: milliseconds)
    }

    @Test func pictureWaitsForItsSound() {
        var sync = PlayoutSync(maximumMilliseconds: 300)
        #expect(sync.playout(captureTime: captured(0), ready: at(10)) == at(10))
        sync.recordAudio(captureTime: captured(0), due: at(50))
        let shown = sync.playout(captureTime: captured(33), ready: at(43))
        #expect(abs(shown.nanoseconds(since: at(83))) < 1_000)
        #expect(sync.hold == 0)
    }

    @Test func soundIsHeldBackGentlyForSlowPictures() {
        var sync = PlayoutSync(maximumMilliseconds: 300)
        var holds: [Int64] = []
        for step in 0..<2_000 as Range<Int64> {
            _ = sync.playout(captureTime: captured(step * 20), ready: at(step * 20 + 170))
            sync.recordAudio(captureTime: captured(step * 20), due: at(step * 20 + 40))
            holds.append(sync.hold)
        }
        #expect(abs((holds.last ?? 0) - 130_000_000) < 2_000)
        for (before, after) in zip(holds, holds.dropFirst()) { #expect(abs(after - before) <= 400_000) }
    }

    @Test func clocksThatDoNotBelongTogetherAreLeftAlone() {
        var sync = PlayoutSync(maximumMilliseconds: 300)
        sync.recordAudio(captureTime: NTPTimestamp(rawValue: 0), due: at(0))
        #expect(sync.playout(captureTime: captured(0), ready: at(5)) == at(5))
        sync.recordAudio(captureTime: NTPTimestamp(rawValue: .max), due: at(0))
        #expect(sync.playout(captureTime: NTPTimestamp(rawValue: 1), ready: at(6)) == at(6))
        #expect(sync.playout(captureTime: nil, ready: at(7)) == at(7))
        #expect(sync.hold == 0)
    }
}
