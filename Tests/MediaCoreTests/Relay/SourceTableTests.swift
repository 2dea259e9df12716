import MediaWire
import TestSupport
import Testing

@testable import MediaCore

@Suite struct SourceTableTests {
    private static func key(_ number: Int) -> SourceKey {
        let address =
            number % 2 == 0
            ? IPAddress(v4: UInt32(number / 7)) : IPAddress(v6High: 0x2001_0DB8 << 32, low: UInt64(number / 7))
        return SourceKey(SocketAddress(address, port: UInt16(number % 5)), SSRC(UInt32(number % 3)))
    }

    /// Random inserts, replacements and removals give the same answers as a dictionary.
    @Test(arguments: [UInt64(1), 2, 3, 4]) func agreesWithADictionary(_ seed: UInt64) {
        var table = SourceTable(seed: seed, initialCapacity: 16)
        var model: [SourceKey: StreamReference] = [:]
        var generator = SeededGenerator(seed: seed)
        for step in 0..<20_000 {
            let key = Self.key(Int.random(in: 0..<2_000, using: &generator))
            let reference =
                Bool.random(using: &generator)
                ? StreamReference.track(step % 9) : StreamReference.slot(step % 9)
            // Grows for the first half, shrinks for the second.
            switch Int.random(in: 0..<10, using: &generator) {
            case 0..<(step < 10_000 ? 6 : 2):
                table.insert(key, reference)
                model[key] = reference
            case 9:
                // Not removed by a stream that it does not stand for.
                let other = StreamReference.track(99)
                table.remove(key, other)
            default:
                if let held = model[key] {
                    table.remove(key, held)
                    model[key] = nil
                } else {
                    table.remove(key, reference)
                }
            }
            if step % 500 == 0 {
                for number in 0..<2_000 {
                    let found = table.find(Self.key(number))
                    #expect(found == model[Self.key(number)], "seed \(seed), step \(step)")
                }
            }
            let count = table.count
            #expect(count == model.count, "seed \(seed), step \(step)")
        }
        #expect(!model.isEmpty)
    }

    /// A trail is of one source: it stays with it while others come and go, and is gone when the source is bound anew.
    @Test func aTrailStaysWithItsSource() {
        var table = SourceTable(seed: 3, initialCapacity: 16)
        for number in 0..<500 { table.insert(Self.key(number), .track(number)) }
        for number in stride(from: 0, to: 500, by: 7) {
            var trail = PacketTrail()
            trail.link = Int32(number)
            table.leave(trail, for: Self.key(number))
        }
        for number in 500..<2_000 { table.insert(Self.key(number), .track(number)) }
        for number in stride(from: 1, to: 500, by: 7) { table.remove(Self.key(number), .track(number)) }
        // Keys repeat every 105 numbers and some; what was bound anew has lost its trail.
        var latest: [SourceKey: Int] = [:]
        for number in 0..<2_000 { latest[Self.key(number)] = number }
        for (key, number) in latest {
            guard let link = table.follow(key)?.trail.link else { continue }
            #expect(link == (number < 500 && number % 7 == 0 ? Int32(number) : -1))
        }
        table.leave(PacketTrail(), for: Self.key(1_000_000))
        let isKnown = table.find(Self.key(1_000_000)) != nil
        #expect(!isKnown)
    }

    @Test func addressFamilyPortAndSSRCAllCount() {
        var table = SourceTable(seed: 7)
        let keys = [
            SourceKey(SocketAddress(IPAddress(v4: 1), port: 1), SSRC(1)),
            SourceKey(SocketAddress(IPAddress(v4: 1), port: 1), SSRC(2)),
            SourceKey(SocketAddress(IPAddress(v4: 1), port: 2), SSRC(1)),
            SourceKey(SocketAddress(IPAddress(v4: 2), port: 1), SSRC(1)),
            SourceKey(SocketAddress(IPAddress(v6High: 0, low: 1), port: 1), SSRC(1)),
        ]
        for (index, key) in keys.enumerated() { table.insert(key, .track(index)) }
        for (index, key) in keys.enumerated() {
            let found = table.find(key)
            #expect(found == .track(index))
            #expect(found?.isSlot == false)
            #expect(found?.index == index)
        }
        #expect(StreamReference.slot(3).isSlot)
        #expect(StreamReference.slot(3).index == 3)
    }
}
