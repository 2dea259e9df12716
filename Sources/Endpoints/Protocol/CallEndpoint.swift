public import MediaCore
public import MediaWire

/// One side of a call: publishes tracks and plays tracks, with keys from the SDP or from handshakes. No socket, no clock, no codec.
///
/// With keys from the SDP it uses one socket, number 0; with handshakes it publishes through number 0 and plays through number 1,
/// since the relay tells its peers apart by their addresses.
///
/// The owner hands datagrams and time in, and after every call drains `pollTransmit` and `pollEvent`. Nothing that
/// comes from the network makes it fail: what does not fit is dropped and counted in `statistics`. Belongs to one
/// thread.
public struct CallEndpoint: ~Copyable {
    let configuration: CallEndpointConfiguration
    private let anchor: (instant: Instant, time: NTPTimestamp)

    // Offers, made once: their keys and SSRCs are those of the call.
    private let publishing: EndpointOffer?
    private let playing: EndpointOffer?
    private let seeds: [UInt64]
    /// Whose certificate the handshakes show; nil where keys stand in the SDP.
    private let certificate: DTLSContext?
    /// Of the two offers, as far as they have been answered.
    private var transports: [ClientTransport] = []
    private let streamStart: [StreamStart]

    var outgoing: [OutgoingTrack] = []
    var incoming: [IncomingTrack] = []
    /// Which link an SSRC of the other side's RTCP was last heard on, by authentication. At most `maximumSources`.
    private var sources: [SSRC: MediaLink] = [:]
    private static let maximumSources = 32

    private var sync: PlayoutSync
    private var transmits = BoundedQueue<Transmit>(limit: 8_192)
    private var events = BoundedQueue<CallEvent>(limit: 8_192)
    private var figures = CallStatistics()
    private var isClosed = false

    /// - Parameters:
    ///   - generator: gives keys, SSRCs and first numbers, so it must be cryptographic outside of tests.
    ///   - anchor: the same moment on both clocks; capture times and sender reports are told in the second.
    public init(
        configuration: CallEndpointConfiguration, using generator: inout some RandomNumberGenerator,
        wallClock anchor: (Instant, NTPTimestamp)
    ) {
        self.configuration = configuration
        self.anchor = (anchor.0, anchor.1)
        sync = PlayoutSync(maximumMilliseconds: configuration.jitterBuffer.maximumSyncDelayMilliseconds)
        let hasHandshakes = configuration.keyExchange == .dtls
        // Where the library fails nothing is offered.
        certificate = hasHandshakes ? Self.certificate(configuration.profile, anchor.1, using: &generator) : nil
        var builder = OfferBuilder(
            configuration: configuration, fingerprint: Self.fingerprint(of: certificate))
        publishing = builder.offer(.publish, configuration.publish, using: &generator)
        playing = builder.offer(.play, configuration.play, using: &generator)
        // One more for each transport.
        let count = configuration.publish.count + configuration.play.count + (hasHandshakes ? 2 : 0)
        seeds = (0..<count).map { _ in UInt64.random(in: .min ... .max, using: &generator) }
        streamStart = configuration.publish.map { _ in
            configuration.streamStart
                ?? StreamStart(
                    // Below 2^15, so that SRTP's rollover counter is right even if the first packets are lost
                    // (RFC 3711 section 3.3.1).
                    sequence: SequenceNumber(UInt16.random(in: 0..<0x8000, using: &generator)),
                    timestamp: RTPTimestamp(UInt32.random(in: .min ... .max, using: &generator)))
        }
    }

    // MARK: - Offer and answer

    /// The SDP offer to publish (WHIP); nil if nothing is published.
    public func publishOffer() -> String? { publishing?.text }

    /// The SDP offer to play (WHEP); nil if nothing is played.
    public func playOffer() -> String? { playing?.text }

    /// Takes the answer to `publishOffer`. With keys from the SDP media may be sent from then on, else once `isConnected` says so.
    public mutating func acceptPublishAnswer(_ sdp: String, at now: Instant) throws(CallEndpointError) {
        outgoing = try links(for: publishing, answer: sdp, socket: 0, at: now).map { place, link in
            OutgoingTrack(link, configuration: configuration, start: streamStart[place], seed: seeds[place])
        }
    }

    /// Takes the answer to `playOffer`.
    public mutating func acceptPlayAnswer(_ sdp: String, at now: Instant) throws(CallEndpointError) {
        let first = configuration.publish.count
        incoming = try links(for: playing, answer: sdp, socket: 1, at: now).map { place, link in
            IncomingTrack(link, configuration: configuration, seed: seeds[first + place])
        }
    }

    /// Whether media can go this way: the answer is there, and so are the keys.
    public func isConnected(_ direction: MediaDirection) -> Bool {
        let links = direction == .publish ? outgoing.map(\.link) : incoming.map(\.link)
        return !links.isEmpty && links.allSatisfy { $0.transport?.isConnected ?? true }
    }

    /// Why a connection was not made, or is lost; nil while all is well.
    public var transportFailure: CallEndpointError? {
        for case let failure? in transports.map(\.failure) where !isClosed {
            switch failure {
            case .unreachable: return .unreachable
            case .handshake(let reason): return .handshake("\(reason)")
            case .closed: return .closed
            }
        }
        return nil
    }

    private func numbered<Track>(_ tracks: [Track], _ index: Int, _ kind: (Track) -> MediaKind) -> Int {
        tracks[..<index].count { kind($0) == kind(tracks[index]) }
    }

    private mutating func links(
        for offer: EndpointOffer?, answer sdp: String, socket: Int, at now: Instant
    ) throws(CallEndpointError) -> [(place: Int, link: MediaLink)] {
        switch offer {
        case .sdes(let offer): try links(for: offer, answer: sdp)
        case .webRTC(let offer): try links(for: offer, answer: sdp, socket: socket, at: now)
        case nil: throw .nothingOffered
        }
    }

    private func links(
        for offer: SDESOffer, answer sdp: String
    ) throws(CallEndpointError) -> [(place: Int, link: MediaLink)] {
        let answer: SDESAnswer
        do throws(AnswerError) { answer = try SDESAnswer.read(sdp, to: offer) } catch { throw .answer(error) }
        var links: [(place: Int, link: MediaLink)] = []
        for track in answer.tracks where offer.tracks.indices.contains(track.mediaIndex) {
            let offered = offer.tracks[track.mediaIndex]
            do throws(SRTPError) {
                let link = try MediaLink(
                    track, track: numbered(offer.tracks, track.mediaIndex, \.kind), key: offered.key,
                    ssrc: offered.ssrcs.first ?? SSRC(0), cname: configuration.cname)
                links.append((track.mediaIndex, link))
            } catch {
                throw .keyRefused
            }
        }
        return links
    }

    private mutating func links(
        for offer: WebRTCClientOffer, answer sdp: String, socket: Int, at now: Instant
    ) throws(CallEndpointError) -> [(place: Int, link: MediaLink)] {
        let answer: WebRTCClientAnswer
        do throws(AnswerError) { answer = try WebRTCClientAnswer.read(sdp, to: offer) } catch { throw .answer(error) }
        let transport = try transport(answer, offer.credentials, socket: socket, at: now)
        transports.removeAll { $0.socket == socket }
        transports.append(transport)
        return answer.tracks.compactMap { track in
            guard offer.tracks.indices.contains(track.mediaIndex) else { return nil }
            let link = MediaLink(
                track, track: numbered(offer.tracks, track.mediaIndex, \.kind),
                ssrc: offer.tracks[track.mediaIndex].ssrc, cname: configuration.cname, over: transport)
            return (track.mediaIndex, link)
        }
    }

    private func transport(
        _ answer: WebRTCClientAnswer, _ credentials: ICECredentials, socket: Int, at now: Instant
    ) throws(CallEndpointError) -> ClientTransport {
        let seed = seeds[configuration.publish.count + configuration.play.count + socket]
        do throws(DTLSError) {
            switch certificate {
            case .some(let context):
                return try ClientTransport(
                    answer, credentials: credentials, in: context, socket: socket, seed: seed, at: now)
            case .none: throw .library
            }
        } catch {
            throw .keyRefused
        }
    }

    private static func certificate(
        _ profile: SRTPProfile, _ time: NTPTimestamp, using generator: inout some RandomNumberGenerator
    ) -> DTLSContext? {
        let serial = UInt32.random(in: 1 ... .max, using: &generator)
        let now = Int64(clamping: time.unixNanoseconds / 1_000_000_000)
        return try? DTLSContext(profiles: [profile], validAt: now, serial: serial)
    }

    private static func fingerprint(of certificate: borrowing DTLSContext?) -> CertificateFingerprint? {
        switch certificate {
        case .some(let context): context.fingerprint(.sha256)
        case .none: nil
        }
    }

    // MARK: - Sending

    /// Sends an encoded VP8 frame. Does nothing before the answer, or if the track was refused.
    /// - Parameters:
    ///   - captureTime: when the picture was taken; decides the RTP timestamp.
    ///   - track: number among the published video tracks.
    public mutating func sendVideo(
        _ frame: [UInt8], isKeyframe: Bool, captureTime: NTPTimestamp, track: Int = 0, at now: Instant
    ) {
        guard !isClosed else { return }
        publishedTrack(.video, track)?
            .sendVideo(frame, isKeyframe: isKeyframe, captureTime: captureTime, at: now, into: &transmits)
    }

    /// Sends an Opus packet. Does nothing before the answer, or if the track was refused.
    /// - Parameters:
    ///   - samples: its duration per channel at 48 kHz.
    ///   - captureTime: of its first sample.
    public mutating func sendAudio(
        _ packet: [UInt8], samples: Int, captureTime: NTPTimestamp, track: Int = 0, at now: Instant
    ) {
        guard !isClosed else { return }
        publishedTrack(.audio, track)?
            .sendAudio(packet, samples: samples, captureTime: captureTime, at: now, into: &transmits)
    }

    private func publishedTrack(_ kind: MediaKind, _ track: Int) -> OutgoingTrack? {
        outgoing.first { $0.link.kind == kind && $0.link.track == track }
    }

    // MARK: - Receiving

    /// Takes a datagram. Whom it is from is proved by its SRTP tag, or its integrity code, so the source address is not looked at.
    /// - Parameter socket: which of this side's sockets it came to.
    public mutating func handle(_ datagram: [UInt8], from source: SocketAddress, socket: Int = 0, at now: Instant) {
        guard !isClosed else { return }
        let transport = transports.first { $0.socket == socket }
        switch (DatagramKind(datagram.rawSpan), transport) {
        case (.rtp, _): receiveRTP(datagram, over: transport, at: now)
        case (.rtcp, _): receiveRTCP(datagram, over: transport, at: now)
        case (.stun, let transport?):
            install(transport.receiveSTUN(datagram, at: now, into: &transmits), over: transport)
        case (.dtls, let transport?):
            install(transport.receiveDTLS(datagram, at: now, into: &transmits), over: transport)
        case (.stun, nil), (.dtls, nil), (.unknown, _): figures.malformedDatagrams &+= 1
        }
    }

    /// The keys of a handshake go to all m-lines that share it.
    private func install(_ keys: DTLSKeys?, over transport: ClientTransport) {
        guard let keys else { return }
        // The library takes keys that it has made.
        for track in outgoing where track.link.transport === transport { try? track.link.install(keys) }
        for track in incoming where track.link.transport === transport { try? track.link.install(keys) }
    }

    private mutating func receiveRTP(_ datagram: [UInt8], over transport: ClientTransport?, at now: Instant) {
        guard let header = RTPHeader(datagram.rawSpan) else {
            figures.malformedDatagrams &+= 1
            return
        }
        // A track of its own for the SSRC, or else those that do not know theirs yet.
        let tracks = incoming.filter { $0.link.transport === transport }
        let known = tracks.first { $0.ssrc == header.ssrc }
        let candidates = known.map { [$0] } ?? tracks.filter { $0.ssrc == nil }
        var outcome = SRTPOutcome.authenticationFailure
        for track in candidates {
            var bytes = datagram
            outcome = track.link.unprotectRTP(&bytes)
            guard case .success = outcome else { continue }
            if !track.receive(bytes, at: now) { figures.unexpectedPackets &+= 1 }
            track.deliver(at: now, sync: &sync, into: &events)
            return
        }
        count(outcome)
    }

    private mutating func receiveRTCP(_ datagram: [UInt8], over transport: ClientTransport?, at now: Instant) {
        guard let sender = datagram.rawSpan.uint32(at: 4).map(SSRC.init(rawValue:)) else {
            figures.malformedDatagrams &+= 1
            return
        }
        // The m-line that this SSRC spoke on before comes first; one SSRC may speak on several.
        let known = sources[sender]
        let links = (outgoing.map(\.link) + incoming.map(\.link)).filter { $0.transport === transport }
        // Where they share their keys, one of them keeps account of what has come.
        let candidates =
            transport == nil
            ? (known.map { [$0] } ?? []) + links.filter { $0 !== known } : Array(links.prefix(1))
        var outcome = SRTPOutcome.authenticationFailure
        for link in candidates {
            var bytes = datagram
            outcome = link.unprotectRTCP(&bytes)
            if outcome == .replay { break }
            guard case .success = outcome else { continue }
            if sources.count < Self.maximumSources { sources[sender] = link }
            guard let packets = RTCPPacket.parseCompound(bytes.rawSpan, allowReducedSize: true) else {
                figures.malformedDatagrams &+= 1
                return
            }
            // A packet speaks only about the m-lines whose key protected it.
            for packet in packets {
                for about in transport == nil ? [link] : links { receive(packet, on: about, at: now) }
            }
            return
        }
        count(outcome)
    }

    private mutating func count(_ outcome: SRTPOutcome) {
        switch outcome {
        case .success, .limit: break
        case .authenticationFailure: figures.srtp.authenticationFailures &+= 1
        case .replay: figures.srtp.replays &+= 1
        case .malformed: figures.srtp.malformed &+= 1
        }
    }

    private mutating func receive(_ packet: RTCPPacket, on link: MediaLink, at now: Instant) {
        let publisher = outgoing.first { $0.link === link }
        let player = incoming.first { $0.link === link }
        switch packet {
        case .senderReport(let report):
            if player?.receive(report, at: now) == true { events.append(.senderReport(link.kind, track: link.track)) }
            for block in report.reportBlocks { publisher?.receive(block, wallClock: wallClock(at: now)) }
        case .receiverReport(let report):
            for block in report.reportBlocks { publisher?.receive(block, wallClock: wallClock(at: now)) }
        case .genericNACK(let nack):
            publisher?.receive(nack, at: now, into: &transmits)
        case .pictureLossIndication(let request):
            if publisher?.receive(request) == true { events.append(.keyframeRequested(track: link.track)) }
        case .fullIntraRequest(let request):
            if publisher?.receive(request) == true { events.append(.keyframeRequested(track: link.track)) }
        case .goodbye(let goodbye):
            if link.transport != nil, let remote = link.remoteSSRC, !goodbye.sources.contains(remote) { break }
            events.append(.goodbye(link.kind, track: link.track, player == nil ? .publish : .play))
        case .sourceDescription, .transportWideFeedback, .receiverEstimatedMaximumBitrate, .other: break
        }
    }

    // MARK: - Time

    /// When `handleTimeout` has something to do; nil while there is nothing. May change after any other call.
    public var nextTimeout: Instant? {
        guard !isClosed else { return nil }
        var earliest: Instant?
        for track in outgoing { earliest = Instant.earlier(earliest, track.nextTimeout) }
        for track in incoming { earliest = Instant.earlier(earliest, track.nextTimeout) }
        for transport in transports { earliest = Instant.earlier(earliest, transport.nextTimeout) }
        return earliest
    }

    /// Sends what is due and hands out what has waited long enough. Calling early is harmless.
    public mutating func handleTimeout(at now: Instant) {
        guard !isClosed else { return }
        for transport in transports { install(transport.handleTimeout(at: now, into: &transmits), over: transport) }
        for track in outgoing { track.handleTimeout(at: now, wallClock: wallClock(at: now), into: &transmits) }
        let roundTrip = outgoing.lazy.compactMap(\.roundTripNanoseconds).first
        for track in incoming {
            track.deliver(at: now, sync: &sync, into: &events)
            track.handleTimeout(at: now, roundTrip: roundTrip, into: &transmits)
        }
    }

    /// The wall clock of this side.
    public func wallClock(at now: Instant) -> NTPTimestamp {
        anchor.time.advanced(byNanoseconds: now.nanoseconds(since: anchor.instant))
    }

    public mutating func pollTransmit() -> Transmit? { transmits.popFirst() }

    public mutating func pollEvent() -> CallEvent? { events.popFirst() }

    /// Says BYE on every track. Nothing is sent or taken any more once the transmits are fetched.
    public mutating func close(at now: Instant) {
        guard !isClosed else { return }
        isClosed = true
        for track in outgoing { track.close(wallClock: wallClock(at: now), into: &transmits) }
        for track in incoming { track.close(into: &transmits) }
        for transport in transports { transport.close(into: &transmits) }
    }

    public var statistics: CallStatistics {
        var result = figures
        result.published = outgoing.map(\.statistics)
        result.played = incoming.map(\.statistics)
        result.overflows = transmits.overflows &+ events.overflows
        return result
    }
}

/// Why an answer was not taken.
public enum CallEndpointError: Error, Sendable, CustomStringConvertible {
    /// There was no offer for it: nothing of that direction is configured.
    case nothingOffered
    case answer(AnswerError)
    /// The SRTP library refused a key.
    case keyRefused
    /// No address of the answer responds.
    case unreachable
    case handshake(String)
    /// The other side has closed the connection.
    case closed

    public var description: String {
        switch self {
        case .nothingOffered: "an answer came though nothing was offered; configure a track first"
        case .answer(let error): error.description
        case .keyRefused: "the SRTP library refused a key of the answer; try another profile"
        case .unreachable:
            "the relay answers at none of its media addresses; check the firewall, and --media-address of the server"
        case .handshake(let reason): "the handshake failed (\(reason)); check that nobody is in between, and --srtp"
        case .closed: "the relay has closed the connection"
        }
    }
}
