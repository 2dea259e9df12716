internal import MediaWire

/// Packets of legs whose m-lines share one transport: the key is known by the path, the m-line by SSRC or MID (RFC 9143
/// section 9.2).
extension RelayShard {
    /// Unprotects an RTP packet that came along a proven path and binds its source to the m-line that it belongs to. Nil, with
    /// nothing changed but counters, if it does not pass. On success the plain packet stands in `packet`, `length` bytes long.
    mutating func authenticate(
        _ packet: UnsafeMutableRawBufferPointer, _ header: RTPHeader, ofPeer peer: Int, path: Path
    ) -> (reference: StreamReference, length: Int)? {
        let link = Int(peers[peer].link), leg = peers[peer].leg
        guard link >= 0, legs[leg].direction == .publish else {
            counters.droppedUnexpected &+= 1
            return nil
        }
        switch unsafe links[link].receiver.unprotectRTP(packet) {
        case .success(let length):
            let plain = unsafe RawSpan(_unsafeBytes: UnsafeRawBufferPointer(rebasing: packet[..<length]))
            guard let track = track(of: leg, carrying: header, plain) else {
                counters.droppedUnexpected &+= 1
                return nil
            }
            bind(SourceKey(path.remote, header.ssrc), to: .track(track))
            return (.track(track), length)
        case let failure:
            countFailure(failure)
            return nil
        }
    }

    /// The m-line by the SSRC that the offer named, else by the packet's MID, else by the payload type if only one has it.
    private func track(of leg: Int, carrying header: RTPHeader, _ packet: RawSpan) -> Int? {
        let streams = legs[leg].streams
        if let declared = streams.first(where: {
            tracks[$0].bindings.declared.contains(header.ssrc) || tracks[$0].declaredRTX.contains(header.ssrc)
        }) {
            return declared
        }
        for track in streams {
            guard let mid = tracks[track].mid, let id = tracks[track].midExtension,
                let range = header.extensionElement(id, in: packet), range.count == mid.count
            else { continue }
            var isSame = true
            for (place, offset) in range.enumerated() where packet.uint8(at: offset) != mid[place] { isSame = false }
            if isSame { return tracks[track].takes(header.payloadType) ? track : nil }
        }
        let matching = streams.filter {
            tracks[$0].takes(header.payloadType) && tracks[$0].bindings.declared.isEmpty
        }
        return matching.count == 1 ? matching.first : nil
    }

    /// RTCP of a peer's bundle: each packet in it names the streams that it is about.
    mutating func receiveRTCP(
        _ packet: UnsafeMutableRawBufferPointer, ofPeer peer: Int, into send: inout SendBatch, at now: Instant
    ) {
        let link = Int(peers[peer].link), leg = peers[peer].leg
        guard link >= 0 else {
            counters.droppedUnexpected &+= 1
            return
        }
        let length: Int
        switch unsafe links[link].receiver.unprotectRTCP(packet) {
        case .success(let plain): length = plain
        case let failure: return countFailure(failure)
        }
        let plain = unsafe RawSpan(_unsafeBytes: UnsafeRawBufferPointer(rebasing: packet[..<length]))
        guard var reader = RTCPReader(plain) else {
            counters.droppedMalformed &+= 1
            return
        }
        counters.rtcpReceived &+= 1
        var budget = configuration.maximumRetransmissionsPerDatagram
        while let view = reader.next() {
            for stream in legs[leg].streams {
                switch legs[leg].direction {
                case .publish: accept(view, in: plain, fromPublisherOf: stream, at: now)
                case .play:
                    accept(view, in: plain, fromPlayerOf: stream, budget: &budget, into: &send, at: now)
                }
            }
        }
    }

    // MARK: Transport-wide feedback

    /// Notes a publisher's packet by its transport-wide number, retransmissions and padding too.
    @inline(never)
    mutating func noteTransport(_ packet: RawSpan, _ header: RTPHeader, track: Int, at now: Instant) {
        guard let leg = tracks[track].leg, let peer = legs[leg].peer,
            let range = header.extensionElement(tracks[track].transportNumberExtension, in: packet), range.count == 2,
            let number = packet.uint16(at: range.lowerBound)
        else { return }
        if peers[peer].arrivals == nil { peers[peer].arrivals = TransportArrivals() }
        peers[peer].arrivals?.record(number, at: now)
        guard !peers[peer].hasFeedbackTimer else { return }
        peers[peer].hasFeedbackTimer = true
        let due = now.advanced(byNanoseconds: TransportArrivals.interval)
        timers.schedule(.transportFeedback, peer, peers.generation(of: peer), at: due)
    }

    mutating func transportFeedbackDue(_ timer: TimerQueue.Entry, into send: inout SendBatch, at now: Instant) {
        let peer = timer.index
        guard peers.contains(peer), peers.generation(of: peer) == timer.generation else { return }
        peers[peer].hasFeedbackTimer = false
        guard let track = legs[peers[peer].leg].streams.first else { return }
        let link = Int(tracks[track].link)
        guard link >= 0, let path = tracks[track].feedbackPath, let media = tracks[track].mediaSSRC,
            let buffer = unsafe send.nextSlot()
        else { return }
        var writer = unsafe PacketWriter(buffer)
        tracks[track].writeReport(withBlock: false, at: now, to: &writer)
        let own = tracks[track].feedbackSSRC
        let isWritten = peers[peer].arrivals?.writeReport(sender: own, media: media, to: &writer)
        guard isWritten == true, !writer.overflowed,
            case .success(let length) = unsafe links[link].sender.protectRTCP(buffer, length: writer.count)
        else { return }
        send.commit(length: length, to: path)
        // What did not fit into one report goes into the next, at once.
        guard peers[peer].arrivals?.hasNews == true else { return }
        peers[peer].hasFeedbackTimer = true
        timers.schedule(.transportFeedback, peer, timer.generation, at: now)
    }
}
