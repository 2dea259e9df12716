internal import MediaWire

/// What sender and receiver of a transport tell each other of the path between them, both ways.
extension RelayShard {
    // MARK: From publishers

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

    // MARK: To players

    /// What the next packet of a slot carries in the extensions of its hop. It counts only once the packet is committed.
    @inline(never)
    mutating func stamp(forSlot slot: Int, at now: Instant) -> HopStamp {
        guard slots[slot].output.hop.number != 0, let peer = slots[slot].peer else {
            return HopStamp(number: 0, at: now)
        }
        if peers[peer].departures == nil {
            peers[peer].departures = DepartureHistory(first: UInt16(truncatingIfNeeded: random.next() >> 48))
        }
        return HopStamp(number: peers[peer].departures?.number ?? 0, at: now)
    }

    /// A packet that was stamped is on its way.
    @inline(never)
    mutating func noteDeparture(ofSlot slot: Int, bytes: Int, at now: Instant) {
        guard slots[slot].output.hop.number != 0, let peer = slots[slot].peer else { return }
        peers[peer].departures?.note(bytes: bytes, at: now)
    }

    /// RTCP of a peer that is about its transport. False if the packet is something else.
    mutating func note(_ view: RTCPHeaderView, in packet: RawSpan, ofPeer peer: Int, at now: Instant) -> Bool {
        if view.isTransportWideFeedback {
            guard var feedback = TransportWideFeedbackReader(view, in: packet),
                var history = peers[peer].departures.take()
            else { return true }
            peers[peer].estimate.note(&feedback, of: &history, at: now)
            peers[peer].departures = history
            return true
        }
        guard let bitrate = view.estimatedMaximumBitrate(in: packet) else { return false }
        peers[peer].estimatedBitrate = bitrate
        return true
    }
}
