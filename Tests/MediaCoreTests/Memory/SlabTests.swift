import TestSupport
import Testing

@testable import MediaCore

@Suite struct SlabTests {
    private final class Witness {
        let value: Int
        init(_ value: Int) { self.value = value }
    }

    private struct Owner: ~Copyable {
        let witness: Witness
    }

    @Test func indicesStayWhileTheSlabGrows() {
        var slab = Slab<Owner>(reserving: 2)
        var indices: [Int] = []
        for value in 0..<100 { indices.append(slab.insert(Owner(witness: Witness(value)))) }
        #expect(Set(indices).count == 100)
        for (value, index) in indices.enumerated() {
            let found = slab[index].witness.value
            #expect(found == value)
        }
        let count = slab.count
        #expect(count == 100)
    }

    @Test func valuesStayWhereTheyAreWithinWhatWasReserved() {
        var slab = Slab<Owner>(reserving: 1_000)
        func address(_ index: Int) -> UInt { withUnsafePointer(to: &slab[index]) { UInt(bitPattern: $0) } }
        let first = slab.insert(Owner(witness: Witness(0)))
        let before = address(first)
        for value in 1..<1_000 { _ = slab.insert(Owner(witness: Witness(value))) }
        #expect(address(first) == before)
        _ = slab.insert(Owner(witness: Witness(1_000)))
        let (kept, count) = (slab[first].witness.value, slab.count)
        #expect(kept == 0)
        #expect(count == 1_001)
    }

    @Test func generationTellsAStaleIndex() {
        var slab = Slab<Int>(reserving: 1)
        let first = slab.insert(5)
        let generation = slab.generation(of: first)
        slab.remove(first)
        slab.remove(first)
        let second = slab.insert(6)
        let now = slab.generation(of: second)
        #expect(second == first)
        #expect(now == generation + 1)
        let beyond = (slab.contains(99), slab.contains(-1), slab.generation(of: 99))
        #expect(beyond == (false, false, 0))
    }

    @Test func valuesAreFreedOnRemovalAndWithTheSlab() {
        weak var removed: Witness?
        weak var left: Witness?
        do {
            var slab = Slab<Owner>()
            let a = Witness(1)
            let b = Witness(2)
            removed = a
            left = b
            let index = slab.insert(Owner(witness: a))
            _ = slab.insert(Owner(witness: b))
            slab.remove(index)
        }
        #expect(removed == nil)
        #expect(left == nil)
    }
}

@Suite struct FixedListTests {
    @Test func fullListRefuses() {
        var list = FixedList<Int32>(capacity: 2)
        let answers = [list.append(1), list.append(2), list.append(3)]
        #expect(answers == [true, true, false])
        let values = [list[0], list[1]]
        #expect(values == [1, 2])
        list.removeAll()
        let again = list.append(9)
        #expect(again)
    }
}

@Suite struct PacketWriterTests {
    @Test func fieldsAreBigEndianAndNothingIsWrittenPastTheEnd() {
        var memory = [UInt8](repeating: 0xEE, count: 24)
        let written = memory.withUnsafeMutableBytes { buffer in
            var writer = PacketWriter(UnsafeMutableRawBufferPointer(rebasing: buffer[..<20]))
            writer.write(UInt8(1))
            writer.write(UInt16(0x0203))
            writer.write(UInt32(0x0405_0607))
            writer.write(UInt64(0x0809_0A0B_0C0D_0E0F))
            writer.padToWord()
            writer.patch(0xABCD, at: 1)
            writer.patch(0xFFFF, at: 15)
            #expect(!writer.overflowed)
            writer.write(UInt64(1))
            #expect(writer.overflowed)
            writer.padToWord()
            return writer.count
        }
        #expect(written == 16)
        #expect(memory[..<16] == [1, 0xAB, 0xCD, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 0])
        #expect(memory[16...].allSatisfy { $0 == 0xEE })
    }

    @Test func emptyMemoryTakesNothing() {
        var writer = PacketWriter(UnsafeMutableRawBufferPointer(start: nil, count: 0))
        writer.write(UInt8(1))
        #expect(writer.overflowed)
        #expect(writer.count == 0)
    }
}
