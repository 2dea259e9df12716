import MediaCore
import MediaWire

/// A shard with a call on it, and datagrams from the peers' addresses and from strangers': nothing traps, and nothing is forwarded,
/// since no input has a key.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzShard(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let bytes = Array(UnsafeBufferPointer(start: start, count: count))
    var configuration = RelayConfiguration(seed: 1)
    configuration.maximumSessions = 2
    configuration.retransmissionMemory = 1 << 20
    var shard = RelayShard(configuration)
    let now = Instant(nanoseconds: 1_000_000_000)
    guard addLegs(to: &shard, at: now) else { preconditionFailure("the offers are good") }

    var received = ReceiveBatch(capacity: 16)
    var outgoing = SendBatch(capacity: 64)
    // Each datagram has a byte for its source and one for its length before it.
    var offset = 0
    while offset + 2 <= bytes.count, received.messageCount < 16 {
        let end = min(offset + 2 + Int(bytes[offset + 1]), bytes.count)
        _ = received.append(Array(bytes[(offset + 2)..<end]), from: source(bytes[offset] % 4))
        offset = end
    }
    var index = 0
    while index < received.count {
        index = shard.receive(&received, startingAt: index, into: &outgoing, at: now)
        outgoing.removeAll()
    }
    while let due = shard.nextTimeout, due <= now.advanced(byMilliseconds: 2_000) {
        shard.handleTimeout(at: due, into: &outgoing)
        outgoing.removeAll()
    }
    precondition(shard.counters.packetsForwarded == 0 && shard.counters.handshakesDone == 0)
    return 0
}

private func source(_ number: UInt8) -> SocketAddress {
    SocketAddress(IPAddress(v4: 0x7F00_0001), port: 5_000 + UInt16(number) * 2)
}

private func addLegs(to shard: inout RelayShard, at now: Instant) -> Bool {
    var numbers = SplitMix64(seed: 1)
    let key = "inline:" + String(repeating: "A", count: 40)
    let sdes = """
        v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=video 5000 RTP/SAVPF 96\r
        a=rtpmap:96 VP8/90000\r\na=sendonly\r\na=rtcp-mux\r\na=crypto:1 AES_CM_128_HMAC_SHA1_80 \(key)\r\na=ssrc:1 cname:c\r\n
        """
    let webRTC = """
        v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0\r\nm=video 9 UDP/TLS/RTP/SAVPF 96\r
        c=IN IP4 0.0.0.0\r\na=mid:0\r\na=recvonly\r\na=rtcp-mux\r\na=rtpmap:96 VP8/90000\r\na=ice-ufrag:abcd\r
        a=ice-pwd:0123456789012345678901\r\na=setup:actpass\r
        a=fingerprint:sha-256 \(Array(repeating: "07", count: 32).joined(separator: ":"))\r\n
        """
    func context(_ direction: MediaDirection) -> NegotiationContext {
        NegotiationContext(
            direction: direction, clientAddress: .loopbackV4, requestIsPrivate: true, mediaAddresses: [.loopbackV4],
            mediaPort: 7000, sessionID: 1)
    }
    let session = RelaySessionKey(rawValue: 1)
    guard let published = try? negotiateSDES(offer: sdes, context: context(.publish), using: &numbers),
        (try? shard.addLeg(LegDescription(session: session, side: .customer, media: published), at: now)) != nil,
        let fingerprint = try? shard.certificateFingerprint(),
        let played = try? negotiateWebRTC(
            offer: webRTC, context: context(.play), terms: WebRTCAnswerTerms(fingerprint: fingerprint), using: &numbers),
        (try? shard.addLeg(LegDescription(session: session, side: .technician, media: played), at: now)) != nil
    else { return false }
    return (try? shard.openGate(session, at: now)) != nil
}
