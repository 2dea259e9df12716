internal import MediaWire

/// RTCP that comes in: reports and BYE from publishers, reports and requests from players.
extension RelayShard {
    mutating func receiveRTCP(
        _ packet: UnsafeMutableRawBufferPointer, path: Path, into send: inout SendBatch, at now: Instant
    ) {
        let sealed = unsafe RawSpan(_unsafeBytes: UnsafeRawBufferPointer(packet))
        guard let sender = sealed.uint32(at: 4).map(SSRC.init(rawValue:)) else {
            counters.droppedMalformed &+= 1
            return
        }
        if !peersByPath.isEmpty, let peer = peersByPath[path] {
            return unsafe receiveRTCP(packet, ofPeer: peer, into: &send, at: now)
        }
        let reference: StreamReference
        let length: Int
        // One participant may report on several m-lines under one SSRC, each with its own key, so the stream that the source
        // is bound to is only the first to try.
        let bound = sources.find(SourceKey(path.remote, sender))
        guard let found = unsafe authenticateUnbound(packet, ssrc: sender, path: path, isRTCP: true, first: bound)
        else {
            return
        }
        (reference, length) = found
        let plain = unsafe RawSpan(_unsafeBytes: UnsafeRawBufferPointer(rebasing: packet[..<length]))
        guard var reader = RTCPReader(plain) else {
            counters.droppedMalformed &+= 1
            return
        }
        counters.rtcpReceived &+= 1
        if reference.isSlot {
            noteLife(ofLeg: slots[reference.index].leg, at: now)
            slots[reference.index].moveRTCP(to: path)
            var budget = configuration.maximumRetransmissionsPerDatagram
            while let view = reader.next() {
                accept(view, in: plain, fromPlayerOf: reference.index, budget: &budget, into: &send, at: now)
            }
        } else {
            if let leg = tracks[reference.index].leg { noteLife(ofLeg: leg, at: now) }
            // With ICE only a check moves the path.
            if !tracks[reference.index].usesICE { tracks[reference.index].rtcpPath = path }
            scheduleKeyframeRequest(track: reference.index, at: now)
            while let view = reader.next() { accept(view, in: plain, fromPublisherOf: reference.index, at: now) }
        }
    }

    mutating func accept(
        _ view: RTCPHeaderView, in packet: RawSpan, fromPublisherOf track: Int, at now: Instant
    ) {
        switch view.type {
        case .senderReport:
            guard let ssrc = view.senderSSRC(in: packet), let info = view.senderInfo(in: packet),
                tracks[track].ssrc.map({ $0 == ssrc }) ?? tracks[track].mayCarry(ssrc)
            else { return }
            let isFirst = tracks[track].senderReport == nil
            tracks[track].senderReport = PublisherClock(
                ssrc: ssrc, ntp: info.ntpTimestamp, rtp: info.rtpTimestamp, arrival: now)
            tracks[track].incoming?.reception.recordSenderReport(info.ntpTimestamp, arrival: now)
            // Players cannot bring audio and video together before their first report, so it does not wait for its turn.
            if isFirst { hastenSlotReports(ofTrack: track, at: now) }
        case .goodbye:
            for index in 0..<view.goodbyeSourceCount
            where view.goodbyeSource(index, in: packet) == tracks[track].ssrc {
                guard let leg = tracks[track].leg else { return }
                noteGoodbye(ofLeg: leg)
            }
        default: break
        }
    }

    mutating func accept(
        _ view: RTCPHeaderView, in packet: RawSpan, fromPlayerOf slot: Int, budget: inout Int,
        into send: inout SendBatch, at now: Instant
    ) {
        switch view.type {
        case .senderReport, .receiverReport:
            for index in 0..<view.reportBlockCount {
                guard let block = view.reportBlock(index, in: packet), block.ssrc == slots[slot].output.ssrc else {
                    continue
                }
                slots[slot].reportedLost = block.cumulativeLost
                slots[slot].reportedFractionLost = block.fractionLost
                if let roundTrip = slots[slot].reports.roundTrip(
                    lastReport: block.lastSenderReport, delay: block.delaySinceLastSenderReport, at: now)
                {
                    slots[slot].roundTrip = roundTrip
                }
            }
        case .payloadFeedback:
            let wantsPicture = view.isPictureLossIndication && view.mediaSSRC(in: packet) == slots[slot].output.ssrc
            if wantsPicture || hasFullIntraRequest(view, in: packet, for: slots[slot].output.ssrc) {
                requestKeyframe(forSlot: slot, at: now)
            }
        case .transportFeedback:
            guard view.isGenericNACK, view.mediaSSRC(in: packet) == slots[slot].output.ssrc else { return }
            resend(view, in: packet, slot: slot, budget: &budget, into: &send, at: now)
        default: break
        }
    }

    private func hasFullIntraRequest(_ view: RTCPHeaderView, in packet: RawSpan, for ssrc: SSRC) -> Bool {
        for index in 0..<view.fullIntraEntryCount where view.fullIntraEntry(index, in: packet)?.ssrc == ssrc {
            return true
        }
        return false
    }

    private mutating func resend(
        _ view: RTCPHeaderView, in packet: RawSpan, slot: Int, budget: inout Int, into send: inout SendBatch,
        at now: Instant
    ) {
        for index in 0..<view.nackEntryCount {
            guard let entry = view.nackEntry(index, in: packet) else { return }
            for lost in entry {
                guard budget > 0 else { return }
                if retransmit(lost, slot: slot, into: &send, at: now) { budget &-= 1 }
            }
        }
    }

    private mutating func requestKeyframe(forSlot slot: Int, at now: Instant) {
        guard let source = slots[slot].output.source, tracks.generation(of: source.index) == source.generation,
            sessions[slots[slot].session].isGateOpen
        else { return }
        requestKeyframe(track: source.index, at: now)
    }
}

extension PlayerSlot {
    /// A player's authenticated RTCP has come along `path`: reports go back that way, and with mux media does too, since the
    /// path is proven and the player has moved there.
    mutating func moveRTCP(to path: Path) {
        rtcpPath = path
        if rtcpMux { self.path = path }
    }
}
