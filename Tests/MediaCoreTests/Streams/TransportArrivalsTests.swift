import MediaWire
import TestSupport
import Testing

@testable import MediaCore

/// draft-holmer-rmcat-transport-wide-cc-extensions-01, from the side that reports.
@Suite struct TransportArrivalsTests {
    private static let start = Instant(nanoseconds: 7_000_000_000)

    private func report(_ arrivals: inout TransportArrivals) -> TransportWideFeedback? {
        var bytes = [UInt8](repeating: 0, count: 1_400)
        let length = bytes.withUnsafeMutableBytes { buffer in
            var writer = PacketWriter(buffer)
            return arrivals.writeReport(sender: SSRC(1), media: SSRC(2), to: &writer) ? writer.count : 0
        }
        let written = Array(bytes[..<length])
        let packets = RTCPPacket.parseCompound(written.rawSpan, allowReducedSize: true)
        return packets?.first?.asTransportWideFeedback
    }

    /// Numbers and times in ns as a report tells them.
    private func read(_ report: TransportWideFeedback) -> [UInt16: Int64] {
        var time = Int64(report.referenceTime) * TransportWideFeedback.referenceUnit
        var found: [UInt16: Int64] = [:]
        for (place, arrival) in report.arrivals.enumerated() {
            guard case .received(let delta) = arrival else { continue }
            time += Int64(delta) * TransportWideFeedback.deltaUnit
            found[report.baseSequence &+ UInt16(truncatingIfNeeded: place)] = time
        }
        return found
    }

    @Test func nothingCameNothingIsSaid() {
        var arrivals = TransportArrivals()
        #expect(report(&arrivals) == nil && !arrivals.hasNews)
        arrivals.record(5, at: Self.start)
        #expect(arrivals.hasNews)
        #expect(report(&arrivals)?.arrivals.count == 1)
        #expect(report(&arrivals) == nil && !arrivals.hasNews)
    }

    @Test func reportsAreCounted() {
        var arrivals = TransportArrivals()
        let counts = (0..<300).map { number -> UInt8? in
            arrivals.record(UInt16(number), at: Self.start.advanced(byMilliseconds: Int64(number)))
            return report(&arrivals)?.feedbackCount
        }
        #expect(counts == (0..<300).map { UInt8(truncatingIfNeeded: $0) })
    }

    /// Loss, disorder, bursts and pauses; every packet that came is told of, with its time, within a unit.
    @Test(arguments: 0..<60)
    func whatCameIsTold(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        var arrivals = TransportArrivals()
        var now = Self.start
        var number = UInt16.random(in: 0 ... .max, using: &generator)
        let loss = Int.random(in: 0..<60, using: &generator)
        var expected: [UInt16: Int64] = [:], told: [UInt16: Int64] = [:]
        for _ in 0..<Int.random(in: 1...30, using: &generator) {
            for _ in 0..<Int.random(in: 1...200, using: &generator) {
                now = now.advanced(byNanoseconds: Int64.random(in: 0...2_000_000, using: &generator))
                let late = Int.random(in: 0..<20, using: &generator) == 0 ? number &- 3 : number
                if Int.random(in: 0..<100, using: &generator) >= loss || expected.isEmpty {
                    arrivals.record(late, at: now)
                    expected[late] = Int64(now.nanoseconds)
                }
                number &+= 1
            }
            if Int.random(in: 0..<10, using: &generator) == 0 { now = now.advanced(byMilliseconds: 9_000) }
            while arrivals.hasNews {
                guard let report = report(&arrivals) else { continue }
                #expect(report.arrivals.count <= TransportArrivals.packetsPerReport)
                told.merge(read(report)) { $1 }
            }
        }
        #expect(Set(told.keys) == Set(expected.keys))
        for (number, time) in expected {
            let difference = time - (told[number] ?? 0)
            #expect((0..<TransportWideFeedback.deltaUnit).contains(difference), "\(number)")
        }
    }

    @Test func aLeapForgetsWhatLiesFarBehind() throws {
        var arrivals = TransportArrivals()
        arrivals.record(0, at: Self.start)
        arrivals.record(20_000, at: Self.start.advanced(byMilliseconds: 1))
        var last: TransportWideFeedback?
        for _ in 0..<10 where arrivals.hasNews { last = report(&arrivals) ?? last }
        let found = try #require(last)
        #expect(read(found).keys.sorted() == [20_000])
        // From long ago: not worth a word.
        arrivals.record(0, at: Self.start.advanced(byMilliseconds: 2))
        #expect(!arrivals.hasNews)
    }
}
