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
        if let named = streams.first(where: { tracks[$0].isNamed(by: header, in: packet) }) {
            return tracks[named].takes(header.payloadType) && !tracks[named].isOtherEncoding(header, in: packet)
                ? named : nil
        }
        let matching = streams.filter {
            tracks[$0].takes(header.payloadType) && tracks[$0].bindings.declared.isEmpty
                && !tracks[$0].isOtherEncoding(header, in: packet)
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
        noteLife(ofLeg: leg, at: now)
        var budget = configuration.maximumRetransmissionsPerDatagram
        while let view = reader.next() {
            // These are about the transport, not about a stream.
            if note(view, in: plain, ofPeer: peer, at: now) { continue }
            for stream in legs[leg].streams {
                switch legs[leg].direction {
                case .publish: accept(view, in: plain, fromPublisherOf: stream, at: now)
                case .play:
                    accept(view, in: plain, fromPlayerOf: stream, budget: &budget, into: &send, at: now)
                }
            }
        }
    }
}
