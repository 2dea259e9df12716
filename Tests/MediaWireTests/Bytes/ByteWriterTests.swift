import MediaWire
import Testing

@Suite struct ByteWriterTests {
    @Test func writesBigEndianFields() {
        var writer = ByteWriter()
        writer.write(UInt8(0x01))
        writer.write(UInt16(0x0203))
        writer.writeUInt24(0xFF04_0506)
        writer.write(UInt32(0x0708_090A))
        writer.write(UInt64(0x0B0C_0D0E_0F10_1112))
        writer.write([0x13, 0x14])
        #expect(writer.bytes == (1...20).map { UInt8($0) })
        #expect(writer.count == 20)
    }

    @Test func padsToTheNextMultipleOnly() {
        var writer = ByteWriter()
        writer.pad(toMultipleOf: 4)
        #expect(writer.bytes.isEmpty)
        writer.write(UInt8(7))
        writer.pad(toMultipleOf: 4)
        writer.pad(toMultipleOf: 4)
        #expect(writer.bytes == [7, 0, 0, 0])
    }

    @Test func patchesInsideAndNowhereElse() {
        var writer = ByteWriter()
        writer.write(UInt32(0))
        writer.patch(0xABCD, at: 1)
        writer.patch(0x1111, at: 3)
        writer.patch(0x2222, at: -1)
        #expect(writer.bytes == [0, 0xAB, 0xCD, 0])
    }
}
