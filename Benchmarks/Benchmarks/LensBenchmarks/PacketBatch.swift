internal import MediaWire

/// Memory for a batch of packets that are filled anew before each iteration.
@safe
final class PacketBatch {
    static let packets = 32
    private static let slotSize = 2048

    private let memory: UnsafeMutableRawPointer

    init(using generator: inout SeededGenerator) {
        unsafe memory = .allocate(byteCount: Self.packets * Self.slotSize, alignment: 64)
        let noise = generator.bytes(Self.slotSize)
        for index in 0..<Self.packets { unsafe slot(index).copyBytes(from: noise) }
    }

    deinit { unsafe memory.deallocate() }

    @unsafe
    func slot(_ index: Int) -> UnsafeMutableRawBufferPointer {
        unsafe UnsafeMutableRawBufferPointer(start: memory + index * Self.slotSize, count: Self.slotSize)
    }
}

/// The fields of an RTP packet that change from one to the next.
struct PacketFields {
    var payloadType: UInt8
    var ssrc: SSRC
    var marker = false
    var sequence: UInt16
    var timestamp: UInt32
    /// NTP capture time, as element 1 in a one-byte header extension; without it the header is 12 bytes long.
    var captureTime: UInt64?

    var headerLength: Int { captureTime == nil ? 12 : 28 }

    /// Writes the header at the start of `slot`.
    @unsafe
    func write(to slot: UnsafeMutableRawBufferPointer) {
        unsafe slot.storeBytes(of: captureTime == nil ? 0x80 : 0x90, toByteOffset: 0, as: UInt8.self)
        unsafe slot.storeBytes(of: (marker ? 0x80 : 0) | payloadType, toByteOffset: 1, as: UInt8.self)
        unsafe slot.storeBytes(of: sequence.bigEndian, toByteOffset: 2, as: UInt16.self)
        unsafe slot.storeBytes(of: timestamp.bigEndian, toByteOffset: 4, as: UInt32.self)
        unsafe slot.storeBytes(of: ssrc.rawValue.bigEndian, toByteOffset: 8, as: UInt32.self)
        guard let captureTime else { return }
        // Profile, three words, element of id 1 and 8 bytes, the time, three bytes of padding.
        unsafe slot.storeBytes(of: UInt32(0xBEDE_0003).bigEndian, toByteOffset: 12, as: UInt32.self)
        unsafe slot.storeBytes(of: 0x17, toByteOffset: 16, as: UInt8.self)
        unsafe slot.storeBytes(of: captureTime.bigEndian, toByteOffset: 17, as: UInt64.self)
        for offset in 25..<28 { unsafe slot.storeBytes(of: 0, toByteOffset: offset, as: UInt8.self) }
    }
}
