internal import MediaWire

/// Retransmissions on a stream of their own (RFC 4588 section 4): the original's number stands before its payload.
enum RTX {
    /// Bytes before the payload.
    static let overhead = 2

    /// Makes the original of a retransmission, in the retransmission's own memory: its header moves over the number, which goes into
    /// it. Nil for what repeats nothing, such as padding that probes the path.
    ///
    /// - Parameters:
    ///   - packet: decrypted; its memory may be written.
    ///   - payloadType: of the original stream.
    ///   - ssrc: of the original stream.
    static func unwrap(
        _ packet: UnsafeRawBufferPointer, _ header: RTPHeader, _ payloadType: UInt8, _ ssrc: SSRC
    ) -> UnsafeRawBufferPointer? {
        let length = Int(header.headerLength)
        guard let payload = header.payloadRange(in: unsafe RawSpan(_unsafeBytes: packet)), payload.count > overhead,
            payload.lowerBound == length, let base = unsafe UnsafeMutableRawPointer(mutating: packet.baseAddress)
        else { return nil }
        let number = unsafe base.loadUnaligned(fromByteOffset: length, as: UInt16.self)
        unsafe (base + overhead).copyMemory(from: base, byteCount: length)
        let start = unsafe base + overhead
        let second = unsafe start.load(fromByteOffset: 1, as: UInt8.self)
        unsafe start.storeBytes(of: second & 0x80 | payloadType & 0x7F, toByteOffset: 1, as: UInt8.self)
        unsafe start.storeBytes(of: number, toByteOffset: 2, as: UInt16.self)
        unsafe start.storeBytes(of: ssrc.rawValue.bigEndian, toByteOffset: 8, as: UInt32.self)
        return unsafe UnsafeRawBufferPointer(start: UnsafeRawPointer(start), count: packet.count &- overhead)
    }
}

/// A slot's stream for retransmissions.
struct RTXStream {
    let ssrc: SSRC
    let payloadType: UInt8
    /// Of the next packet.
    var sequence: SequenceNumber

    init?(_ terms: StreamTerms, firstSequence: SequenceNumber) {
        guard let ssrc = terms.relayRTX, let payloadType = terms.rtxPayloadType else { return nil }
        self.ssrc = ssrc
        self.payloadType = payloadType
        sequence = firstSequence
    }
}

extension PlayerSlot {
    /// Sends a packet again on the slot's stream for retransmissions. False if it did not fit.
    mutating func putRTX(
        _ packet: UnsafeRawBufferPointer, _ header: RTPHeader, _ payload: Range<Int>,
        _ numbers: (sequence: SequenceNumber, timestamp: RTPTimestamp), stamp: HopStamp,
        with sender: inout SRTPSender, into send: inout SendBatch
    ) -> Bool {
        guard var rtx, let buffer = unsafe send.nextSlot(), let base = buffer.baseAddress,
            let source = packet.baseAddress,
            let headerLength = unsafe output.writeHeader(
                of: packet, header, numbers: numbers, stamp: stamp, into: buffer)
        else { return false }
        let length = headerLength &+ RTX.overhead &+ payload.count
        guard length &+ sender.profile.rtpOverhead <= buffer.count else { return false }
        let second = unsafe base.load(fromByteOffset: 1, as: UInt8.self)
        unsafe base.storeBytes(of: second & 0x80 | rtx.payloadType & 0x7F, toByteOffset: 1, as: UInt8.self)
        unsafe base.storeBytes(of: rtx.sequence.rawValue.bigEndian, toByteOffset: 2, as: UInt16.self)
        unsafe base.storeBytes(of: rtx.ssrc.rawValue.bigEndian, toByteOffset: 8, as: UInt32.self)
        let body = unsafe base + headerLength
        unsafe body.storeBytes(of: numbers.sequence.rawValue.bigEndian, as: UInt16.self)
        let target = unsafe body + RTX.overhead
        unsafe target.copyMemory(from: source + payload.lowerBound, byteCount: payload.count)
        let repeated = unsafe UnsafeMutableRawBufferPointer(start: target, count: payload.count)
        if unsafe output.mustRewrite(UnsafeRawBufferPointer(repeated)) {
            unsafe output.rewritePayload(repeated, isRepeat: true)
        }
        guard
            case .success(let sealed) = unsafe sender.seal(
                buffer, headerLength: headerLength, payload: UnsafeRawPointer(body),
                count: RTX.overhead &+ payload.count,
                rtx.ssrc, rtx.sequence)
        else { return false }
        rtx.sequence = rtx.sequence.advanced(by: 1)
        self.rtx = rtx
        send.commit(length: sealed, to: path)
        return true
    }
}
