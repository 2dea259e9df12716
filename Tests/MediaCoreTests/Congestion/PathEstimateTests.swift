import MediaWire
import TestSupport
import Testing

@testable import MediaCore

/// What a player's transport-wide feedback (draft-holmer-rmcat-transport-wide-cc-extensions-01) tells, on a simulated path.
@Suite struct PathEstimateTests {
    private static let start = Instant(nanoseconds: 50_000_000_000)

    /// Sends packets along a path of its own making to a peer that reports what came, each 50 ms.
    private struct Path {
        var history: DepartureHistory
        var arrivals = TransportArrivals()
        var estimate = PathEstimate()
        var generator: SeededGenerator
        /// The peer's clock is ahead by this, in ns.
        var clockOffset: UInt64 = 123_456_789_000
        var sent = 0
        var lost = 0

        init(first: UInt16, seed: UInt64) {
            history = DepartureHistory(first: first)
            generator = SeededGenerator(seed: seed)
        }

        mutating func run(
            from start: Instant, packets: Int, every spacing: Int64 = 2_000_000, bytes: Int = 1_000, loss: Int = 0,
            delay: (Int) -> Int64
        ) throws -> Instant {
            var now = start
            for packet in 0..<packets {
                now = start.advanced(byNanoseconds: Int64(packet) * spacing)
                let number = history.number
                history.note(bytes: bytes, at: now)
                sent += 1
                // What is lost before anything came, nobody can tell.
                if sent > 1, Int.random(in: 0..<100, using: &generator) < loss {
                    lost += 1
                } else {
                    let arrival = now.advanced(byNanoseconds: delay(packet))
                    arrivals.record(number, at: Instant(nanoseconds: arrival.nanoseconds + clockOffset))
                }
                if packet % 25 == 24 { try report(at: now) }
            }
            return now
        }

        mutating func report(at now: Instant) throws {
            var bytes = [UInt8](repeating: 0, count: 1_400)
            let length = bytes.withUnsafeMutableBytes { buffer in
                var writer = PacketWriter(buffer)
                return arrivals.writeReport(sender: SSRC(1), media: SSRC(2), to: &writer) ? writer.count : 0
            }
            guard length > 0 else { return }
            bytes.removeSubrange(length...)
            guard var reader = RTCPReader(bytes.rawSpan, allowReducedSize: true), let head = reader.next(),
                var feedback = TransportWideFeedbackReader(head, in: bytes.rawSpan)
            else {
                Issue.record("the report is not read")
                return
            }
            estimate.note(&feedback, of: &history, at: now)
        }
    }

    /// From near the wrap of the numbers and across it, with loss: each packet is told once, as it was.
    @Test(arguments: [0, 2, 10, 30], [UInt16(0), 30_000, 65_000, 65_530])
    func losesNothingAcrossTheWrap(_ loss: Int, _ first: UInt16) throws {
        var path = Path(first: first, seed: UInt64(loss) + UInt64(first))
        let end = try path.run(from: Self.start, packets: 5_000, loss: loss) { _ in 20_000_000 }
        // What is lost at the very end shows with the next packet that comes.
        _ = try path.run(from: end.advanced(byMilliseconds: 2), packets: 25) { _ in 20_000_000 }
        #expect(path.estimate.packetsArrived == UInt64(path.sent - path.lost))
        #expect(path.estimate.packetsLost == UInt64(path.lost))
        #expect(abs(path.estimate.lossFraction * 100 - Double(loss)) < 15)
        // 1,000 bytes every 2 ms.
        #expect(abs(Double(path.estimate.arrivingBitrate) / 4_000_000 - (1 - Double(loss) / 100)) < 0.2)
        #expect(path.estimate.queueingDelay < 2_000_000)
    }

    /// A queue that grows shows as delay, whatever the peer's clock says; one that is gone does not.
    @Test func aQueueShows() throws {
        var path = Path(first: 9, seed: 4)
        var now = try path.run(from: Self.start, packets: 1_000) { _ in 30_000_000 }
        #expect(path.estimate.queueingDelay < 1_000_000)
        now = try path.run(from: now.advanced(byMilliseconds: 2), packets: 1_000) { 30_000_000 + Int64($0) * 100_000 }
        #expect((80_000_000...100_000_000).contains(path.estimate.queueingDelay))
        _ = try path.run(from: now.advanced(byMilliseconds: 200), packets: 1_000) { _ in 30_000_000 }
        #expect(path.estimate.queueingDelay < 1_000_000)
    }

    /// A peer may say what it likes of numbers that nobody sent, or say it twice.
    @Test func whatWasNeverSentOrWasToldBeforeIsNotHeard() throws {
        var path = Path(first: 100, seed: 1)
        for number in [UInt16(50), 99, 300, 40_000, 65_535] {
            path.arrivals = TransportArrivals()
            path.arrivals.record(number, at: Self.start)
            try path.report(at: Self.start)
        }
        #expect(path.estimate.packetsArrived == 0)
        path.history.note(bytes: 1, at: Self.start)
        for _ in 0..<3 {
            path.arrivals = TransportArrivals()
            path.arrivals.record(100, at: Self.start)
            try path.report(at: Self.start)
        }
        #expect(path.estimate.packetsArrived == 1)
    }

    /// Packets older than the history are not taken for younger ones.
    @Test func theHistoryEnds() {
        var history = DepartureHistory(first: 65_000)
        for step in 0..<5_000 { history.note(bytes: step + 1, at: Self.start) }
        #expect(history.extended(history.number &- 1) == 65_000 + 4_999)
        #expect(history.take(65_000) == nil && history.take(65_000 + 5_000) == nil)
        #expect(history.take(65_000 + 4_999)?.bytes == 5_000)
        #expect(history.take(65_000 + 4_999) == nil)
        #expect(
            history.take(65_000 + 5_000 - Int64(DepartureHistory.capacity))?.bytes
                == Int32(5_001 - DepartureHistory.capacity))
    }
}
