internal import MediaWire

/// Ports that are not peers: slots whose sink is a ring. They stand behind the same gate as players.
extension RelayShard {
    /// Lets a ring play what `side` publishes: its track of this kind, peers before ports. The session may still be without
    /// legs.
    ///
    /// - Throws: `RelayError` when a limit is reached.
    public mutating func attachPort(
        to key: RelaySessionKey, playing side: SessionSide, kind: MediaKind, _ settings: PortSettings = PortSettings(),
        at now: Instant
    ) throws(RelayError) -> RelayPort {
        let session = try openSession(key)
        guard sessions[session].ports.count < configuration.maximumPorts else { throw .tooManyPorts }
        let ring = PlainRTPRing(capacity: settings.capacity)
        let output = SlotOutput(
            kind: kind, ssrc: settings.ssrc, payloadType: settings.payloadType, clockRate: RelayedCodec(kind).clockRate,
            extensions: settings.extensions, rewriter: randomRewriter())
        let index = ports.insert(
            PortSlot(session: session, publisher: side, ordinal: settings.ordinal, ring: ring, output: output))
        sessions[session].ports.append(index)
        connect(session: session, at: now)
        return RelayPort(id: PortID(kind: .sink, index: index, generation: ports.generation(of: index)), ring: ring)
    }

    /// Takes a port off the shard and closes its ring. An unknown or removed one does nothing.
    public mutating func detachPort(_ id: PortID, at now: Instant) {
        switch id.kind {
        case .sink:
            guard ports.contains(id.index), ports.generation(of: id.index) == id.generation else { return }
            let session = ports[id.index].session
            sessions[session].ports.removeAll { $0 == id.index }
            removePort(id.index)
            connect(session: session, at: now)
        case .source: detachSource(id, at: now)
        }
    }

    mutating func removePort(_ index: Int) {
        ports[index].ring.close()
        ports.remove(index)
    }

    /// Subscribes the session's ports to the tracks that `side` publishes.
    mutating func connectPorts(session: Int, publisher side: SessionSide, tracks published: [Int], at now: Instant) {
        for port in sessions[session].ports where ports[port].publisher == side {
            let matching = published.filter { tracks[$0].kind == ports[port].output.kind }
            guard matching.indices.contains(ports[port].ordinal) else {
                if ports[port].output.source != nil { ports[port].output.feed(from: nil, extensions: []) }
                continue
            }
            let track = matching[ports[port].ordinal]
            guard tracks[track].ports.append(Int32(truncatingIfNeeded: port)) else { continue }
            let generation = tracks.generation(of: track)
            if let source = ports[port].output.source, source == (track, generation) { continue }
            ports[port].output.feed(from: (track, generation), extensions: tracks[track].extensions)
            if sessions[session].isGateOpen { requestKeyframe(track: track, at: now) }
        }
    }

    /// Writes a packet of a track, whose gate is open, into the rings of its ports.
    mutating func forwardToPorts(
        _ packet: UnsafeRawBufferPointer, _ header: RTPHeader, payload: Range<Int>, extended: Int64,
        startsKeyframe: Bool, track index: Int, at now: Instant
    ) {
        for position in 0..<tracks[index].ports.count {
            let port = Int(tracks[index].ports[position])
            if ports[port].ring.takeKeyframeRequest() { requestKeyframe(track: index, at: now) }
            guard
                let numbers = ports[port].output.accept(
                    header, extended: extended, startsKeyframe: startsKeyframe, clockRate: tracks[index].clockRate,
                    at: now)
            else {
                counters.droppedAtSlot &+= 1
                continue
            }
            guard let place = unsafe ports[port].ring.reserve() else {
                counters.droppedAtPort &+= 1
                continue
            }
            guard
                let length = unsafe ports[port].output.write(
                    packet, header, payload: payload, numbers: numbers, into: place)
            else {
                ports[port].ring.countDrop()
                counters.droppedAtPort &+= 1
                continue
            }
            ports[port].ring.commit(length: length)
            ports[port].output.packetsSent &+= 1
            ports[port].output.payloadBytesSent &+= UInt64(payload.count)
            let session = ports[port].session
            if !sessions[session].isStarted {
                sessions[session].mediaBytesForwardedBeforeStart &+= UInt64(payload.count)
            }
        }
    }
}
