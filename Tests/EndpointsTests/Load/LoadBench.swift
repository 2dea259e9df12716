import MediaCore
import MediaWire
import TestSupport
import Testing

@testable import Endpoints

/// A generator and a real relay shard on virtual time, with a network between them that can lose and repeat.
struct LoadBench: ~Copyable {
    enum Fate {
        case pass, lose, `repeat`

        fileprivate var times: Int {
            switch self {
            case .pass: 1
            case .lose: 0
            case .repeat: 2
            }
        }
    }

    var engine: LoadEngine
    let clips: LoadClips
    private var shard: RelayShard
    private var generator: SeededGenerator
    private var outgoing = SendBatch(capacity: 32)
    private var forwarded = SendBatch(capacity: 256)
    private var received = ReceiveBatch(capacity: 64)
    /// Handshakes and checks on their way from the relay, which take their time.
    private var flying: [(at: Instant, bytes: [UInt8], destination: SocketAddress)] = []
    /// Whether a datagram of ICE or DTLS gets through, from either side.
    var passes: (DatagramKind) -> Bool = { _ in true }
    /// Datagrams of ICE and DTLS in the order of their leaving.
    private(set) var control: [(at: Instant, kind: DatagramKind)] = []
    /// Where the relay has seen datagrams come from.
    private(set) var sources: Set<SocketAddress> = []
    private(set) var now = Instant(nanoseconds: 1_000_000_000)
    /// From the relay back to the generator, in ns; the way there takes no time.
    var delay: Int64 = 2_000_000
    /// What becomes of the relay's media datagrams, by their count.
    var fate: (Int) -> Fate = { _ in .pass }
    private(set) var mediaSeen = 0
    /// What becomes of the generator's media datagrams on their way to the relay, by their count.
    var fateToRelay: (Int) -> Fate = { _ in .pass }
    /// Media datagrams in the order of their leaving.
    private(set) var sent: [(at: Instant, socket: Int, bytes: [UInt8])] = []
    private(set) var descriptions: [LoadSessionDescription] = []

    static let relay = SocketAddress(.loopbackV4, port: 7000)
    static let unixOffset: UInt64 = 1_700_000_000_000_000_000

    init(clips: LoadClips, certificate: LoadCertificate? = nil, seed: UInt64 = 1) {
        self.clips = clips
        engine = LoadEngine(clips: LoadClipMemory(clips), certificate: certificate, seed: seed)
        shard = RelayShard(RelayConfiguration(seed: seed))
        generator = SeededGenerator(seed: seed ^ 0x10AD)
    }

    static func clips(video: Bool = true, talkback: Bool = false) throws -> LoadClips {
        let sound = try LoadClip.audio(path: Fixtures.path("customer.ogg"))
        return LoadClips(
            video: video ? try LoadClip.video(path: Fixtures.path("small.ivf"), bitrate: 1_200_000) : nil, audio: sound,
            talkback: talkback ? sound : nil)
    }

    var unixNanoseconds: UInt64 { Self.unixOffset + now.nanoseconds }

    private static func address(ofSocket socket: Int) -> SocketAddress {
        SocketAddress(.loopbackV4, port: UInt16(20_000 + socket))
    }

    // MARK: - Sessions

    /// Negotiates a session's legs at the relay, as WHIP and WHEP do, and opens its gate.
    mutating func join(_ number: Int, kinds: [LoadFlowKind] = [.video, .audio], sockets: (Int, Int) = (0, 1)) throws {
        var description = LoadSessionDescription(
            number: number, customerSocket: sockets.0, technicianSocket: sockets.1, flows: [])
        for side in SessionSide.allCases {
            let own = kinds.filter { $0.publisher == side }
            guard !own.isEmpty else { continue }
            let sent = try leg(side, .publish, own, number, description.socket(of: side))
            let seen = try leg(side.other, .play, own, number, description.socket(of: side.other))
            description.flows += zip(own, zip(sent, seen)).map { .init(kind: $0, publisher: $1.0, player: $1.1) }
        }
        try shard.openGate(RelaySessionKey(rawValue: UInt64(number)), at: now)
        _ = try engine.add(description)
        descriptions.append(description)
    }

    private mutating func leg(
        _ side: SessionSide, _ direction: MediaDirection, _ kinds: [LoadFlowKind], _ number: Int, _ socket: Int
    ) throws -> [LoadLinkDescription] {
        let end: UInt32 = direction == .publish ? 0 : 1
        let tracks = kinds.map { kind in
            SDESOffer.Track(
                kind: kind.media, payloadType: kind == .video ? 96 : 111, address: Self.address(ofSocket: socket),
                key: SRTPKey(profile: .aeadAES128GCM, using: &generator),
                ssrcs: [SSRC(UInt32(number * 8) + UInt32(kind.rawValue) * 2 + end + 1000)], cname: "bench",
                extensions: [HeaderExtensionMapping(id: 1, uri: RTPHeaderExtensionURI.absoluteCaptureTime)])
        }
        let offer = SDESOffer(direction: direction, sessionID: 1, tracks: tracks)
        let context = NegotiationContext(
            direction: direction, clientAddress: .loopbackV4, requestIsPrivate: true,
            mediaAddresses: [Self.relay.address], mediaPort: Self.relay.port, sessionID: 2)
        let media = try negotiateSDES(offer: offer.sessionDescription(), context: context, using: &generator)
        _ = try shard.addLeg(
            LegDescription(session: RelaySessionKey(rawValue: UInt64(number)), side: side, media: media), at: now)
        let answer = try SDESAnswer.read(media.answer.serialized(), to: offer)
        return zip(tracks, answer.tracks).map {
            LoadLinkDescription(ssrc: $0.ssrcs[0], cname: "bench", key: $0.key, answer: $1)
        }
    }

    /// Offers a session's legs as WHIP and WHEP do, opens its gate and lets them connect.
    /// - Parameter change: is given each answer before the generator is.
    /// - Returns: the number of the join.
    mutating func connect(
        _ number: Int, kinds: [LoadFlowKind] = [.video, .audio], hasOwnSockets: Bool = false, startsMedia: Bool = true,
        change: (inout WebRTCClientAnswer) -> Void = { _ in }
    ) throws -> Int {
        let fingerprint = try #require(engine.certificate?.fingerprint)
        var ends: [MediaDirection: [LoadFlowKind: LoadLinkDescription]] = [:]
        for direction in [MediaDirection.play, .publish] {
            for publisher in SessionSide.allCases {
                let own = kinds.filter { $0.publisher == publisher }
                guard !own.isEmpty else { continue }
                let side = direction == .publish ? publisher : publisher.other
                let links = try webRTCLeg(side, direction, own, number, fingerprint, hasOwnSockets, change)
                ends[direction, default: [:]].merge(zip(own, links)) { $1 }
            }
        }
        try shard.openGate(RelaySessionKey(rawValue: UInt64(number)), at: now)
        var description = LoadSessionDescription(number: number, flows: [])
        for kind in kinds {
            let publisher = try #require(ends[.publish]?[kind])
            let player = try #require(ends[.play]?[kind])
            description.flows.append(.init(kind: kind, publisher: publisher, player: player))
        }
        descriptions.append(description)
        return engine.join(description, startsMedia: startsMedia, at: now)
    }

    private mutating func webRTCLeg(
        _ side: SessionSide, _ direction: MediaDirection, _ kinds: [LoadFlowKind], _ number: Int,
        _ fingerprint: CertificateFingerprint, _ hasOwnSocket: Bool, _ change: (inout WebRTCClientAnswer) -> Void
    ) throws -> [LoadLinkDescription] {
        let end: UInt32 = direction == .publish ? 0 : 1
        let tracks = kinds.enumerated().map { place, kind in
            WebRTCClientOffer.Track(
                kind: kind.media, payloadType: kind == .video ? 96 : 111, mid: String(place),
                ssrc: SSRC(UInt32(number * 8) + UInt32(kind.rawValue) * 2 + end + 1000), cname: "bench",
                extensions: [HeaderExtensionMapping(id: 1, uri: RTPHeaderExtensionURI.absoluteCaptureTime)])
        }
        let offer = WebRTCClientOffer(
            direction: direction, sessionID: 1, credentials: ICECredentials(using: &generator),
            fingerprint: fingerprint, tracks: tracks)
        let context = NegotiationContext(
            direction: direction, clientAddress: .loopbackV4, requestIsPrivate: true,
            mediaAddresses: [Self.relay.address], mediaPort: Self.relay.port, sessionID: 2)
        let media = try negotiateWebRTC(
            offer: offer.sessionDescription(), context: context,
            terms: WebRTCAnswerTerms(fingerprint: try shard.certificateFingerprint()), using: &generator)
        _ = try shard.addLeg(
            LegDescription(session: RelaySessionKey(rawValue: UInt64(number)), side: side, media: media), at: now)
        var answer = try WebRTCClientAnswer.read(media.answer.serialized(), to: offer)
        change(&answer)
        let socket = hasOwnSocket ? engine.legs.count + 1 : nil
        let leg = try engine.connect(
            LoadLegDescription(
                answer: answer, credentials: offer.credentials, direction: direction, socket: socket, postedAt: now,
                seed: generator.next()),
            at: now)
        return zip(tracks, answer.tracks).map {
            LoadLinkDescription(ssrc: $0.ssrc, cname: "bench", answer: $1, leg: leg)
        }
    }

    // MARK: - Time

    /// Lets everything happen that is due within the next milliseconds, in its order.
    mutating func run(milliseconds: Int64) {
        let end = now.advanced(byMilliseconds: milliseconds)
        while true {
            let due = [engine.nextDue, shard.nextTimeout, flying.first?.at].compactMap { $0 }.min()
            guard let due, due <= end else { break }
            now = max(now, due)
            step()
        }
        now = end
    }

    /// As a generator that was held up: nothing happens for a while, then everything that was due.
    mutating func stall(milliseconds: Int64) {
        now = now.advanced(byMilliseconds: milliseconds)
        step()
    }

    private mutating func step() {
        while let next = flying.first, next.at <= now {
            flying.removeFirst()
            hand(next.bytes, to: next.destination, at: now)
        }
        while let socket = engine.fill(&outgoing, at: now, unixNanoseconds: unixNanoseconds) {
            for index in 0..<outgoing.count {
                let bytes = outgoing.bytes(at: index)
                var times = 1
                switch DatagramKind(bytes.rawSpan) {
                case .rtp:
                    sent.append((now, socket, bytes))
                    times = fateToRelay(sent.count).times
                case let kind where kind != .rtcp:
                    control.append((now, kind))
                    times = passes(kind) ? 1 : 0
                default: break
                }
                let local = outgoing[index].path.local
                let port = Self.address(ofSocket: socket)
                let source = local.isUnspecified ? port : SocketAddress(local, port: port.port)
                sources.insert(source)
                for _ in 0..<times { _ = received.append(bytes, from: source, to: Self.relay) }
            }
            outgoing.removeAll()
            relay()
        }
        if let due = shard.nextTimeout, due <= now {
            shard.handleTimeout(at: now, into: &forwarded)
            deliver()
        }
    }

    private mutating func relay() {
        var index = 0
        while index < received.count {
            index = shard.receive(&received, startingAt: index, into: &forwarded, at: now)
            deliver()
        }
        received.removeAll()
    }

    private mutating func deliver() {
        for index in 0..<forwarded.count {
            let bytes = forwarded.bytes(at: index)
            let destination = forwarded.destination(at: index)
            let arrival = now.advanced(byNanoseconds: delay)
            switch DatagramKind(bytes.rawSpan) {
            case .rtp:
                mediaSeen += 1
                for _ in 0..<fate(mediaSeen).times { hand(bytes, to: destination, at: arrival) }
            case .rtcp: hand(bytes, to: destination, at: arrival)
            case let kind: if passes(kind) { flying.append((arrival, bytes, destination)) }
            }
        }
        forwarded.removeAll()
    }

    /// Gives the generator a datagram as if the relay had sent it.
    mutating func hand(_ bytes: [UInt8], toSocket socket: Int) {
        hand(bytes, to: Self.address(ofSocket: socket), at: now.advanced(byNanoseconds: delay))
    }

    mutating func hand(_ bytes: [UInt8], to destination: SocketAddress, at arrival: Instant) {
        var batch = ReceiveBatch(capacity: 1)
        _ = batch.append(bytes, from: Self.relay, to: destination)
        engine.receive(
            &batch, socket: Int(destination.port) - 20_000, at: arrival,
            unixNanoseconds: Self.unixOffset + arrival.nanoseconds)
    }
}
