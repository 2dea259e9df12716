import MediaCore
import MediaWire

/// Sets sessions up as their two sides would: created, joined, consented to, started, and all legs negotiated.
struct LoadSessionSetup: Sendable {
    let settings: LoadSettings
    let technician: LensClient
    /// Of the handshakes; nil where keys stand in the SDP.
    let certificate: LoadCertificate?
    /// SSRCs of the run are counted from here, so that no two streams share one.
    private let firstSSRC: UInt32

    /// Numbers of the dynamic range (RFC 3551 section 3).
    private static let videoPayloadType: UInt8 = 96
    private static let audioPayloadType: UInt8 = 111
    /// The one header extension on offer, which times are taken by.
    static let captureTime = HeaderExtensionMapping(id: 1, uri: RTPHeaderExtensionURI.absoluteCaptureTime)
    /// SSRCs of one session: at most two ends of three flows.
    private static let ssrcsPerSession: UInt32 = 8
    private static let maximumPlayAttempts = 4

    init(settings: LoadSettings, certificate: LoadCertificate?) {
        self.settings = settings
        self.certificate = certificate
        technician = LensClient(server: settings.server, token: settings.apiKey)
        firstSSRC = UInt32.random(in: 1 ... .max)
    }

    /// The session's two sides at the service, and its number in the whole run.
    struct Started: Sendable {
        var number: Int
        var id: String
        var customer: LensClient
        var technician: LensClient

        func client(_ side: SessionSide) -> LensClient { side == .customer ? customer : technician }
    }

    /// Brings a session to its start.
    /// - Throws: `LensClientError`, `CancellationError`.
    func start(number: Int) async throws -> Started {
        let session = try await technician.createSession(name: "load \(number)")
        guard let pin = session.pin else {
            throw LensClientError.unexpected(call: "creating a session", reason: "there is no PIN")
        }
        let (joined, customer) = try await technician.join(pin: pin)
        try await customer.devices(camera: settings.video != nil, microphone: true)
        try await customer.acceptEULA(version: joined.eulaVersion)
        try await technician.start(session.id)
        return Started(number: number, id: session.id, customer: customer, technician: technician)
    }

    /// Negotiates all legs.
    /// - Parameter index: of the session on its thread.
    /// - Returns: what the thread needs.
    /// - Throws: `LensClientError`, `EndpointError`, `CancellationError`.
    func negotiate(_ session: Started, index: Int, on thread: LoadThread) async throws -> LoadSessionDescription {
        switch certificate {
        case .some(let certificate): try await negotiateLegs(session, certificate, on: thread)
        case .none: try await negotiateSDES(session, index: index, thread.pool)
        }
    }

    // MARK: - Keys in the SDP

    private func negotiateSDES(
        _ session: Started, index: Int, _ pool: LoadSocketPool
    ) async throws -> LoadSessionDescription {
        let number = session.number
        let sockets = try (pool.socket(of: index, .customer), pool.socket(of: index, .technician))
        var description = LoadSessionDescription(
            number: number, customerSocket: sockets.0.number, technicianSocket: sockets.1.number, flows: [])
        for side in SessionSide.allCases {
            let (client, other) = (session.client(side), session.client(side.other))
            let kinds = settings.flowKinds.filter { $0.publisher == side }
            guard !kinds.isEmpty else { continue }
            let (from, to) = side == .customer ? sockets : (sockets.1, sockets.0)
            let sent = try await publish(kinds, number, session.id, client, from.address)
            let seen = try await play(kinds, number, session.id, other, to, pool)
            description.flows += zip(kinds, zip(sent, seen)).map { .init(kind: $0, publisher: $1.0, player: $1.1) }
        }
        return description
    }

    private func publish(
        _ kinds: [LoadFlowKind], _ number: Int, _ session: String, _ client: LensClient, _ address: SocketAddress
    ) async throws -> [LoadLinkDescription] {
        let offer = offer(.publish, kinds, number, address)
        let answer = try await client.whip(session, offer: offer.sessionDescription().serialized()).answer
        return try links(offer, answer)
    }

    /// Plays anew if the relay has chosen an SSRC that another stream on the same socket has already.
    private func play(
        _ kinds: [LoadFlowKind], _ number: Int, _ session: String, _ client: LensClient,
        _ socket: (number: Int, address: SocketAddress), _ pool: LoadSocketPool
    ) async throws -> [LoadLinkDescription] {
        for _ in 0..<Self.maximumPlayAttempts {
            let offer = offer(.play, kinds, number, socket.address)
            let answer = try await client.whep(session, offer: offer.sessionDescription().serialized()).answer
            let links = try links(offer, answer)
            let ssrcs = links.compactMap(\.remoteSSRC)
            if pool.claim(ssrcs, on: socket.number) { return links }
        }
        throw EndpointError.negotiation("its SSRCs are those of other sessions time and again")
    }

    private func offer(
        _ direction: MediaDirection, _ kinds: [LoadFlowKind], _ number: Int, _ address: SocketAddress
    ) -> SDESOffer {
        var generator = SystemRandomNumberGenerator()
        let tracks = kinds.enumerated().map { place, kind in
            // The short tag is for sound only (RFC 4568 section 6.2.2).
            let isShortTag = settings.profile == .aesCM128HMACSHA1_32
            let profile = kind == .video && isShortTag ? .aesCM128HMACSHA1_80 : settings.profile
            return SDESOffer.Track(
                kind: kind.media, payloadType: Self.payloadType(kind), address: address,
                key: SRTPKey(profile: profile, using: &generator), mid: String(place),
                ssrcs: [ssrc(direction, kind, number)], cname: Self.cname(direction, kind, number),
                extensions: [Self.captureTime])
        }
        return SDESOffer(direction: direction, sessionID: UInt64(number) + 1, tracks: tracks)
    }

    private func links(_ offer: SDESOffer, _ answer: String) throws -> [LoadLinkDescription] {
        let read: SDESAnswer
        do {
            read = try SDESAnswer.read(answer, to: offer)
        } catch {
            throw EndpointError.negotiation(error.description)
        }
        let links = zip(offer.tracks, read.tracks).map { track, answer in
            LoadLinkDescription(
                ssrc: track.ssrcs.first ?? SSRC(0), cname: track.cname ?? "load", key: track.key, answer: answer)
        }
        return try Self.checked(links, offer.direction, count: offer.tracks.count)
    }

    // MARK: - Streams

    static func payloadType(_ kind: LoadFlowKind) -> UInt8 { kind == .video ? videoPayloadType : audioPayloadType }

    /// What an end of a stream sends with.
    func ssrc(_ direction: MediaDirection, _ kind: LoadFlowKind, _ number: Int) -> SSRC {
        let end: UInt32 = direction == .publish ? 0 : 1
        let session = firstSSRC &+ UInt32(truncatingIfNeeded: number) &* Self.ssrcsPerSession
        return SSRC(session &+ UInt32(kind.rawValue) * 2 &+ end)
    }

    static func cname(_ direction: MediaDirection, _ kind: LoadFlowKind, _ number: Int) -> String {
        "load-\(number)-\(kind.publisher == .customer ? "c" : "t")\(direction == .publish ? 0 : 1)"
    }

    /// The streams of a leg, if they are what a load needs.
    /// - Throws: `EndpointError.negotiation`.
    static func checked(
        _ links: [LoadLinkDescription], _ direction: MediaDirection, count: Int
    ) throws -> [LoadLinkDescription] {
        guard links.count == count else { throw EndpointError.negotiation("it refuses a part of the media") }
        for link in links {
            guard link.captureTimeID != nil else {
                throw EndpointError.negotiation(
                    "it does not take the capture time's header extension, which times are taken by")
            }
            guard direction == .publish || link.remoteSSRC != nil else {
                throw EndpointError.negotiation("it does not name the SSRCs that it sends with")
            }
        }
        return links
    }
}
