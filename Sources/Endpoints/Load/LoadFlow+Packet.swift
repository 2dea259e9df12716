import MediaCore
import MediaWire

/// The packets of a stream, from the clip to the wire.
extension LoadFlow {
    /// Bytes of the RTP header with a capture time in it.
    private static let headerLength = 28
    /// Where the picture id stands in the packetizer's descriptor: behind X and I; 15 bits.
    private static let pictureIDOffset = 2

    /// Writes the stream's next packet into `slot`, protected, and remembers it. Answers its length, 0 if it cannot be sent.
    @inline(__always)
    mutating func writeNext(
        _ payload: Int32, isLast: Bool, timestamp: RTPTimestamp, from clips: borrowing LoadClipReader,
        into slot: UnsafeMutableRawBufferPointer
    ) -> Int {
        // The marker ends a frame of video, and begins sound (RFC 3551 section 4.1).
        let isMarked = kind == .video ? isLast : outgoing.packetCount == 0
        let packet = SentPacket(
            captureTime: outgoing.captureTime, timestamp: timestamp, payload: payload,
            sequence: outgoing.nextSequence, pictureID: outgoing.pictureID, isMarked: isMarked)
        history.append(packet)
        unsafe outgoing.sentPacket(payloadBytes: clips.payload(payload).count)
        return unsafe write(packet, from: clips, into: slot)
    }

    /// Writes a packet into `slot`, protected: the same bytes each time. Answers its length, 0 if it cannot be sent.
    @inline(__always)
    mutating func write(
        _ packet: SentPacket, from clips: borrowing LoadClipReader, into slot: UnsafeMutableRawBufferPointer
    ) -> Int {
        let payload = unsafe clips.payload(packet.payload)
        guard let base = slot.baseAddress, slot.count >= Self.headerLength + payload.count else { return 0 }
        unsafe writeHeader(packet, base)
        let outcome: SRTPOutcome
        if kind == .video, let source = payload.baseAddress, payload.count > Self.pictureIDOffset + 1 {
            let target = unsafe base + Self.headerLength
            unsafe target.copyMemory(from: source, byteCount: payload.count)
            let id = (packet.pictureID | 0x8000).bigEndian
            unsafe target.storeBytes(of: id, toByteOffset: Self.pictureIDOffset, as: UInt16.self)
            outcome = unsafe publisher.sender.protectRTP(slot, length: Self.headerLength &+ payload.count)
        } else {
            outcome = unsafe publisher.sender.protectRTP(slot, headerLength: Self.headerLength, payload: payload)
        }
        guard case .success(let length) = outcome else { return 0 }
        return length
    }

    /// RFC 3550 section 5.1 with one element of 8 bytes in RFC 8285's one-byte form, padded to three words.
    @inline(__always)
    private func writeHeader(_ packet: SentPacket, _ base: UnsafeMutableRawPointer) {
        let type = UInt64((packet.isMarked ? 0x80 : 0) | publisher.payloadType)
        let first = 0x90 << 56 | type << 48 | UInt64(packet.sequence.rawValue) << 32
        let element = UInt64(publisher.captureTimeID << 4 | 7) << 56
        let time = packet.captureTime.rawValue
        unsafe base.storeBytes(of: (first | UInt64(packet.timestamp.rawValue)).bigEndian, as: UInt64.self)
        unsafe base.storeBytes(
            of: (UInt64(publisher.ssrc.rawValue) << 32 | 0xBEDE_0003).bigEndian, toByteOffset: 8, as: UInt64.self)
        unsafe base.storeBytes(of: (element | time >> 8).bigEndian, toByteOffset: 16, as: UInt64.self)
        let rest = UInt32(truncatingIfNeeded: time) << 24
        unsafe base.storeBytes(of: rest.bigEndian, toByteOffset: 24, as: UInt32.self)
    }
}
