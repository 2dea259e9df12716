public import MediaCore
public import MediaWire

/// One side of a call over SDES: publishes tracks and plays tracks through one UDP address. No socket, no clock, no
/// codec.
///
/// The owner hands datagrams and time in, and after every call drains `pollTransmit` and `pollEvent`. Nothing that
/// comes from the network makes it fail: what does not fit is dropped and counted in `statistics`. Belongs to one
/// thread.
public struct CallEndpoint: ~Copyable {
    let configuration: CallEndpointConfiguration
    private let anchor: (instant: Instant, time: NTPTimestamp)

    // Offers, made once: their keys and SSRCs are those of the call.
    let publishing: SDESOffer?
    let playing: SDESOffer?
    private let seeds: [UInt64]
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
        var builder = OfferBuilder(configuration: configuration)
        publishing = builder.offer(.publish, configuration.publish, using: &generator)
        playing = builder.offer(.play, configuration.play, using: &generator)
        let count = configuration.publish.count + configuration.play.count
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
    public func publishOffer() -> String? { publishing?.sessionDescription().serialized() }

    /// The SDP offer to play (WHEP); nil if nothing is played.
    public func playOffer() -> String? { playing?.sessionDescription().serialized() }

    /// Takes the answer to `publishOffer`; media may be sent from then on.
    public mutating func acceptPublishAnswer(_ sdp: String) throws(CallEndpointError) {
        outgoing = try links(for: publishing, answer: sdp).map { place, link in
            OutgoingTrack(link, configuration: configuration, start: streamStart[place], seed: seeds[place])
        }
    }

    /// Takes the answer to `playOffer`.
    public mutating func acceptPlayAnswer(_ sdp: String) throws(CallEndpointError) {
        let first = configuration.publish.count
        incoming = try links(for: playing, answer: sdp).map { place, link in
            IncomingTrack(link, configuration: configuration, seed: seeds[first + place])
        }
    }

    private func links(
        for offer: SDESOffer?, answer sdp: String
    ) throws(CallEndpointError) -> [(place: Int, link: MediaLink)] {
        guard let offer else { throw .nothingOffered }
        let answer: SDESAnswer
        do throws(SDESAnswerError) {
            answer = try SDESAnswer.read(sdp, to: offer)
        } catch {
            throw .answer(error)
        }
        var links: [(place: Int, link: MediaLink)] = []
        for track in answer.tracks where offer.tracks.indices.contains(track.mediaIndex) {
            let offered = offer.tracks[track.mediaIndex]
            let number = offer.tracks[..<track.mediaIndex].count { $0.kind == track.kind }
            do throws(SRTPError) {
                let link = try MediaLink(
                    track, track: number, key: offered.key, ssrc: offered.ssrcs.first ?? SSRC(0),
                    cname: configuration.cname)
                links.append((track.mediaIndex, link))
            } catch {
                throw .keyRefused
            }
        }
        return links
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

    /// Takes a datagram. Whom it is from is proved by its SRTP tag, so the source address is not looked at.
    public mutating func handle(_ datagram: [UInt8], from source: SocketAddress, at now: Instant) {
        guard !isClosed else { return }
        switch DatagramKind(datagram.rawSpan) {
        case .rtp: receiveRTP(datagram, at: now)
        case .rtcp: receiveRTCP(datagram, at: now)
        case .stun, .dtls, .unknown: figures.malformedDatagrams &+= 1
        }
    }

    private mutating func receiveRTP(_ datagram: [UInt8], at now: Instant) {
        guard let header = RTPHeader(datagram.rawSpan) else {
            figures.malformedDatagrams &+= 1
            return
        }
        // A track of its own for the SSRC, or else those that do not know theirs yet.
        let known = incoming.first { $0.ssrc == header.ssrc }
        let candidates = known.map { [$0] } ?? incoming.filter { $0.ssrc == nil }
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

    private mutating func receiveRTCP(_ datagram: [UInt8], at now: Instant) {
        guard let sender = datagram.rawSpan.uint32(at: 4).map(SSRC.init(rawValue:)) else {
            figures.malformedDatagrams &+= 1
            return
        }
        // The m-line that this SSRC spoke on before comes first; one SSRC may speak on several.
        let known = sources[sender]
        let others = (outgoing.map(\.link) + incoming.map(\.link)).filter { $0 !== known }
        let candidates = (known.map { [$0] } ?? []) + others
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
            for packet in packets { receive(packet, on: link, at: now) }
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

    /// A packet speaks only about the m-line whose key protected it.
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
        case .goodbye:
            events.append(.goodbye(link.kind, track: link.track, player == nil ? .publish : .play))
        case .sourceDescription, .transportWideFeedback, .other: break
        }
    }

    // MARK: - Time

    /// When `handleTimeout` has something to do; nil while there is nothing. May change after any other call.
    public var nextTimeout: Instant? {
        guard !isClosed else { return nil }
        var earliest: Instant?
        for track in outgoing { earliest = Instant.earlier(earliest, track.nextTimeout) }
        for track in incoming { earliest = Instant.earlier(earliest, track.nextTimeout) }
        return earliest
    }

    /// Sends what is due and hands out what has waited long enough. Calling early is harmless.
    public mutating func handleTimeout(at now: Instant) {
        guard !isClosed else { return }
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
    case answer(SDESAnswerError)
    /// The SRTP library refused a key.
    case keyRefused

    public var description: String {
        switch self {
        case .nothingOffered: "an answer came though nothing was offered; configure a track first"
        case .answer(let error): error.description
        case .keyRefused: "the SRTP library refused a key of the answer; try another profile"
        }
    }
}
