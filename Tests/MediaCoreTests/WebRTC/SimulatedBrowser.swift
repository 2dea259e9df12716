import MediaCore
import MediaWire
import TestSupport
import Testing

/// The other end of a leg over ICE and DTLS, as a browser has it: it offers, checks its path, shakes hands, and then sends or plays.
final class SimulatedBrowser {
    let bench: RelayBench
    let direction: MediaDirection
    let media: WebRTCMedia
    let id: LegID
    var address: SocketAddress
    private let local: ICECredentials
    let context: DTLSContext
    var dtls: DTLSConnection
    private var generator: SeededGenerator
    private(set) var keys: DTLSKeys?
    private(set) var events: [DTLSConnection.Event] = []
    var sender: SRTPSender?
    var receiver: SRTPReceiver?
    /// What came for it, opened.
    private(set) var received: [RTPPacket] = []
    private(set) var control: [RTCPPacket] = []
    private(set) var responses: [STUNMessageType.Class] = []
    /// Everything that it sent.
    private(set) var sent: [[UInt8]] = []
    /// Everything that the relay sent to its address, as it came.
    private(set) var datagrams: [[UInt8]] = []

    static let videoSSRC = SSRC(0x1111_1111), audioSSRC = SSRC(0x2222_2222)
    static let rtxSSRC = SSRC(0x3333_3333)

    /// - Parameter namesSSRCs: whether the offer has `a=ssrc` lines.
    init(
        _ bench: RelayBench, _ side: SessionSide, _ direction: MediaDirection, from address: SocketAddress,
        session: RelaySessionKey = RelayBench.session, seed: UInt64 = 1, setup: String = "actpass",
        namesSSRCs: Bool = true, hasRTX: Bool = false, isNumbered: Bool = false,
        asksForBitrate: Bool = false, encodings: [String] = [],
        announcing other: CertificateFingerprint? = nil, profiles: [SRTPProfile] = DTLSContext.preferredProfiles
    ) throws {
        self.bench = bench
        self.direction = direction
        self.address = address
        generator = SeededGenerator(seed: seed &* 7_919 &+ UInt64(address.port))
        local = ICECredentials(using: &generator)
        context = try DTLSContext(profiles: profiles, validAt: 1_790_000_000, serial: 7)
        let own = context.fingerprint(.sha256)
        let fingerprint = try other ?? #require(own)
        let offer = Self.offer(
            direction, local, fingerprint, setup: setup, namesSSRCs: namesSSRCs, hasRTX: hasRTX, isNumbered: isNumbered,
            asksForBitrate: asksForBitrate, encodings: encodings)
        let negotiation = NegotiationContext(
            direction: direction, clientAddress: address.address, requestIsPrivate: false,
            mediaAddresses: [RelayBench.address.address], mediaPort: RelayBench.address.port, sessionID: 2)
        let ofRelay = try bench.shard.certificateFingerprint()
        media = try negotiateWebRTC(
            offer: offer, context: negotiation, terms: WebRTCAnswerTerms(fingerprint: ofRelay), using: &generator)
        id = try bench.shard.addLeg(
            LegDescription(session: session, side: side, media: media), at: bench.now)
        dtls = try DTLSConnection(media.transport.role == .server ? .client : .server, in: context, peer: [ofRelay])
    }

    private static func offer(
        _ direction: MediaDirection, _ local: ICECredentials, _ fingerprint: CertificateFingerprint, setup: String,
        namesSSRCs: Bool, hasRTX: Bool, isNumbered: Bool, asksForBitrate: Bool, encodings: [String]
    ) -> String {
        var lines = [
            "v=0", "o=- 1 1 IN IP4 0.0.0.0", "s=-", "t=0 0", "a=group:BUNDLE v a",
            "a=" + [fingerprint.attribute.name, fingerprint.attribute.value ?? ""].joined(separator: ":"),
        ]
        for (kind, mid, number, codec, ssrc) in [
            ("video", "v", 96, "VP8/90000", videoSSRC), ("audio", "a", 111, "opus/48000/2", audioSSRC),
        ] {
            lines += [
                "m=\(kind) 9 UDP/TLS/RTP/SAVPF \(number)" + (kind == "video" && hasRTX ? " 97" : ""),
                "c=IN IP4 0.0.0.0", "a=mid:\(mid)", "a=rtcp-mux",
                "a=setup:\(setup)", "a=ice-ufrag:" + String(decoding: local.usernameFragment, as: UTF8.self),
                "a=ice-pwd:" + String(decoding: local.password, as: UTF8.self),
                "a=\(direction == .publish ? "sendonly" : "recvonly")", "a=rtpmap:\(number) \(codec)",
                "a=extmap:4 urn:ietf:params:rtp-hdrext:sdes:mid",
            ]
            // Browsers that number their packets do not have sound repeated.
            if kind == "video" || !isNumbered {
                lines += ["a=rtcp-fb:\(number) nack", "a=rtcp-fb:\(number) nack pli"]
            }
            if kind == "video", asksForBitrate { lines.append("a=rtcp-fb:\(number) goog-remb") }
            if kind == "video", !encodings.isEmpty {
                lines += ["a=extmap:5 \(RTPHeaderExtensionURI.rid)", "a=extmap:6 \(RTPHeaderExtensionURI.repairedRID)"]
                lines += encodings.map { "a=rid:\($0) send" }
                lines.append("a=simulcast:send " + encodings.joined(separator: ";"))
            }
            if isNumbered {
                lines += [
                    "a=extmap:2 \(RTPHeaderExtensionURI.absoluteSendTime)",
                    "a=rtcp-fb:\(number) transport-cc",
                    "a=extmap:3 \(RTPHeaderExtensionURI.transportSequenceNumber)",
                ]
            }
            if kind == "video", hasRTX {
                lines += ["a=rtpmap:97 rtx/90000", "a=fmtp:97 apt=96"]
                if direction == .publish, namesSSRCs {
                    lines.append("a=ssrc-group:FID \(ssrc.rawValue) \(rtxSSRC.rawValue)")
                    lines.append("a=ssrc:\(rtxSSRC.rawValue) cname:browser")
                }
            }
            if direction == .publish, namesSSRCs { lines.append("a=ssrc:\(ssrc.rawValue) cname:browser") }
        }
        return lines.map { $0 + "\r\n" }.joined()
    }

    func track(_ kind: MediaKind) -> WebRTCTrack { media.tracks.first { $0.kind == kind } ?? media.tracks[0] }

    // MARK: Its side of the protocols

    /// A check of the path.
    func check(
        nominates: Bool = true, fragment: [UInt8]? = nil, password: [UInt8]? = nil, local other: ICECredentials? = nil
    ) -> [UInt8] {
        let relay = media.transport.localCredentials
        var writer = STUNMessageWriter(
            STUNMessageType(method: STUNMessageType.binding, .request), STUNTransactionID(using: &generator))
        writer.write(
            .username,
            (fragment ?? relay.usernameFragment) + [UInt8(ascii: ":")] + (other ?? local).usernameFragment)
        writer.write(.priority, UInt32(1))
        writer.write(.iceControlling, UInt64(9))
        if nominates { writer.writeFlag(.useCandidate) }
        return writer.finish { STUNIntegrity.code($0, password: password ?? relay.password) } ?? []
    }

    /// Hands a datagram to the relay and takes what comes back to this browser; answers what went elsewhere.
    @discardableResult
    func send(_ datagrams: [[UInt8]]) -> [Sent] {
        sent += datagrams
        return take(bench.deliver(datagrams, from: address))
    }

    /// Sorts what the relay sent.
    @discardableResult
    func take(_ sent: [Sent]) -> [Sent] {
        for datagram in sent where datagram.to == address { take(datagram.bytes) }
        flush()
        return sent.filter { $0.to != address }
    }

    private func take(_ bytes: [UInt8]) {
        datagrams.append(bytes)
        switch DatagramKind(bytes.rawSpan) {
        case .stun:
            guard let message = STUNMessage(bytes.rawSpan),
                STUNIntegrity.holds(message, password: media.transport.localCredentials.password)
            else { return }
            responses.append(message.type.messageClass)
        case .dtls: bytes.withUnsafeBytes { dtls.receive($0, at: bench.now) }
        case .rtp:
            var plain = bytes
            if receiver?.unprotectRTP(&plain).isSuccess == true, let packet = RTPPacket(plain.rawSpan) {
                received.append(packet)
            }
        case .rtcp:
            var plain = bytes
            if receiver?.unprotectRTCP(&plain).isSuccess == true {
                control += RTCPPacket.parseCompound(plain.rawSpan, allowReducedSize: false) ?? []
            }
        case .unknown: break
        }
        if let event = dtls.pollEvent() { note(event) }
    }

    private func note(_ event: DTLSConnection.Event) {
        events.append(event)
        guard case .connected(let agreed) = event else { return }
        keys = agreed
        sender = try? SRTPSender(agreed.sending)
        receiver = try? SRTPReceiver(agreed.receiving)
    }

    /// Sends what DTLS has to say.
    func flush() {
        for _ in 0..<20 {
            var flight: [[UInt8]] = []
            dtls.sendDatagrams { flight.append(Array($0)) }
            if flight.isEmpty { return }
            sent += flight
            for datagram in bench.deliver(flight, from: address) where datagram.to == address { take(datagram.bytes) }
            if let event = dtls.pollEvent() { note(event) }
        }
    }

    /// Shakes hands as far as it can without its last flight, and answers that.
    func handshakeUpToTheLastFlight() -> [[UInt8]] {
        dtls.start(at: bench.now)
        var flight: [[UInt8]] = []
        dtls.sendDatagrams { flight.append(Array($0)) }
        for datagram in bench.deliver(flight, from: address) where datagram.to == address { take(datagram.bytes) }
        flight = []
        dtls.sendDatagrams { flight.append(Array($0)) }
        return flight
    }

    /// Checks its path, chooses it and shakes hands.
    func connect() {
        send([check()])
        dtls.start(at: bench.now)
        flush()
    }

    /// A protected packet of its own stream.
    func rtp(
        _ kind: MediaKind, _ sequence: Int, payload: [UInt8]? = nil, mid: String? = nil, ssrc: SSRC? = nil,
        transportNumber: UInt16? = nil, encoding: String? = nil
    ) -> [UInt8] {
        var extensions = mid.map { [RTPPacket.HeaderExtension(id: 4, data: Array($0.utf8))] } ?? []
        if let number = transportNumber {
            extensions.append(.init(id: 3, data: [UInt8(number >> 8), UInt8(truncatingIfNeeded: number)]))
        }
        if let encoding { extensions.append(.init(id: 5, data: Array(encoding.utf8))) }
        var bytes = RTPPacket(
            payloadType: track(kind).payloadType, sequenceNumber: SequenceNumber(UInt16(truncatingIfNeeded: sequence)),
            timestamp: RTPTimestamp(UInt32(truncatingIfNeeded: sequence * 3_000)),
            ssrc: ssrc ?? (kind == .video ? Self.videoSSRC : Self.audioSSRC), extensions: extensions,
            payload: payload ?? (kind == .video ? TestStream.video(sequence) : [0x78, 1, 2, 3])
        ).serialized()
        #expect(sender?.protectRTP(&bytes).isSuccess == true)
        return bytes
    }

    /// A packet of its video again, on the stream for that.
    func rtx(_ sequence: Int, number: Int, payload: [UInt8]? = nil, padding: Bool = false) -> [UInt8] {
        let original = [UInt8(truncatingIfNeeded: sequence >> 8), UInt8(truncatingIfNeeded: sequence)]
        var bytes = RTPPacket(
            payloadType: 97, sequenceNumber: SequenceNumber(UInt16(truncatingIfNeeded: number)),
            timestamp: RTPTimestamp(UInt32(truncatingIfNeeded: sequence * 3_000)), ssrc: Self.rtxSSRC,
            payload: padding ? [] : original + (payload ?? TestStream.video(sequence))
        ).serialized()
        #expect(sender?.protectRTP(&bytes).isSuccess == true)
        return bytes
    }

    func rtcp(_ packets: [RTCPPacket]) -> [UInt8] {
        var writer = ByteWriter()
        for packet in packets { packet.write(to: &writer) }
        var bytes = writer.bytes
        #expect(sender?.protectRTCP(&bytes).isSuccess == true)
        return bytes
    }

    func forget() {
        received.removeAll()
        control.removeAll()
        responses.removeAll()
        datagrams.removeAll()
    }
}
