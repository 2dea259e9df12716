import MediaWire
import TestSupport
import Testing

@Suite struct ByteReaderTests {
    @Test func readsBigEndianFieldsInOrder() {
        let bytes = hex("01 0203 040506 0708090A 0B0C0D0E0F101112")
        var reader = ByteReader(bytes.rawSpan)
        let one = reader.readUInt8()
        let two = reader.readUInt16()
        let three = reader.readUInt24()
        let four = reader.readUInt32()
        let eight = reader.readUInt64()
        let isAtEnd = reader.isAtEnd
        #expect(one == 0x01)
        #expect(two == 0x0203)
        #expect(three == 0x040506)
        #expect(four == 0x0708_090A)
        #expect(eight == 0x0B0C_0D0E_0F10_1112)
        #expect(isAtEnd)
    }

    @Test func aFailedReadMovesNothing() {
        let bytes = hex("0102030405060708")
        for cut in 0..<8 {
            let part = Array(bytes[..<cut])
            var reader = ByteReader(part.rawSpan)
            let long = reader.readUInt64()
            var results = [long != nil]
            if cut < 4 { let value = reader.readUInt32(); results.append(value != nil) }
            if cut < 3 { let value = reader.readUInt24(); results.append(value != nil) }
            if cut < 2 { let value = reader.readUInt16(); results.append(value != nil) }
            if cut < 1 { let value = reader.readUInt8(); results.append(value != nil) }
            let skipped: Void? = reader.skip(cut + 1)
            let view = reader.readSpan(cut + 1)?.byteCount
            let position = reader.position
            let remaining = reader.remaining
            #expect(results.allSatisfy { !$0 })
            #expect(skipped == nil)
            #expect(view == nil)
            #expect(position == 0)
            #expect(remaining == cut)
        }
    }

    @Test func skipAndSpanStayInside() {
        let bytes = hex("0102030405")
        var reader = ByteReader(bytes.rawSpan)
        let back: Void? = reader.skip(-1)
        let negative = reader.readSpan(-1)?.byteCount
        let forward: Void? = reader.skip(2)
        let middle = reader.readSpan(2)?.toArray()
        let far: Void? = reader.skip(.max)
        let rest = reader.readSpan(1)?.toArray()
        let none = reader.readSpan(0)?.byteCount
        #expect(back == nil)
        #expect(negative == nil)
        #expect(forward != nil)
        #expect(middle == [3, 4])
        #expect(far == nil)
        #expect(rest == [5])
        #expect(none == 0)
    }

    @Test(arguments: [Int.min, -9, -1, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, Int.max - 8, Int.max - 1, Int.max])
    func accessorsAnswerNilOutsideAndTheBytesInside(offset: Int) {
        let bytes = hex("F1F2F3F4F5F6F7F8")
        let span = bytes.rawSpan
        func expected(_ width: Int) -> UInt64? {
            guard offset >= 0, offset <= 8 - width else { return nil }
            return bytes[offset..<(offset + width)].reduce(0) { $0 << 8 | UInt64($1) }
        }
        let found: [UInt64?] = [
            span.uint8(at: offset).map(UInt64.init), span.uint16(at: offset).map(UInt64.init),
            span.uint24(at: offset).map(UInt64.init), span.uint32(at: offset).map(UInt64.init), span.uint64(at: offset),
        ]
        #expect(found == [1, 2, 3, 4, 8].map(expected))
    }

    @Test func slicesLieWholeWithinOrAreNil() {
        let bytes = hex("0001020304")
        let span = bytes.rawSpan
        let inside = span.slice(1..<4)?.toArray()
        let outside = span.slice(4..<6)?.byteCount
        let before = span.slice(-1..<2)?.byteCount
        let counted = span.slice(at: 3, count: 2)?.toArray()
        let refused = [(3, 3), (6, 0), (-1, 1), (0, -1), (Int.max, 1), (1, Int.max), (Int.min, Int.max)].map {
            span.slice(at: $0.0, count: $0.1)?.byteCount
        }
        let empty = span.slice(at: 5, count: 0)?.byteCount
        #expect(inside == [1, 2, 3])
        #expect(outside == nil)
        #expect(before == nil)
        #expect(counted == [3, 4])
        #expect(refused.allSatisfy { $0 == nil })
        #expect(empty == 0)
    }

    @Test func anArraySliceKeepsItsOwnOffsets() {
        let bytes = hex("0001020304")[2...]
        let first = bytes.rawSpan.uint8(at: 0)
        var copy: [UInt8] = [9]
        bytes.rawSpan.append(to: &copy)
        #expect(first == 2)
        #expect(copy == [9, 2, 3, 4])
    }

    /// A plain model over arrays answers every random call the same way.
    @Test(arguments: 0..<20)
    func agreesWithAModel(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        for _ in 0..<100 {
            let bytes = generator.bytes(0...40)
            var reader = ByteReader(bytes.rawSpan)
            var position = 0
            for _ in 0..<30 {
                let width = [1, 2, 3, 4, 8][generator.below(5)]
                let value: UInt64? =
                    switch width {
                    case 1: reader.readUInt8().map(UInt64.init)
                    case 2: reader.readUInt16().map(UInt64.init)
                    case 3: reader.readUInt24().map(UInt64.init)
                    case 4: reader.readUInt32().map(UInt64.init)
                    default: reader.readUInt64()
                    }
                var expected: UInt64?
                if position + width <= bytes.count {
                    expected = bytes[position..<(position + width)].reduce(0) { $0 << 8 | UInt64($1) }
                    position += width
                }
                let now = reader.position
                #expect(value == expected, "seed \(seed)")
                #expect(now == position, "seed \(seed)")
            }
        }
    }
}
