import MediaWire
import TestSupport
import Testing

@testable import MediaCore

@Suite struct RTPRewriterTests {
    private func header(_ sequence: Int, _ timestamp: UInt32) throws -> RTPHeader {
        let bytes = RTPPacket(
            payloadType: 96, sequenceNumber: SequenceNumber(UInt16(truncatingIfNeeded: sequence)),
            timestamp: RTPTimestamp(timestamp), ssrc: SSRC(1), payload: []
        ).serialized()
        let header = RTPHeader(bytes.rawSpan)
        return try #require(header)
    }

    private func rewriter() -> RTPRewriter {
        RTPRewriter(firstSequence: SequenceNumber(65_534), firstTimestamp: RTPTimestamp(0xFFFF_FF00))
    }

    private func instant(_ milliseconds: Int64) -> Instant {
        Instant(nanoseconds: 0).advanced(byMilliseconds: milliseconds)
    }

    @Test func firstPacketTakesTheFirstNumbersAndOthersKeepTheirDistance() throws {
        var rewriter = rewriter()
        #expect(rewriter.needsAnchor)
        let first = try #require(
            rewriter.rewrite(try header(10, 500), extended: 10, clockRate: 90_000, at: instant(0)))
        #expect(first == (SequenceNumber(65_534), RTPTimestamp(0xFFFF_FF00)))
        let later = try #require(
            rewriter.rewrite(try header(15, 1_500), extended: 15, clockRate: 90_000, at: instant(1)))
        #expect(later == (SequenceNumber(3), RTPTimestamp(744)))
        let late = try #require(
            rewriter.rewrite(try header(12, 700), extended: 12, clockRate: 90_000, at: instant(2)))
        #expect(late == (SequenceNumber(0), RTPTimestamp(0xFFFF_FFC8)))
        #expect(rewriter.sourceSequence(of: SequenceNumber(3)) == SequenceNumber(15))
        #expect(rewriter.rewrite(try header(9, 0), extended: 9, clockRate: 90_000, at: instant(3)) == nil)
    }

    @Test func newSegmentIsJoinedByTheTimeBetween() throws {
        var rewriter = rewriter()
        _ = rewriter.rewrite(try header(10, 500), extended: 10, clockRate: 90_000, at: instant(0))
        _ = rewriter.rewrite(try header(20, 900), extended: 20, clockRate: 90_000, at: instant(50))
        rewriter.endSegment()
        #expect(rewriter.existing(try header(20, 900), extended: 20) == nil)
        let next = try #require(
            rewriter.rewrite(try header(60_000, 7), extended: 60_000, clockRate: 90_000, at: instant(150)))
        #expect(next.sequence == SequenceNumber(9))
        #expect(next.timestamp == RTPTimestamp(0xFFFF_FF00).advanced(by: 400 + 9_000))
        // At the very same moment, time still moves on.
        rewriter.endSegment()
        let again = try #require(
            rewriter.rewrite(try header(1, 1), extended: 1, clockRate: 90_000, at: instant(150)))
        #expect(again.timestamp == next.timestamp.advanced(by: 1))
        #expect(again.sequence == SequenceNumber(10))
    }

    /// Whatever comes: a number once given to one packet is never given to another.
    @Test(arguments: [UInt64(1), 2, 3, 4]) func outgoingNumbersAreUnique(_ seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        var rewriter = rewriter()
        var given: [Int: String] = [:]
        var unwrapper = SequenceUnwrapper()
        var newest: Int64 = 100
        var segment = 0
        for step in 0..<20_000 {
            if Int.random(in: 0..<200, using: &generator) == 0 {
                rewriter.endSegment()
                segment += 1
                newest = Int64.random(in: 0..<1_000_000, using: &generator)
            }
            let extended = newest + Int64.random(in: -40...5, using: &generator)
            newest = max(newest, extended)
            let head = try header(Int(extended), UInt32(truncatingIfNeeded: extended * 10))
            guard let numbers = rewriter.rewrite(head, extended: extended, clockRate: 90_000, at: instant(Int64(step)))
            else { continue }
            #expect(rewriter.sourceSequence(of: numbers.sequence) == head.sequenceNumber)
            let outgoing = Int(unwrapper.unwrap(numbers.sequence))
            let name = "\(segment)/\(extended)"
            #expect(given[outgoing, default: name] == name, "seed \(seed), step \(step)")
            given[outgoing] = name
        }
        #expect(given.count > 5_000)
    }
}
