import MediaCore
import MediaWire
import TestSupport
import Testing

@testable import Endpoints

@Suite struct AudioJitterBufferTests {
    private static let start = Instant(nanoseconds: 5_000_000_000)

    /// Packet `index` of a stream of 20 ms packets, `lateMilliseconds` after the fastest way.
    private func packet(
        _ index: Int, lateMilliseconds: Int = 0, timestampBase: UInt32 = 0
    ) -> AudioJitterBuffer.Packet {
        AudioJitterBuffer.Packet(
            number: Int64(index), timestamp: RTPTimestamp(timestampBase &+ UInt32(index * 960)), samples: 960,
            payload: [UInt8(truncatingIfNeeded: index)], captureTime: nil,
            arrival: Self.start.advanced(byMilliseconds: Int64(index * 20 + lateMilliseconds)))
    }

    /// Plays packets by arrival with the buffer woken at its own timeouts; answers items with the time they came out.
    private func play(
        _ packets: [AudioJitterBuffer.Packet], _ settings: JitterBufferSettings = JitterBufferSettings(),
        until end: Int = 1_000_000
    ) -> (items: [(item: AudioJitterBuffer.Item, at: Instant)], buffer: AudioJitterBuffer) {
        var buffer = AudioJitterBuffer(settings)
        var items: [(AudioJitterBuffer.Item, Instant)] = []
        func drain(_ now: Instant) { while let item = buffer.pop(at: now, hold: 0) { items.append((item, now)) } }
        for packet in packets.sorted(by: { $0.arrival < $1.arrival }) {
            while let timeout = buffer.nextTimeout, timeout < packet.arrival { drain(timeout) }
            buffer.insert(packet)
            drain(packet.arrival)
        }
        let last = Self.start.advanced(byMilliseconds: Int64(end))
        while let timeout = buffer.nextTimeout, timeout < last { drain(timeout) }
        return (items, buffer)
    }

    @Test func perfectNetworkCostsTwentyMilliseconds() {
        let (items, buffer) = play((0..<500).map { packet($0) })
        #expect(items.count == 500)
        #expect(buffer.packetsConcealed == 0)
        for (index, (item, at)) in items.enumerated() {
            #expect(item.data == [UInt8(truncatingIfNeeded: index)])
            #expect(at == Self.start.advanced(byMilliseconds: Int64(index * 20 + 20)))
        }
    }

    @Test func lostPacketIsConcealedInItsPlaceWithTheNextAtHand() {
        let (items, buffer) = play((0..<50).filter { $0 != 20 }.map { packet($0) }, until: 980)
        #expect(buffer.packetsConcealed == 1)
        #expect(items[20].item.data == nil)
        #expect(items[20].item.samples == 960)
        #expect(items[20].item.timestamp == RTPTimestamp(20 * 960))
        // The packet behind the gap has just come when the gap is due: FEC can be used.
        #expect(items[20].item.next == [21])
        #expect(items[20].at == Self.start.advanced(byMilliseconds: 20 * 20 + 20))
        #expect(items[21].item.data == [21])
    }

    @Test func nothingIsConcealedAtTheEndOfTheStream() {
        let (items, buffer) = play((0..<30).map { packet($0) })
        #expect(items.count == 30)
        #expect(buffer.nextTimeout == nil)
    }

    @Test func silenceLeftOutIsNotConcealed() {
        // DTX: numbers go on, timestamps jump.
        var packets = (0..<20).map { packet($0) }
        for index in 20..<40 {
            var later = packet(index + 30)
            later.number = Int64(index)
            packets.append(later)
        }
        let (items, buffer) = play(packets)
        #expect(items.count == 40)
        #expect(buffer.packetsConcealed == 0)
    }

    @Test func jitterRaisesTheDelayAndCalmLowersItAgain() {
        var random = SeededGenerator(seed: 3)
        let rough = (0..<500).map { packet($0, lateMilliseconds: Int.random(in: 0...60, using: &random)) }
        let (_, nervous) = play(rough)
        #expect(nervous.targetDelay > 45_000_000)
        #expect(nervous.targetDelay <= 80_000_000)
        #expect(nervous.packetsConcealed < 50)
        let (items, calm) = play(rough + (500..<2_500).map { packet($0) })
        #expect(calm.targetDelay == 20_000_000)
        // Late ones are played late rather than not at all, unless one behind them has been played.
        #expect(items.count == 2_500)
    }

    @Test func packetsThatOvertakeEachOtherAtTheStartAreSorted() {
        let (items, buffer) = play([packet(1, lateMilliseconds: -21), packet(0)] + (2..<10).map { packet($0) })
        #expect(items.map(\.item.data) == (0..<10).map { [UInt8($0)] })
        #expect(buffer.packetsLate == 0)
    }

    @Test func outageIsSkippedInsteadOfGuessed() {
        let (items, buffer) = play((0..<20).map { packet($0) } + (120..<140).map { packet($0) })
        #expect(items.count == 40)
        #expect(buffer.packetsConcealed == 0)
    }

    @Test func timestampsMayWrap() {
        let base = UInt32.max - 960 * 10
        let (items, buffer) = play((0..<100).filter { $0 != 15 }.map { packet($0, timestampBase: base) }, until: 2_100)
        #expect(items.count == 100)
        #expect(buffer.packetsConcealed == 1)
        for (index, (_, at)) in items.enumerated() {
            #expect(at == Self.start.advanced(byMilliseconds: Int64(index * 20 + 20)))
        }
    }

    /// Loss, jitter, timestamps from nowhere, numbers within SRTP's replay window: sound goes on, bounded, without a
    /// trap.
    @Test(arguments: 0..<30 as Range<UInt64>)
    func soundGoesOnWhateverArrives(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var packets: [AudioJitterBuffer.Packet] = []
        for index in 0..<600 where Int.random(in: 0..<10, using: &random) > 0 {
            var packet = packet(index, lateMilliseconds: Int.random(in: 0...90, using: &random))
            switch Int.random(in: 0..<100, using: &random) {
            case 0: packet.timestamp = RTPTimestamp(UInt32.random(in: .min ... .max, using: &random))
            case 1: packet.number = packet.number + Int64.random(in: -60...60, using: &random)
            case 2: packet.samples = Int.random(in: 120...5_760, using: &random)
            default: break
            }
            packets.append(packet)
        }
        let (items, buffer) = play(packets)
        #expect(items.count <= 2 * 600, "seed \(seed)")
        #expect(items.count { $0.item.data != nil } > 200, "seed \(seed)")
        #expect(buffer.nextTimeout == nil, "seed \(seed)")
    }
}
