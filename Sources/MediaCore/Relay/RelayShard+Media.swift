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
        } else if !peersByPath.isEmpty, let peer = peersByPath[path] {
            guard let found = unsafe authenticate(packet, header, ofPeer: peer, path: path) else { return }
            index = found.reference.index
            length = found.length
        } else {
            guard let found = unsafe authenticateUnbound(packet, ssrc: header.ssrc, path: path, isRTCP: false) else {
                return
            }
            index = found.reference.index
            length = found.length
        }
        let plain = unsafe UnsafeRawBufferPointer(rebasing: packet[..<length])
        unsafe acceptMedia(plain, header, spare: packet.count, track: index, path: path, into: &send, at: now)
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
    /// - Parameters:
    ///   - spare: bytes from the packet's start on that may be used up for sending; 0 if it has to stay as it is.
    ///   - path: where it came from; nil for a port.
    @inline(__always)
    mutating func acceptMedia(
        _ packet: UnsafeRawBufferPointer, _ header: RTPHeader, spare: Int, track index: Int, path: Path?,
        into send: inout SendBatch, at now: Instant
    ) {
        if tracks[index].transportNumberExtension != 0, path != nil {
            noteTransport(unsafe RawSpan(_unsafeBytes: packet), header, track: index, at: now)
        }
        guard header.payloadType == tracks[index].payloadType,
            let payload = header.payloadRange(in: unsafe RawSpan(_unsafeBytes: packet))
        else {
            unsafe acceptOther(packet, header, track: index, into: &send, at: now)
            return
        }
        if tracks[index].ssrc != header.ssrc {
            guard tracks[index].mayCarry(header.ssrc) else {
                counters.droppedUnexpected &+= 1
                return
            }
            begin(header.ssrc, track: index, at: now)
        }
        // The second would go out under the nonce of the first.
        if tracks[index].mayRepeat, tracks[index].incoming?.has(header.sequenceNumber) == true {
            counters.droppedReplayed &+= 1
            return
        }
        if tracks[index].shedding.hasGap { endShedding(track: index, before: header.sequenceNumber, at: now) }
        let extended = tracks[index].record(header, bytes: packet.count, path: path, at: now)
        if tracks[index].wantsService { service(track: index, at: now) }

        let session = tracks[index].session
        guard sessions[session].isGateOpen else {
            sessions[session].packetsDroppedAtGate &+= 1
            counters.droppedAtGate &+= 1
            return
        }
        let startsKeyframe = unsafe tracks[index].noteKeyframe(packet, payload)
        if tracks[index].ports.count > 0 {
            unsafe forwardToPorts(
                packet, header, payload: payload, extended: extended, startsKeyframe: startsKeyframe, track: index,
                at: now)
        }
        let subscriptions = tracks[index].subscriptions.count
        guard subscriptions > 0 else { return }
        unsafe tracks[index].keep(packet, extended: extended, in: &arena, configuration, at: now)
        let clockRate = tracks[index].clockRate
        for position in 0..<subscriptions {
            let slot = Int(tracks[index].subscriptions[position])
            let link = Int(slots[slot].link)
            guard link >= 0 else {
                counters.droppedAtSlot &+= 1
                continue
            }
            let isStamped = slots[slot].output.hop.isUsed
            switch unsafe slots[slot].forward(
                packet, header, payload, spare: subscriptions == 1 ? spare : 0, extended: extended,
                startsKeyframe: startsKeyframe, clockRate: clockRate,
                stamp: isStamped ? stamp(forSlot: slot, at: now) : HopStamp(), with: &links[link].sender,
                through: &stage,
                into: &send, at: now)
            {
            case .sent:
                countForwarded(payload.count, session: session)
                if isStamped { noteDeparture(ofSlot: slot, bytes: payload.count, at: now) }
                if stage.isSealFull { protectStaged(&send) }
                if !slots[slot].hasReportTimer { startSlotReports(slot, at: now) }
                if !sessions[session].hasForwarded, tracks[index].side == .customer {
                    sessions[session].hasForwarded = true
                    emit(.firstForwarded(sessions[session].key))
                }
            case .notWanted: counters.droppedAtSlot &+= 1
            case .noRoom: counters.droppedAtSend &+= 1
            }
        }
    }

    /// What is not of the track's payload type: retransmissions, or nothing that was agreed on.
    @inline(never)
    private mutating func acceptOther(
        _ packet: UnsafeRawBufferPointer, _ header: RTPHeader, track index: Int, into send: inout SendBatch,
        at now: Instant
    ) {
        guard tracks[index].mayRepeat, header.payloadType == tracks[index].rtxPayloadType else {
            counters.droppedUnexpected &+= 1
            return
        }
        // Padding on that stream, which probes the path, repeats nothing.
        guard let media = tracks[index].ssrc,
            let repeated = unsafe RTX.unwrap(packet, header, tracks[index].payloadType, media),
            let original = RTPHeader(unsafe RawSpan(_unsafeBytes: repeated))
        else { return }
        // What was not missed was not asked for.
        guard tracks[index].incoming?.nacks.isMissing(original.sequenceNumber) == true else {
            counters.droppedReplayed &+= 1
            return
        }
        unsafe acceptMedia(repeated, original, spare: 0, track: index, path: nil, into: &send, at: now)
    }

    @inline(__always)
    private mutating func countForwarded(_ bytes: Int, session: Int) {
        sessions[session].countForwarded(bytes)
        counters.packetsForwarded &+= 1
        counters.bytesForwarded &+= UInt64(bytes)
    }

    /// What a packet may set off, which few do.
    @inline(never)
    private mutating func service(track index: Int, at now: Instant) {
        if !tracks[index].hasReportTimer { startTrackReports(index, at: now) }
        scheduleNACK(track: index)
        // A keyframe that was wanted before the publisher's path was known is asked for now.
        if tracks[index].keyframes.isWaiting { scheduleKeyframeRequest(track: index, at: now) }
    }

    /// A track's stream begins, or begins anew with another SSRC.
    @inline(never)
    private mutating func begin(_ ssrc: SSRC, track index: Int, at now: Instant) {
        let isFirst = tracks[index].incoming == nil
        tracks[index].begin(ssrc)
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

    /// Sends a packet again that a player has missed: on a stream of its own where that was agreed on, else the same bytes under the
    /// same number, so that no nonce protects two texts.
    mutating func retransmit(_ lost: SequenceNumber, slot: Int, into send: inout SendBatch, at now: Instant) -> Bool {
        guard send.room > 0, let source = slots[slot].output.source, tracks.contains(source.index),
            tracks.generation(of: source.index) == source.generation,
            sessions[slots[slot].session].isGateOpen,
            let extended = tracks[source.index].incoming?.unwrapper.peek(
                slots[slot].output.rewriter.sourceSequence(of: lost)),
            let packet = unsafe tracks[source.index].cache?.take(extended: extended, from: arena, at: now)
        else { return false }
        let span = unsafe RawSpan(_unsafeBytes: packet)
        guard let header = RTPHeader(span), let payload = header.payloadRange(in: span),
            let numbers = slots[slot].output.rewriter.existing(header, extended: extended)
        else { return false }
        let link = Int(slots[slot].link)
        guard link >= 0 else { return false }
        let isStamped = slots[slot].output.hop.isUsed
        let stamp = isStamped ? stamp(forSlot: slot, at: now) : HopStamp()
        let isSent =
            slots[slot].rtx != nil
            ? unsafe slots[slot].putRTX(
                packet, header, payload, numbers, stamp: stamp, with: &links[link].sender, into: &send)
            : unsafe slots[slot].put(
                packet, header, payload, numbers, stamp: stamp, isRepeat: true, spare: 0, with: &links[link].sender,
                through: &stage, into: &send)
        guard isSent else {
            counters.droppedAtSend &+= 1
            return false
        }
        countForwarded(payload.count, session: slots[slot].session)
        if isStamped { noteDeparture(ofSlot: slot, bytes: payload.count, at: now) }
        slots[slot].packetsRetransmitted &+= 1
        counters.packetsRetransmitted &+= 1
        return true
    }
}

extension RelayShard {
    /// The first packet that is taken after some were shed. They are not asked for again, and the picture has to begin anew.
    @inline(never)
    private mutating func endShedding(track index: Int, before sequence: SequenceNumber, at now: Instant) {
        // Packets from before the gap may still be on their way.
        if let unwrapper = tracks[index].incoming?.unwrapper, let newest = unwrapper.newest,
            unwrapper.peek(sequence) <= newest &+ 1
        {
            return
        }
        tracks[index].shedding.end()
        tracks[index].incoming?.nacks.skip(to: sequence)
        requestKeyframe(track: index, at: now)
    }
}
