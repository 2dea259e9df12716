import TestSupport
import Testing

@testable import MediaWire

/// Generic NACK (RFC 4585 section 6.2.1).
@Suite struct GenericNACKTests {
    private func nack(_ lost: [UInt16]) -> GenericNACK {
        GenericNACK(senderSSRC: SSRC(1), mediaSSRC: SSRC(2), lost: lost.map { SequenceNumber($0) })
    }

    @Test func readsAndWrites() throws {
        let bytes = hex("81CD0004 00000001 00000002 0064 8001 FFFF 0003")
        let packet = GenericNACK(
            senderSSRC: SSRC(1), mediaSSRC: SSRC(2),
            entries: [
                NACKEntry(first: SequenceNumber(100), following: 0x8001),
                NACKEntry(first: SequenceNumber(65535), following: 3),
            ])
        #expect(single(bytes) == .genericNACK(packet))
        #expect(written(packet) == bytes)
        #expect(packet.lost.map(\.rawValue) == [100, 101, 116, 65535, 0, 1])
        let head = try #require(heads(bytes)?.first)
        #expect(head.nackEntryCount == 2)
        #expect((-1...2).map { head.nackEntry($0, in: bytes)?.first.rawValue } == [nil, 100, 65535, nil])
    }

    @Test(arguments: ["81CD0000", "81CD0001 00000001", "81CD0002 00000001 00000002"])
    func withoutAPairItIsRefused(text: String) throws {
        #expect(single(hex(text)) == nil)
        #expect(try #require(heads(hex(text))?.first).nackEntryCount == 0)
    }

    @Test(
        arguments: [
            ([], []), ([7], [(7, 0)]), ([7, 7, 7], [(7, 0)]), ([7, 23], [(7, 0x8000)]), ([7, 24], [(7, 0), (24, 0)]),
            ([9, 8, 7], [(7, 3)]), ([65535, 0, 15], [(65535, 0x8001)]), ([0, 65520, 65535], [(65520, 0xC000)]),
            ([65519, 0], [(65519, 0), (0, 0)]), (Array(10...26), [(10, 0xFFFF)]),
            (Array(10...27), [(10, 0xFFFF), (27, 0)]),
        ] as [([UInt16], [(UInt16, UInt16)])])
    func packsIntoPairs(lost: [UInt16], pairs: [(UInt16, UInt16)]) {
        #expect(nack(lost).entries == pairs.map { NACKEntry(first: SequenceNumber($0.0), following: $0.1) })
    }

    @Test func iteratesTheNumbersOfAPair() {
        #expect(Array(NACKEntry(first: SequenceNumber(5), following: 0)) == [SequenceNumber(5)])
        let all = NACKEntry(first: SequenceNumber(65530), following: 0xFFFF)
        #expect(all.map(\.rawValue) == (0...16).map { UInt16(65530) &+ $0 })
        #expect(all.lostCount == 17)
    }

    /// Names exactly the numbers given, in as few pairs as any cover by windows of 17 needs.
    @Test(arguments: 0..<10)
    func packsExactlyAndMinimally(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        for _ in 0..<100 {
            let base: UInt16 = generator.integer()
            let spread = [3, 20, 60, 400][generator.below(4)]
            let lost = generator.list(1...40) { base &+ UInt16($0.below(spread)) }
            let packet = nack(lost.shuffled(using: &generator))
            #expect(Set(packet.lost.map(\.rawValue)) == Set(lost), "seed \(seed)")
            #expect(packet.lost.count == Set(lost).count, "seed \(seed): a number twice")
            #expect(packet.entries.count == Self.fewestPairs(Set(lost.map { $0 &- base })), "seed \(seed)")
        }
    }

    /// The fewest windows of 17 that cover `numbers` on a line: dynamic programming over all places a window may begin.
    private static func fewestPairs(_ numbers: Set<UInt16>) -> Int {
        let sorted = numbers.sorted()
        var best = [Int](repeating: .max, count: sorted.count + 1)
        best[0] = 0
        for index in sorted.indices {
            // A window that begins at `index` may stop in front of any later number within its reach.
            for end in (index + 1)...sorted.count where sorted[end - 1] - sorted[index] <= 16 {
                best[end] = min(best[end], best[index] + 1)
            }
        }
        return best[sorted.count]
    }

    @Test func everyNumberLostStillPacks() {
        let packet = nack(Array(0...UInt16.max))
        #expect(packet.entries.count == 3856)
        #expect(Set(packet.lost).count == 65536)
    }
}
