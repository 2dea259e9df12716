internal import MediaWire

/// How a slot sends: header into the next send slot, payload encrypted behind it.
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
        _ packet: UnsafeRawBufferPointer, _ header: RTPHeader, _ payload: Range<Int>, extended: Int64,
        startsKeyframe: Bool, clockRate: UInt32, through stage: inout PacketStage, into send: inout SendBatch,
        at now: Instant
    ) -> Forwarding {
        guard
            let numbers = output.accept(
                header, extended: extended, startsKeyframe: startsKeyframe, clockRate: clockRate, at: now)
        else { return .notWanted }
        guard unsafe put(packet, header, payload, numbers, isRepeat: false, through: &stage, into: &send) else {
            return .noRoom
        }
        output.packetsSent &+= 1
        output.payloadBytesSent &+= UInt64(payload.count)
        return .sent
    }

    /// Writes a packet with the slot's header into the next send slot, protects it and commits it. False if it did not fit.
    ///
    /// The payload is encrypted straight from where it stands, unless its descriptor has to change.
    @inline(__always)
    mutating func put(
        _ packet: UnsafeRawBufferPointer, _ header: RTPHeader, _ payload: Range<Int>,
        _ numbers: (sequence: SequenceNumber, timestamp: RTPTimestamp), isRepeat: Bool,
        through stage: inout PacketStage, into send: inout SendBatch
    ) -> Bool {
        guard let buffer = unsafe send.nextSlot(), let base = buffer.baseAddress, let start = packet.baseAddress,
            let headerLength = unsafe output.writeHeader(of: packet, header, numbers: numbers, into: buffer),
            headerLength &+ payload.count &+ sender.profile.rtpOverhead <= buffer.count
        else { return false }
        var source = unsafe start + payload.lowerBound
        if unsafe output.mustRewrite(UnsafeRawBufferPointer(start: source, count: payload.count)) {
            let place = unsafe base + headerLength
            unsafe place.copyMemory(from: source, byteCount: payload.count)
            unsafe output.rewritePayload(
                UnsafeMutableRawBufferPointer(start: place, count: payload.count), isRepeat: isRepeat)
            unsafe source = UnsafeRawPointer(place)
        }
        // What is sent again stands in a cache whose memory may be used anew before a burst runs.
        let mayWait = !isRepeat && sender.gainsFromBursts && stage.mayPutOff
        let sealed =
            mayWait
            ? unsafe begin(buffer, headerLength, source, payload.count, numbers.sequence, &stage)
            : unsafe sender.seal(
                buffer, headerLength: headerLength, payload: source, count: payload.count, output.ssrc,
                numbers.sequence)
        guard let length = sealed else { return false }
        send.commit(length: length, to: path, run: &run)
        return true
    }

    /// Leaves a packet to the burst that follows. Answers the length that it will have.
    private mutating func begin(
        _ buffer: UnsafeMutableRawBufferPointer, _ headerLength: Int, _ payload: UnsafeRawPointer, _ count: Int,
        _ sequence: SequenceNumber, _ stage: inout PacketStage
    ) -> Int? {
        guard
            var job = unsafe SRTPJob(
                slot: buffer, headerLength: headerLength, payload: UnsafeRawBufferPointer(start: payload, count: count))
        else { return nil }
        unsafe sender.begin(&job, output.ssrc, sequence)
        if unsafe job.isOpen {
            unsafe stage.putOff(job)
            return headerLength &+ count &+ sender.profile.rtpOverhead
        }
        guard case .success(let length) = unsafe job.outcome else { return nil }
        return length
    }
}
