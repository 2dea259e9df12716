internal import MediaWire

/// The first stages of the packet path: find the streams of a run of datagrams, shed what is too much, unprotect the rest.
extension RelayShard {
    mutating func open(_ batch: borrowing ReceiveBatch, from index: Int, at now: Instant) {
        stage.begin(from: index, count: batch.count &- index)
        // Look-ups first, by themselves, so that their cache misses and those of what they lead to overlap.
        var latest = -1
        for place in index..<stage.end { stage[place].kind = find(place, of: batch, latest: &latest) }
        latest = -1
        for place in index..<stage.end where stage[place].kind == .media && stage[place].track != latest {
            latest = Int(stage[place].track)
            prefetchFurther(track: latest, place)
        }
        for place in index..<stage.end where stage[place].kind == .media {
            unsafe unprotect(batch.bytes(place), at: place)
        }
        if stage.openCount > 0 {
            unsafe stage.burst.run(UnsafeMutableBufferPointer(start: stage.openJobs, count: stage.openCount))
        }
    }

    /// - Parameter latest: the track found last. Frames make long runs of the same.
    @inline(__always)
    private mutating func find(
        _ place: Int, of batch: borrowing ReceiveBatch, latest: inout Int
    ) -> StagedPacket.Kind {
        counters.datagramsReceived &+= 1
        guard !batch.isOversized(place) else {
            counters.droppedOversized &+= 1
            return .dropped
        }
        let packet = unsafe RawSpan(_unsafeBytes: UnsafeRawBufferPointer(batch.bytes(place)))
        switch DatagramKind(packet) {
        case .rtp:
            guard let header = RTPHeader(packet) else { break }
            stage[place].header = header
            let key = SourceKey(batch.path(place).remote, header.ssrc)
            guard let (bound, trail) = sources.follow(key) else { return .unbound }
            // Players send no media on the m-lines that they play.
            guard !bound.isSlot else { break }
            stage[place].track = Int32(truncatingIfNeeded: bound.index)
            if bound.index != latest {
                latest = bound.index
                tracks.prefetch(latest, PublishedTrack.touchedByPackets)
                prefetch(along: trail)
            }
            return .media
        case .rtcp: return .control
        case .stun: return .check
        case .dtls: return .handshake
        case .unknown: break
        }
        counters.droppedMalformed &+= 1
        return .dropped
    }

    /// Unprotects a packet of a known source here, or leaves it to the burst.
    @inline(__always)
    private mutating func unprotect(_ packet: UnsafeMutableRawBufferPointer, at place: Int) {
        guard let header = stage[place].header else { return }
        let track = Int(stage[place].track)
        if shedder.isShedding || tracks[track].shedding.isActive, tracks[track].kind == .video,
            tracks[track].shedding.drops(header.timestamp, wanted: shedder.sheds(track))
        {
            counters.packetsShed &+= 1
            stage[place].kind = .dropped
            return
        }
        let link = Int(tracks[track].link)
        guard link >= 0 else { return settle(place, .malformed) }
        guard links[link].receiver.gainsFromBursts else {
            settle(place, unsafe links[link].receiver.unprotectRTP(packet, header))
            return
        }
        guard var job = unsafe SRTPJob(packet: packet) else {
            settle(place, .malformed)
            return
        }
        unsafe links[link].receiver.begin(&job, header)
        unsafe (stage.openJobs + stage.openCount).initialize(to: job)
        stage[place].kind = .opening
        stage[place].job = Int32(truncatingIfNeeded: stage.openCount)
        stage.openCount &+= 1
    }

    /// Brings near what only the stations of a track's trail can name.
    @inline(__always)
    private func prefetchFurther(track: Int, _ place: Int) {
        if let header = stage[place].header { tracks[track].cache?.prefetch(header.sequenceNumber) }
        let link = tracks[track].link
        if link != SecureLink.none { links[Int(link)].receiver.prefetchStream() }
        guard tracks[track].subscriptions.count > 0 else { return }
        let sink = slots[Int(tracks[track].subscriptions[0])].link
        if sink != SecureLink.none { links[Int(sink)].sender.prefetchStream() }
    }

    @inline(__always)
    private mutating func settle(_ place: Int, _ outcome: SRTPOutcome) {
        if case .success(let length) = outcome {
            stage[place].kind = .media
            stage[place].length = Int32(truncatingIfNeeded: length)
        } else {
            stage[place].kind = .dropped
            countFailure(outcome)
        }
    }

    /// The second half, in the order of arrival: everything that has an effect beyond its own stream.
    @inline(__always)
    mutating func route(
        _ place: Int, of batch: borrowing ReceiveBatch, into send: inout SendBatch, at now: Instant
    ) {
        if stage[place].kind == .opening {
            let job = unsafe stage.openJobs + Int(stage[place].job)
            unsafe links[Int(tracks[Int(stage[place].track)].link)].receiver.finish(&job.pointee)
            settle(place, unsafe job.pointee.outcome)
        }
        switch stage[place].kind {
        case .media:
            guard let header = stage[place].header else { return }
            let packet = unsafe batch.bytes(place)
            let plain = unsafe UnsafeRawBufferPointer(start: packet.baseAddress, count: Int(stage[place].length))
            unsafe acceptMedia(
                plain, header, spare: packet.count, track: Int(stage[place].track), path: batch.path(place),
                into: &send, at: now)
        case .unbound:
            guard let header = stage[place].header else { return }
            unsafe receiveUnbound(batch.bytes(place), header, path: batch.path(place), into: &send, at: now)
        case .control: unsafe receiveRTCP(batch.bytes(place), path: batch.path(place), into: &send, at: now)
        case .check: unsafe receiveSTUN(batch.bytes(place), path: batch.path(place), into: &send, at: now)
        case .handshake: unsafe receiveDTLS(batch.bytes(place), path: batch.path(place), into: &send, at: now)
        case .dropped, .opening: break
        }
    }

    /// Protects what was left to a burst. Until then nothing of the send batch may leave.
    mutating func protectStaged(_ send: inout SendBatch) {
        guard stage.sealCount > 0 else { return }
        unsafe stage.burst.run(UnsafeMutableBufferPointer(start: stage.sealJobs, count: stage.sealCount))
        for index in 0..<stage.sealCount {
            if case .success = unsafe stage.sealJobs[index].outcome { continue }
            // The library failed on a job that it had taken; nothing that it may have left in the clear goes out.
            counters.droppedAtSend &+= UInt64(send.count)
            send.removeAll()
            break
        }
        stage.sealCount = 0
    }
}
