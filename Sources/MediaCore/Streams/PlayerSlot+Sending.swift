internal import MediaWire

/// How a slot sends: its header before the payload, which is encrypted where it stands or on its way into a send slot.
extension PlayerSlot {
    enum Forwarding {
        case sent
        /// The slot waits for a keyframe, or the packet is older than the last change of source.
        case notWanted
        /// The send batch is full, or the packet has grown too long.
        case noRoom
    }

    /// Sends a packet of the slot's source under the slot's own numbers.
    @inline(__always)
    mutating func forward(
        _ packet: UnsafeRawBufferPointer, _ header: RTPHeader, _ payload: Range<Int>, spare: Int, extended: Int64,
        startsKeyframe: Bool, clockRate: UInt32, stamp: HopStamp, with sender: inout SRTPSender,
        through stage: inout PacketStage,
        into send: inout SendBatch, at now: Instant
    ) -> Forwarding {
        guard
            let numbers = output.accept(
                header, extended: extended, startsKeyframe: startsKeyframe, clockRate: clockRate, at: now)
        else { return .notWanted }
        guard
            unsafe put(
                packet, header, payload, numbers, stamp: stamp, isRepeat: false, spare: spare, with: &sender,
                through: &stage,
                into: &send)
        else { return .noRoom }
        output.packetsSent &+= 1
        output.payloadBytesSent &+= UInt64(payload.count)
        return .sent
    }

    /// Puts the slot's header before a packet's payload, protects both and commits them. False if they did not fit.
    ///
    /// Works in the packet's own memory where that may be used up, else into the next send slot, encrypting the payload straight
    /// from where it stands.
    /// - Parameter spare: bytes from the packet's start on that nobody needs any more; 0 if it has to stay as it is.
    @inline(__always)
    mutating func put(
        _ packet: UnsafeRawBufferPointer, _ header: RTPHeader, _ payload: Range<Int>,
        _ numbers: (sequence: SequenceNumber, timestamp: RTPTimestamp), stamp: HopStamp, isRepeat: Bool, spare: Int,
        with sender: inout SRTPSender, through stage: inout PacketStage, into send: inout SendBatch
    ) -> Bool {
        let overhead = sender.profile.rtpOverhead
        guard var buffer = unsafe send.nextSlot(), var base = buffer.baseAddress, let start = packet.baseAddress,
            let headerLength = unsafe output.writeHeader(
                of: packet, header, numbers: numbers, stamp: stamp, into: buffer),
            headerLength &+ payload.count &+ overhead <= buffer.count
        else { return false }
        let source = unsafe start + payload.lowerBound
        if headerLength <= payload.lowerBound, payload.upperBound &+ overhead <= spare {
            let place = unsafe UnsafeMutableRawPointer(mutating: source) - headerLength
            unsafe Self.copyHeader(base, to: place, byteCount: headerLength)
            unsafe base = place
            unsafe buffer = UnsafeMutableRawBufferPointer(
                start: place, count: headerLength &+ payload.count &+ overhead)
        }
        let target = unsafe base + headerLength
        var plain = unsafe source
        if unsafe output.mustRewrite(UnsafeRawBufferPointer(start: source, count: payload.count)) {
            if unsafe UnsafeRawPointer(target) != source {
                unsafe target.copyMemory(from: source, byteCount: payload.count)
            }
            unsafe output.rewritePayload(
                UnsafeMutableRawBufferPointer(start: target, count: payload.count), isRepeat: isRepeat)
            unsafe plain = UnsafeRawPointer(target)
        }
        // What is sent again stands in a cache whose memory may be used anew before a burst runs.
        let mayWait = !isRepeat && sender.gainsFromBursts && stage.mayPutOff
        let sealed =
            mayWait
            ? unsafe begin(buffer, headerLength, plain, payload.count, numbers.sequence, &sender, &stage)
            : unsafe sender.seal(
                buffer, headerLength: headerLength, payload: plain, count: payload.count, output.ssrc,
                numbers.sequence)
        guard case .success(let length) = sealed else { return false }
        unsafe send.commit(base, length: length, to: path, run: &run)
        return true
    }

    /// Copies a header. Those of the usual lengths are too short to call a function for.
    @inline(__always)
    private static func copyHeader(_ source: UnsafeRawPointer, to target: UnsafeMutableRawPointer, byteCount: Int) {
        typealias Piece = SIMD2<UInt64>
        let size = MemoryLayout<Piece>.size
        if byteCount == RTPHeader.fixedLength {
            let end = unsafe source.loadUnaligned(fromByteOffset: 8, as: UInt32.self)
            unsafe target.storeBytes(of: source.loadUnaligned(as: UInt64.self), as: UInt64.self)
            return unsafe target.storeBytes(of: end, toByteOffset: 8, as: UInt32.self)
        }
        guard byteCount >= size, byteCount <= 2 &* size else {
            return unsafe target.copyMemory(from: source, byteCount: byteCount)
        }
        // The two pieces may overlap.
        let first = unsafe source.loadUnaligned(as: Piece.self)
        let last = unsafe source.loadUnaligned(fromByteOffset: byteCount &- size, as: Piece.self)
        unsafe target.storeBytes(of: first, as: Piece.self)
        unsafe target.storeBytes(of: last, toByteOffset: byteCount &- size, as: Piece.self)
    }

    /// Leaves a packet to the burst that follows, if it is to be done there. Answers the length that it will have.
    private mutating func begin(
        _ buffer: UnsafeMutableRawBufferPointer, _ headerLength: Int, _ payload: UnsafeRawPointer, _ count: Int,
        _ sequence: SequenceNumber, _ sender: inout SRTPSender, _ stage: inout PacketStage
    ) -> SRTPOutcome {
        guard
            var job = unsafe SRTPJob(
                slot: buffer, headerLength: headerLength, payload: UnsafeRawBufferPointer(start: payload, count: count))
        else { return .limit }
        unsafe sender.begin(&job, output.ssrc, sequence)
        guard unsafe job.isOpen else { return unsafe job.outcome }
        unsafe stage.putOff(job)
        return .success(length: headerLength &+ count &+ sender.profile.rtpOverhead)
    }
}
