public import MediaWire

/// Ports that are not peers: tracks whose packets come from a ring.
extension RelayShard {
    /// Milliseconds between two looks at a source's ring.
    private static let pollInterval: Int64 = 5

    /// Lets a ring publish as `side`: players of the other side take it before that side's own tracks of this kind, as a
    /// transcoder or mixer needs it.
    ///
    /// The shard looks into the ring with its timers, every 5 ms. Packets must come in order: late ones are dropped and
    /// counted, since nothing else would keep a number from being used for two packets.
    /// - Throws: `RelayError` when a limit is reached.
    public mutating func attachSource(
        to key: RelaySessionKey, publishingAs side: SessionSide, kind: MediaKind,
        _ settings: PortSettings = PortSettings(), at now: Instant
    ) throws(RelayError) -> RelayPort {
        let session = try openSession(key)
        guard sessions[session].portSources.count < configuration.maximumPorts else { throw .tooManyPorts }
        let ring = PlainRTPRing(capacity: settings.capacity)
        let index = tracks.insert(
            PublishedTrack(
                from: ring, settings, kind: kind, session: session, side: side,
                maximumSubscriptions: configuration.maximumSubscriptions, maximumPorts: configuration.maximumPorts))
        sessions[session].portSources.append(index)
        connect(session: session, at: now)
        let generation = tracks.generation(of: index)
        timers.schedule(.portSource, index, generation, at: now.advanced(byMilliseconds: Self.pollInterval))
        return RelayPort(id: PortID(kind: .source, index: index, generation: generation), ring: ring)
    }

    mutating func detachSource(_ id: PortID, at now: Instant) {
        guard tracks.contains(id.index), tracks.generation(of: id.index) == id.generation else { return }
        let session = tracks[id.index].session
        sessions[session].portSources.removeAll { $0 == id.index }
        removeTrack(id.index)
        connect(session: session, at: now)
    }

    /// Tells how a source's RTP clock stands to its wall clock, as a sender report does: players need it to bring audio and
    /// video together.
    public mutating func noteClock(of id: PortID, ntp: NTPTimestamp, rtp: RTPTimestamp, at now: Instant) {
        guard id.kind == .source, tracks.contains(id.index), tracks.generation(of: id.index) == id.generation else {
            return
        }
        let isFirst = tracks[id.index].senderReport == nil
        tracks[id.index].senderReport = PublisherClock(ssrc: nil, ntp: ntp, rtp: rtp, arrival: now)
        if isFirst { hastenSlotReports(ofTrack: id.index, at: now) }
    }

    /// Takes what the ring holds. False if the send batch has no room for it now.
    mutating func portSourceDue(_ timer: TimerQueue.Entry, into send: inout SendBatch, at now: Instant) -> Bool {
        let track = timer.index
        guard tracks.contains(track), tracks.generation(of: track) == timer.generation, let ring = tracks[track].ring
        else { return true }
        let needed = min(configuration.maximumSubscriptions, send.capacity)
        var left = ring.capacity
        while left > 0, let packet = unsafe ring.peek() {
            guard send.room >= needed else {
                timers.schedule(.portSource, track, timer.generation, at: now)
                return false
            }
            unsafe acceptPlain(UnsafeRawBufferPointer(packet), track: track, into: &send, at: now)
            ring.release()
            left &-= 1
        }
        timers.schedule(.portSource, track, timer.generation, at: now.advanced(byMilliseconds: Self.pollInterval))
        return true
    }

    private mutating func acceptPlain(
        _ packet: UnsafeRawBufferPointer, track: Int, into send: inout SendBatch, at now: Instant
    ) {
        guard let header = RTPHeader(unsafe RawSpan(_unsafeBytes: packet)) else {
            counters.droppedMalformed &+= 1
            return
        }
        if let incoming = tracks[track].incoming, incoming.ssrc == header.ssrc, let newest = incoming.unwrapper.newest {
            guard incoming.unwrapper.peek(header.sequenceNumber) > newest else {
                counters.droppedReplayed &+= 1
                return
            }
        }
        unsafe acceptMedia(packet, header, spare: 0, track: track, path: nil, into: &send, at: now)
    }
}
