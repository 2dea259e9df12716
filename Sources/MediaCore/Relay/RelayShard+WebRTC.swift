public import MediaWire

/// Legs over ICE and DTLS: paths are proven by STUN, keys come from a handshake along a proven path.
extension RelayShard {
    /// The fingerprint of the shard's certificate, for its answers. The certificate is made when it is first asked for.
    ///
    /// - Throws: `RelayError.noCertificate` if the library fails.
    public mutating func certificateFingerprint() throws(RelayError) -> CertificateFingerprint {
        try makeCertificate()
        guard let fingerprint = certificate?.fingerprint(.sha256) else { throw .noCertificate }
        return fingerprint
    }

    private mutating func makeCertificate() throws(RelayError) {
        guard certificate == nil else { return }
        do throws(DTLSError) {
            certificate = try DTLSContext(
                validAt: configuration.certificateTime, serial: UInt32(truncatingIfNeeded: random.next() >> 33))
        } catch {
            throw .noCertificate
        }
    }

    /// Puts a leg on the shard whose keys will come from a DTLS handshake. A leg of the same session, side and direction is replaced.
    ///
    /// - Throws: `RelayError` when a limit is reached; then nothing has changed.
    public mutating func addLeg(_ description: LegDescription<WebRTCMedia>, at now: Instant) throws(RelayError) -> LegID
    {
        let media = description.media
        guard media.tracks.count <= configuration.maximumTracksPerLeg else { throw .tooManyTracks }
        try makeCertificate()
        let session = try openSession(description.session)
        let leg = legs.insert(
            Leg(
                session: session, sessionKey: description.session, side: description.side,
                direction: media.direction, cname: Array(media.cname.utf8)))
        let peer = peers.insert(WebRTCPeer(leg: leg, media.transport))
        legs[leg].peer = peer
        peersByFragment[media.transport.localCredentials.usernameFragment] = peer
        for track in media.tracks {
            legs[leg].streams.append(insert(StreamTerms(track), leg: leg, link: Int(SecureLink.none)))
        }
        settle(leg, at: now)
        return identity(ofLeg: leg)
    }

    /// Gives a leg new ICE credentials on both sides (RFC 8445 section 9). Media goes on where it went until the peer chooses anew.
    /// An unknown leg, or one without ICE, does nothing.
    public mutating func restartICE(_ id: LegID, local: ICECredentials, remote: ICECredentials, at now: Instant) {
        guard contains(id), let peer = legs[id.index].peer else { return }
        peers[peer].ice.restart(local: local, remote: remote)
        // Those of before the last restart go, those of before this one stay until the peer has the new ones.
        while peers[peer].fragments.count > 1 { peersByFragment[peers[peer].fragments.removeFirst()] = nil }
        peers[peer].fragments.append(local.usernameFragment)
        peersByFragment[local.usernameFragment] = peer
    }

    mutating func removePeer(_ peer: Int) {
        for fragment in peers[peer].fragments { peersByFragment[fragment] = nil }
        for path in peers[peer].paths where peersByPath[path] == peer { peersByPath[path] = nil }
        peers.remove(peer)
    }

    // MARK: STUN

    mutating func receiveSTUN(
        _ packet: UnsafeMutableRawBufferPointer, path: Path, into send: inout SendBatch, at now: Instant
    ) {
        let span = unsafe RawSpan(_unsafeBytes: UnsafeRawBufferPointer(packet))
        guard let message = STUNMessage(span) else {
            counters.droppedMalformed &+= 1
            return
        }
        guard let names = message.usernameFragments, let peer = peersByFragment[names.receiver] else {
            counters.droppedUnknownSource &+= 1
            return
        }
        switch peers[peer].ice.receive(message, from: path, at: now) {
        case .ignored: counters.droppedUnauthenticated &+= 1
        case .refused(let answer): transmit(answer, along: path, into: &send)
        case .proven(let answer), .selected(let answer):
            transmit(answer, along: path, into: &send)
            note(path, of: peer, into: &send, at: now)
        }
    }

    /// A check was good: the path leads to this peer, and consent lasts on.
    private mutating func note(_ path: Path, of peer: Int, into send: inout SendBatch, at now: Instant) {
        // A source address can be forged: nobody takes a path from a peer that still checks it.
        if let owner = peersByPath[path], owner != peer, peers[owner].ice.isProven(path, at: now) { return }
        noteLife(ofLeg: peers[peer].leg, at: now)
        if !peers[peer].paths.contains(path) {
            // The agent forgets old paths; so does the table.
            let kept = peers[peer].paths.filter { peers[peer].ice.isProven($0, at: now) }
            for old in peers[peer].paths where !kept.contains(old) && peersByPath[old] == peer {
                peersByPath[old] = nil
            }
            peers[peer].paths = kept + [path]
        }
        peersByPath[path] = peer
        renewConsent(of: peer, at: now)
        guard peers[peer].dtls == nil, peers[peer].failures < WebRTCPeer.maximumFailures else { return }
        beginHandshake(of: peer, along: path, into: &send, at: now)
    }

    /// Media goes along the chosen path while the peer checks it (RFC 7675).
    private mutating func renewConsent(of peer: Int, at now: Instant) {
        let path = peers[peer].ice.sendingPath(at: now)
        peers[peer].hasConsent = path != nil
        let leg = peers[peer].leg
        for stream in legs[leg].streams {
            switch legs[leg].direction {
            case .publish: tracks[stream].rtcpPath = path
            case .play: if let path { (slots[stream].path, slots[stream].rtcpPath) = (path, path) }
            }
        }
        lendKeys(of: peer)
        guard let ends = peers[peer].ice.consentEnds, peers[peer].consentTimer == nil else { return }
        peers[peer].consentTimer = ends
        timers.schedule(.consent, peer, peers.generation(of: peer), at: ends)
    }

    mutating func consentDue(_ timer: TimerQueue.Entry, at now: Instant) {
        let peer = timer.index
        guard peers.contains(peer), peers.generation(of: peer) == timer.generation else { return }
        peers[peer].consentTimer = nil
        // One entry at a time: where checks have come meanwhile it is planned anew.
        guard peers[peer].ice.sendingPath(at: now) == nil, let ends = peers[peer].ice.consentEnds, ends <= now else {
            return renewConsent(of: peer, at: now)
        }
        peers[peer].hasConsent = false
        let leg = peers[peer].leg
        for stream in legs[leg].streams where legs[leg].direction == .publish { tracks[stream].rtcpPath = nil }
        lendKeys(of: peer)
        emit(.silent(identity(ofLeg: leg), legs[leg].sessionKey, legs[leg].side))
    }

    /// Streams have the peer's keys as long as there are some; a player's only while it may be sent to.
    private mutating func lendKeys(of peer: Int) {
        let leg = peers[peer].leg
        let mayUse = legs[leg].direction == .publish || peers[peer].hasConsent
        let link = mayUse ? peers[peer].link : SecureLink.none
        for stream in legs[leg].streams {
            switch legs[leg].direction {
            case .publish: tracks[stream].link = link
            case .play: slots[stream].link = link
            }
        }
    }

    // MARK: DTLS

    mutating func receiveDTLS(
        _ packet: UnsafeMutableRawBufferPointer, path: Path, into send: inout SendBatch, at now: Instant
    ) {
        guard let peer = peersByPath[path], peers[peer].ice.isProven(path, at: now) else {
            counters.droppedUnknownSource &+= 1
            return
        }
        unsafe peers[peer].dtls?.receive(UnsafeRawBufferPointer(packet), at: now)
        settleHandshake(of: peer, along: path, into: &send, at: now)
    }

    private mutating func beginHandshake(of peer: Int, along path: Path, into send: inout SendBatch, at now: Instant) {
        guard let connection = try? newConnection(peers[peer].role, peers[peer].fingerprints) else { return }
        peers[peer].dtls = consume connection
        peers[peer].dtls?.start(at: now)
        settleHandshake(of: peer, along: path, into: &send, at: now)
    }

    private func newConnection(
        _ role: DTLSConnection.Role, _ fingerprints: [CertificateFingerprint]
    ) throws(DTLSError) -> DTLSConnection {
        switch certificate {
        case .some(let context): try DTLSConnection(role, in: context, peer: fingerprints)
        case .none: throw .library
        }
    }

    /// Sends what the connection has to say and takes note of what became of it.
    private mutating func settleHandshake(of peer: Int, along path: Path, into send: inout SendBatch, at now: Instant) {
        var flight: [[UInt8]] = []
        unsafe peers[peer].dtls?.sendDatagrams { unsafe flight.append(Array($0)) }
        for datagram in flight { transmit(datagram, along: path, into: &send) }
        switch peers[peer].dtls?.pollEvent() {
        case .connected(let keys): install(keys, peer: peer, into: &send, at: now)
        case .closed:
            noteGoodbye(ofLeg: peers[peer].leg)
        case .failed: noteFailure(of: peer)
        case nil: break
        }
        scheduleHandshake(of: peer)
    }

    /// It begins anew with the peer's next check; a call that had begun goes on.
    private mutating func noteFailure(of peer: Int) {
        peers[peer].dtls = nil
        peers[peer].failures += 1
        counters.handshakesFailed &+= 1
    }

    private mutating func scheduleHandshake(of peer: Int) {
        guard let due = peers[peer].dtls?.nextTimeout else { return }
        if let planned = peers[peer].dtlsTimer, planned <= due { return }
        peers[peer].dtlsTimer = due
        timers.schedule(.handshake, peer, peers.generation(of: peer), at: due)
    }

    mutating func handshakeDue(_ timer: TimerQueue.Entry, into send: inout SendBatch, at now: Instant) {
        let peer = timer.index
        guard peers.contains(peer), peers.generation(of: peer) == timer.generation,
            peers[peer].dtlsTimer.map({ $0 <= now }) ?? false
        else { return }
        peers[peer].dtlsTimer = nil
        guard let path = peers[peer].ice.selected ?? peers[peer].paths.last else { return }
        peers[peer].dtls?.handleTimeout(at: now)
        settleHandshake(of: peer, along: path, into: &send, at: now)
    }

    private mutating func install(_ keys: DTLSKeys, peer: Int, into send: inout SendBatch, at now: Instant) {
        let leg = peers[peer].leg
        guard
            let fresh = try? SecureLink(
                receiving: keys.receiving, sending: keys.sending, backend: configuration.srtpBackend)
        else { return noteFailure(of: peer) }
        let link = links.insert(fresh)
        if peers[peer].link != SecureLink.none {
            // What was left to the burst with the keys of before is done with them, and what they have opened is not finished with
            // others.
            protectStaged(&send)
            for place in stage.start..<stage.end
            where stage[place].kind == .opening && tracks[Int(stage[place].track)].leg == leg {
                stage[place].kind = .dropped
            }
            links.remove(Int(peers[peer].link))
        }
        peers[peer].link = SecureLink.Index(truncatingIfNeeded: link)
        peers[peer].failures = 0
        legs[leg].links = [link]
        lendKeys(of: peer)
        counters.handshakesDone &+= 1
        emit(.connected(identity(ofLeg: leg), legs[leg].sessionKey, legs[leg].side))
        keysArrived(leg: leg, at: now)
    }

    /// Says good-bye to the peer of a leg, with the next timeout.
    mutating func closeHandshake(leg: Int) {
        guard let peer = legs[leg].peer, let path = peers[peer].ice.selected, peers[peer].hasConsent,
            pending.count < configuration.maximumEvents
        else { return }
        peers[peer].dtls?.close()
        var flight: [[UInt8]] = []
        unsafe peers[peer].dtls?.sendDatagrams { unsafe flight.append(Array($0)) }
        for datagram in flight { pending.append((datagram, path)) }
    }

    private mutating func transmit(_ datagram: [UInt8], along path: Path, into send: inout SendBatch) {
        guard let slot = unsafe send.nextSlot(), datagram.count <= slot.count else {
            counters.droppedAtSend &+= 1
            return
        }
        unsafe slot.copyBytes(from: datagram)
        send.commit(length: datagram.count, to: path)
    }
}
