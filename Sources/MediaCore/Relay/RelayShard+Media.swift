internal import MediaWire

/// The path of a media packet behind its decryption: count, gate, rewrite, protect, send.
extension RelayShard {
    /// RTP of a source that was not bound when the batch was looked through.
    mutating func receiveUnbound(
        _ packet: UnsafeMutableRawBufferPointer, _ header: RTPHeader, path: Path, into send: inout SendBatch,
        at now: Instant
    ) {
        let index: Int
        let length: Int
        if let bound = sources.find(SourceKey(path.remote, header.ssrc)) {
            switch unsafe unprotect(packet, with: bound, isRTCP: false) {
            case .success(let plain): length = plain
            case let failure:
                countFailure(failure)
                return
            }
            index = bound.index
        } else {
            guard let found = unsafe authenticateUnbound(packet, ssrc: header.ssrc, path: path, isRTCP: false) else {
                return
            }
            index = found.reference.index
            length = found.length
        }
        let plain = unsafe UnsafeRawBufferPointer(rebasing: packet[..<length])
        unsafe acceptMedia(plain, header, track: index, path: path, into: &send, at: now)
    }

    mutating func countFailure(_ outcome: SRTPOutcome) {
        switch outcome {
        case .replay: counters.droppedReplayed &+= 1
        case .authenticationFailure: counters.droppedUnauthenticated &+= 1
        case .limit: counters.droppedUnexpected &+= 1
        case .malformed, .success: counters.droppedMalformed &+= 1
        }
    }

    /// Counts an authenticated packet and hands it to the track's subscriptions.
    /// - Parameter path: where it came from; nil for a port.
    mutating func acceptMedia(
        _ packet: UnsafeRawBufferPointer, _ header: RTPHeader, track index: Int, path: Path?,
        into send: inout SendBatch, at now: Instant
    ) {
        let span = unsafe RawSpan(_unsafeBytes: packet)
        guard header.payloadType == tracks[index].payloadType, let payload = header.payloadRange(in: span) else {
            counters.droppedUnexpected &+= 1
            return
        }
        if tracks[index].incoming?.ssrc != header.ssrc {
            guard tracks[index].mayCarry(header.ssrc) else {
                counters.droppedUnexpected &+= 1
                return
            }
            begin(header.ssrc, track: index, at: now)
        }
        if tracks[index].shedding.hasGap { endShedding(track: index, before: header.sequenceNumber, at: now) }
        let extended = tracks[index].record(header, bytes: packet.count, path: path, at: now)
        if !tracks[index].hasReportTimer { startTrackReports(index, at: now) }
        scheduleNACK(track: index)
        // A keyframe that was wanted before the publisher's path was known is asked for now.
        if tracks[index].keyframes.isWaiting { scheduleKeyframeRequest(track: index, at: now) }

        let session = tracks[index].session
        guard sessions[session].isGateOpen else {
            sessions[session].packetsDroppedAtGate &+= 1
            counters.droppedAtGate &+= 1
            return
        }
        var startsKeyframe = false
        if tracks[index].kind == .video, let view = span.slice(payload), startsVP8Keyframe(view) {
            startsKeyframe = true
            tracks[index].keyframes.keyframeArrived()
        }
        if tracks[index].ports.count > 0 {
            unsafe forwardToPorts(
                packet, header, payload: payload, extended: extended, startsKeyframe: startsKeyframe, track: index,
                at: now)
        }
        guard tracks[index].subscriptions.count > 0 else { return }
        if tracks[index].cache == nil {
            let isVideo = tracks[index].kind == .video
            tracks[index].cache = PacketCache(
                capacity: isVideo ? configuration.videoCacheBytes : configuration.audioCacheBytes)
        }
        unsafe tracks[index].cache?.store(packet, extended: extended, at: now)
        for position in 0..<tracks[index].subscriptions.count {
            let slot = Int(tracks[index].subscriptions[position])
            guard
                let numbers = slots[slot].output.accept(
                    header, extended: extended, startsKeyframe: startsKeyframe, clockRate: tracks[index].clockRate,
                    at: now)
            else {
                counters.droppedAtSlot &+= 1
                continue
            }
            guard unsafe put(packet, header, payload, numbers, isRepeat: false, into: slot, &send) else { continue }
            slots[slot].output.packetsSent &+= 1
            slots[slot].output.payloadBytesSent &+= UInt64(payload.count)
            if !slots[slot].hasReportTimer { startSlotReports(slot, at: now) }
            if !sessions[session].hasForwarded {
                sessions[session].hasForwarded = true
                emit(.firstForwarded(sessions[session].key))
            }
        }
    }

    /// A track's stream begins, or begins anew with another SSRC.
    private mutating func begin(_ ssrc: SSRC, track index: Int, at now: Instant) {
        let isFirst = tracks[index].incoming == nil
        tracks[index].incoming = IncomingStream(ssrc: ssrc)
        tracks[index].cache = nil
        // A sender report may have overtaken the first packet.
        if let report = tracks[index].senderReport, report.ssrc == ssrc || isFirst && report.ssrc == nil {
            tracks[index].incoming?.reception.recordSenderReport(report.ntp, arrival: report.arrival)
        } else {
            tracks[index].senderReport = nil
        }
        if !isFirst {
            for position in 0..<tracks[index].subscriptions.count {
                let slot = Int(tracks[index].subscriptions[position])
                slots[slot].output.endSegment()
            }
            for position in 0..<tracks[index].ports.count {
                ports[Int(tracks[index].ports[position])].output.endSegment()
            }
            requestKeyframe(track: index, at: now)
        }
        if let leg = tracks[index].leg, !legs[leg].hasReceivedMedia {
            legs[leg].hasReceivedMedia = true
            emit(.firstMedia(identity(ofLeg: leg), legs[leg].sessionKey, legs[leg].side))
        }
    }

    /// Writes a packet with the slot's header into the next send slot, protects it and commits it. False if it did not fit.
    ///
    /// The payload is encrypted straight from where it stands, unless its descriptor has to change.
    @inline(__always)
    private mutating func put(
        _ packet: UnsafeRawBufferPointer, _ header: RTPHeader, _ payload: Range<Int>,
        _ numbers: (sequence: SequenceNumber, timestamp: RTPTimestamp), isRepeat: Bool, into slot: Int,
        _ send: inout SendBatch
    ) -> Bool {
        guard let buffer = unsafe send.nextSlot(), let base = buffer.baseAddress, let start = packet.baseAddress,
            let headerLength = unsafe slots[slot].output.writeHeader(
                of: packet, header, numbers: numbers, into: buffer),
            headerLength &+ payload.count &+ slots[slot].sender.profile.rtpOverhead <= buffer.count
        else {
            counters.droppedAtSend &+= 1
            return false
        }
        var source = unsafe start + payload.lowerBound
        if unsafe slots[slot].output.mustRewrite(UnsafeRawBufferPointer(start: source, count: payload.count)) {
            let place = unsafe base + headerLength
            unsafe place.copyMemory(from: source, byteCount: payload.count)
            unsafe slots[slot].output.rewritePayload(
                UnsafeMutableRawBufferPointer(start: place, count: payload.count), isRepeat: isRepeat)
            unsafe source = UnsafeRawPointer(place)
        }
        guard
            let length = unsafe protect(
                buffer, headerLength, source, payload.count, numbers.sequence, slot: slot, mayWait: !isRepeat)
        else {
            counters.droppedAtSend &+= 1
            return false
        }
        let session = slots[slot].session
        if !sessions[session].isStarted {
            sessions[session].mediaBytesForwardedBeforeStart &+= UInt64(payload.count)
        }
        sessions[session].packetsForwarded &+= 1
        sessions[session].bytesForwarded &+= UInt64(payload.count)
        counters.packetsForwarded &+= 1
        counters.bytesForwarded &+= UInt64(payload.count)
        send.commit(length: length, to: slots[slot].path, run: &slots[slot].run)
        if stage.sealCount == PacketStage.sealWidth { protectStaged(&send) }
        return true
    }

    /// Protects a packet here, or leaves it to the burst at the end of `receive`. Answers its length on the wire.
    /// - Parameter mayWait: the payload's memory stays as it is until then.
    @inline(__always)
    private mutating func protect(
        _ buffer: UnsafeMutableRawBufferPointer, _ headerLength: Int, _ payload: UnsafeRawPointer, _ count: Int,
        _ sequence: SequenceNumber, slot: Int, mayWait: Bool
    ) -> Int? {
        let ssrc = slots[slot].output.ssrc
        guard mayWait, stage.isRunning, slots[slot].sender.gainsFromBursts,
            var job = unsafe SRTPJob(
                slot: buffer, headerLength: headerLength,
                payload: UnsafeRawBufferPointer(start: payload, count: count))
        else {
            return unsafe slots[slot].sender.seal(
                buffer, headerLength: headerLength, payload: payload, count: count, ssrc, sequence)
        }
        unsafe slots[slot].sender.begin(&job, ssrc, sequence)
        if unsafe job.isOpen {
            unsafe (stage.sealJobs + stage.sealCount).initialize(to: job)
            stage.sealCount &+= 1
            return headerLength &+ count &+ slots[slot].sender.profile.rtpOverhead
        }
        guard case .success(let length) = unsafe job.outcome else { return nil }
        return length
    }

    /// Sends packets again that a player has missed: the same bytes under the same number (there is no RTX in this build's
    /// SDES legs), so that no nonce protects two texts.
    mutating func retransmit(_ lost: SequenceNumber, slot: Int, into send: inout SendBatch, at now: Instant) -> Bool {
        guard send.room > 0, let source = slots[slot].output.source, tracks.contains(source.index),
            tracks.generation(of: source.index) == source.generation,
            sessions[slots[slot].session].isGateOpen,
            let extended = tracks[source.index].incoming?.unwrapper.peek(
                slots[slot].output.rewriter.sourceSequence(of: lost)),
            let packet = unsafe tracks[source.index].cache?.take(extended: extended, at: now)
        else { return false }
        let span = unsafe RawSpan(_unsafeBytes: packet)
        guard let header = RTPHeader(span), let payload = header.payloadRange(in: span),
            let numbers = slots[slot].output.rewriter.existing(header, extended: extended),
            unsafe put(packet, header, payload, numbers, isRepeat: true, into: slot, &send)
        else { return false }
        slots[slot].packetsRetransmitted &+= 1
        counters.packetsRetransmitted &+= 1
        return true
    }
}

extension RelayShard {
    /// The first packet that is taken after some were shed. They are not asked for again, and the picture has to begin anew.
    private mutating func endShedding(track index: Int, before sequence: SequenceNumber, at now: Instant) {
        tracks[index].shedding.end()
        tracks[index].incoming?.nacks.skip(to: sequence)
        requestKeyframe(track: index, at: now)
    }
}

/// The first packet of a VP8 keyframe. Most packets fail at the first byte: S set, partition 0 (RFC 7741 section 4.2).
private func startsVP8Keyframe(_ payload: RawSpan) -> Bool {
    guard let first = payload.uint8(at: 0), first & 0x17 == 0x10 else { return false }
    return VP8PayloadDescriptor(payload)?.startsKeyframe(in: payload) ?? false
}

extension PublishedTrack {
    /// Counts a packet that has passed authentication; answers its number without wrap.
    mutating func record(_ header: RTPHeader, bytes: Int, path: Path?, at now: Instant) -> Int64 {
        let newest = incoming?.unwrapper.newest ?? .min
        let extended = incoming?.unwrapper.unwrap(header.sequenceNumber) ?? 0
        incoming?.reception.record(
            sequence: header.sequenceNumber, timestamp: header.timestamp, arrival: now, clockRate: clockRate,
            bytes: bytes)
        if kind == .video { shedding.note(header.timestamp) }
        if supportsNACK { incoming?.nacks.received(header.sequenceNumber, at: now) }
        // Only the newest packet moves the path, so that stragglers from an old address do not move it back.
        if extended > newest, let path, self.path != path { self.path = path }
        return extended
    }
}
