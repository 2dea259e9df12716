internal import MediaWire

/// Work at signalling time: legs come and go, the gate opens and closes, and the tables of the packet path are built.
extension RelayShard {
    /// Puts a leg on the shard. A leg of the same session, side and direction is replaced.
    ///
    /// - Throws: `RelayError` when a limit is reached or a key is refused; then nothing has changed.
    public mutating func addLeg(_ description: LegDescription<NegotiatedMedia>, at now: Instant) throws(RelayError)
        -> LegID
    {
        guard description.media.tracks.count <= configuration.maximumTracksPerLeg else { throw .tooManyTracks }
        let isNew = sessionIndices[description.session] == nil
        let session = try openSession(description.session)
        let direction = description.media.direction
        let leg = legs.insert(
            Leg(
                session: session, sessionKey: description.session, side: description.side, direction: direction,
                cname: Array(description.media.cname.utf8)))
        do throws(SRTPError) {
            for track in description.media.tracks {
                let link = links.insert(
                    try SecureLink(
                        receiving: track.incomingKey, sending: track.outgoingKey, backend: configuration.srtpBackend))
                legs[leg].links.append(link)
                legs[leg].streams.append(insert(StreamTerms(track), leg: leg, link: link))
            }
        } catch {
            dismantle(leg)
            if isNew { closeSession(session) }
            throw .keyRefused
        }
        settle(leg, at: now)
        return identity(ofLeg: leg)
    }

    /// A new leg takes its place in its session, and that of the one before it.
    mutating func settle(_ leg: Int, at now: Instant) {
        let (session, side, direction) = (legs[leg].session, legs[leg].side, legs[leg].direction)
        if let old = sessions[session][side, direction] {
            sayGoodbye(leg: old)
            dismantle(old)
        }
        sessions[session][side, direction] = leg
        connect(session: session, at: now)
    }

    mutating func openSession(_ key: RelaySessionKey) throws(RelayError) -> Int {
        if let index = sessionIndices[key] { return index }
        guard sessions.count < configuration.maximumSessions else { throw .tooManySessions }
        let index = sessions.insert(RelaySession(key: key))
        sessionIndices[key] = index
        return index
    }

    /// Makes the track or slot of one m-line; answers its slab index.
    mutating func insert(_ terms: StreamTerms, leg: Int, link: Int) -> Int {
        let (session, side) = (legs[leg].session, legs[leg].side)
        switch legs[leg].direction {
        case .publish:
            let index = tracks.insert(
                PublishedTrack(
                    terms, leg: leg, session: session, side: side, cname: legs[leg].cname, link: link,
                    maximumSubscriptions: configuration.maximumSubscriptions, maximumPorts: configuration.maximumPorts))
            // With ICE too: a phone that changes its network sends media from there before it checks the path. The key proves
            // whose it is; nothing is sent there before the check.
            announce(tracks[index].bindings, .track(index))
            return index
        case .play:
            var ordinal = 0
            for other in legs[leg].streams where slots[other].output.kind == terms.kind { ordinal += 1 }
            // Random as those of media (RFC 4588 section 4), in the lower half too.
            let repeats = terms.relayRTX == nil ? 0 : UInt16(truncatingIfNeeded: random.next() >> 49)
            let index = slots.insert(
                PlayerSlot(
                    terms, leg: leg, session: session, side: side, ordinal: ordinal, rewriter: randomRewriter(),
                    rtxSequence: SequenceNumber(repeats), link: link, peer: terms.usesICE ? legs[leg].peer : nil))
            if !terms.usesICE { announce(slots[index].bindings, .slot(index)) }
            return index
        }
    }

    /// Numbers begin in the lower half, so that the first packets cannot wrap before the peer has synchronised.
    mutating func randomRewriter() -> RTPRewriter {
        RTPRewriter(
            firstSequence: SequenceNumber(UInt16.random(in: 0..<0x8000, using: &random)),
            firstTimestamp: RTPTimestamp(UInt32.random(in: 0..<0x8000_0000, using: &random)))
    }

    /// Takes a leg off the shard. An unknown or removed one does nothing.
    public mutating func removeLeg(_ id: LegID, at now: Instant) {
        guard legs.contains(id.index), legs.generation(of: id.index) == id.generation else { return }
        let session = legs[id.index].session
        sessions[session][legs[id.index].side, legs[id.index].direction] = nil
        sayGoodbye(leg: id.index)
        dismantle(id.index)
        connect(session: session, at: now)
    }

    /// Ends a session: its peers get BYE, and its legs and figures are gone.
    public mutating func endSession(_ key: RelaySessionKey, at now: Instant) {
        guard let session = sessionIndices[key] else { return }
        let ending = sessions[session].legIndices
        for leg in ending { sayGoodbye(leg: leg) }
        for leg in ending { dismantle(leg) }
        for port in sessions[session].ports { removePort(port) }
        for track in sessions[session].portSources { removeTrack(track) }
        closeSession(session)
    }

    /// Ends every session, as when the process stops.
    public mutating func endAllSessions(at now: Instant) {
        for key in Array(sessionIndices.keys) { endSession(key, at: now) }
    }

    private mutating func closeSession(_ index: Int) {
        sessionIndices[sessions[index].key] = nil
        sessions.remove(index)
    }

    private mutating func dismantle(_ leg: Int) {
        for index in legs[leg].streams {
            switch legs[leg].direction {
            case .publish:
                forget(tracks[index].bindings, .track(index))
                removeTrack(index)
            case .play:
                forget(slots[index].bindings, .slot(index))
                stage.removeAll()
                slots.remove(index)
            }
        }
        for link in legs[leg].links { links.remove(link) }
        if let peer = legs[leg].peer { removePeer(peer) }
        legs.remove(leg)
    }

    mutating func removeTrack(_ index: Int) {
        // Nothing that was staged may point at it.
        stage.removeAll()
        tracks[index].ring?.close()
        // When a session ends, its players may have gone first.
        for position in 0..<tracks[index].subscriptions.count {
            let slot = Int(tracks[index].subscriptions[position])
            if slots.contains(slot) { slots[slot].output.feed(from: nil, extensions: []) }
        }
        for position in 0..<tracks[index].ports.count {
            let port = Int(tracks[index].ports[position])
            if ports.contains(port) { ports[port].output.feed(from: nil, extensions: []) }
        }
        tracks.remove(index)
    }

    /// Opens the session's media gate and asks its publishers for keyframes at once. Idempotent.
    ///
    /// A session without legs yet is remembered as started.
    public mutating func openGate(_ key: RelaySessionKey, at now: Instant) throws(RelayError) {
        let session = try openSession(key)
        sessions[session].isStarted = true
        setGate(session, open: true, at: now)
    }

    /// Closes the gate: nothing more is forwarded in either direction until it opens again. Idempotent.
    public mutating func closeGate(_ key: RelaySessionKey, at now: Instant) {
        guard let session = sessionIndices[key] else { return }
        setGate(session, open: false, at: now)
    }

    /// Opens the gate without Start, which no product code does: shows that the count of early bytes stands on its own.
    package mutating func forceGateOpen(_ key: RelaySessionKey, at now: Instant) {
        guard let session = sessionIndices[key] else { return }
        setGate(session, open: true, at: now)
    }

    private mutating func setGate(_ session: Int, open: Bool, at now: Instant) {
        guard sessions[session].isGateOpen != open else { return }
        sessions[session].isGateOpen = open
        for leg in sessions[session].legIndices {
            for index in legs[leg].streams {
                switch legs[leg].direction {
                case .publish: gateMoved(track: index, open: open, at: now)
                case .play: slots[index].output.endSegment()
                }
            }
        }
        for track in sessions[session].portSources { gateMoved(track: track, open: open, at: now) }
        for port in sessions[session].ports { ports[port].output.endSegment() }
    }

    private mutating func gateMoved(track: Int, open: Bool, at now: Instant) {
        // What was stored before the gate closed is not sent again after it opens.
        tracks[track].cache = nil
        if open { requestKeyframe(track: track, at: now) }
    }

    /// Builds the subscriptions of a session: each slot plays the other side's track of its kind and place.
    mutating func connect(session: Int, at now: Instant) {
        for side in SessionSide.allCases {
            let peers = sessions[session][side, .publish].map { legs[$0].streams } ?? []
            let sources = sessions[session].portSources.filter { tracks[$0].side == side }
            // Players take a port's track first; ports take the peers' own first.
            let published = sources + peers
            for track in published {
                tracks[track].subscriptions.removeAll()
                tracks[track].ports.removeAll()
            }
            connectPorts(session: session, publisher: side, tracks: peers + sources, at: now)
            guard let player = sessions[session][side.other, .play] else { continue }
            for slot in legs[player].streams {
                let kind = slots[slot].output.kind
                let matching = published.filter { tracks[$0].kind == kind }
                let ordinal = slots[slot].ordinal
                guard matching.indices.contains(ordinal) else {
                    if slots[slot].output.source != nil { slots[slot].output.feed(from: nil, extensions: []) }
                    continue
                }
                subscribe(slot, to: matching[ordinal], at: now)
            }
        }
    }

    private mutating func subscribe(_ slot: Int, to track: Int, at now: Instant) {
        guard tracks[track].subscriptions.append(Int32(truncatingIfNeeded: slot)) else { return }
        let generation = tracks.generation(of: track)
        if let source = slots[slot].output.source, source == (track, generation) { return }
        slots[slot].output.feed(from: (track, generation), extensions: tracks[track].extensions)
        prepareKeys(slot: slot, track: track)
        if sessions[slots[slot].session].isGateOpen { requestKeyframe(track: track, at: now) }
    }

    /// Works out what the first packets would wait for.
    private mutating func prepareKeys(slot: Int, track: Int) {
        let (source, sink) = (tracks[track].link, slots[slot].link)
        if source != SecureLink.none {
            links[Int(source)].receiver.prepare(rtp: true)
            links[Int(source)].sender.prepare(rtp: false)
        }
        if sink != SecureLink.none {
            links[Int(sink)].receiver.prepare(rtp: false)
            links[Int(sink)].sender.prepare(rtp: true)
        }
    }

    /// The handshake of a leg is done: what waited for its keys may begin.
    mutating func keysArrived(leg: Int, at now: Instant) {
        for stream in legs[leg].streams {
            switch legs[leg].direction {
            case .publish:
                for position in 0..<tracks[stream].subscriptions.count {
                    prepareKeys(slot: Int(tracks[stream].subscriptions[position]), track: stream)
                }
                if sessions[legs[leg].session].isGateOpen { requestKeyframe(track: stream, at: now) }
            case .play:
                guard let source = slots[stream].output.source, tracks.contains(source.index),
                    tracks.generation(of: source.index) == source.generation
                else { continue }
                prepareKeys(slot: stream, track: source.index)
                if sessions[legs[leg].session].isGateOpen { requestKeyframe(track: source.index, at: now) }
            }
        }
    }

    func identity(ofLeg index: Int) -> LegID {
        LegID(index: index, generation: legs.generation(of: index))
    }

    /// True while the leg is on the shard.
    public func contains(_ id: LegID) -> Bool {
        legs.contains(id.index) && legs.generation(of: id.index) == id.generation
    }

    /// The figures of a session, or nil if it is not on this shard.
    public func figures(of key: RelaySessionKey) -> SessionFigures? {
        guard let session = sessionIndices[key] else { return nil }
        var figures = SessionFigures()
        figures.mediaBytesForwardedBeforeStart = sessions[session].mediaBytesForwardedBeforeStart
        figures.packetsForwarded = sessions[session].packetsForwarded
        figures.bytesForwarded = sessions[session].bytesForwarded
        figures.packetsDroppedAtGate = sessions[session].packetsDroppedAtGate
        figures.isGateOpen = sessions[session].isGateOpen
        for leg in sessions[session].legIndices {
            for index in legs[leg].streams {
                switch legs[leg].direction {
                case .publish: figures.tracks.append(trackFigures(index))
                case .play: figures.slots.append(slotFigures(index))
                }
            }
        }
        return figures
    }
}

extension RelayShard {
    private func slotFigures(_ slot: Int) -> SlotFigures {
        var figures = slots[slot].figures
        guard let peer = slots[slot].peer else { return figures }
        figures.estimatedBitrate = peers[peer].estimatedBitrate
        guard peers[peer].departures != nil else { return figures }
        let estimate = peers[peer].estimate
        figures.path = PathFigures(
            packetsArrived: estimate.packetsArrived, packetsLost: estimate.packetsLost,
            lossFraction: estimate.lossFraction, arrivingBitrate: estimate.arrivingBitrate,
            queueingDelayNanoseconds: estimate.queueingDelay)
        return figures
    }

    private func trackFigures(_ track: Int) -> TrackFigures {
        var figures = tracks[track].figures
        let link = tracks[track].link
        if link != SecureLink.none {
            figures.authenticationFailures = links[Int(link)].receiver.authenticationFailures
            figures.replays = links[Int(link)].receiver.replays
        }
        return figures
    }
}

extension PublishedTrack {
    fileprivate var figures: TrackFigures {
        var figures = TrackFigures(kind: kind, side: side)
        if let incoming {
            figures.packetsReceived = incoming.reception.packetsReceived
            figures.bytesReceived = incoming.reception.bytesReceived
            figures.packetsLost = incoming.reception.packetsLost
            figures.packetsRecovered = incoming.nacks.recovered
            figures.jitterNanoseconds = incoming.reception.jitterNanoseconds
        }
        figures.keyframeRequestsSent = keyframes.sent
        return figures
    }
}

extension PlayerSlot {
    var figures: SlotFigures {
        SlotFigures(
            kind: output.kind, side: side, packetsSent: output.packetsSent, bytesSent: output.payloadBytesSent,
            packetsRetransmitted: packetsRetransmitted, reportedLost: reportedLost,
            reportedFractionLost: reportedFractionLost, roundTripNanoseconds: roundTrip)
    }
}
