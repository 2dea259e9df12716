public import MediaWire

/// The offer of an endpoint whose keys come from a DTLS handshake: WHIP to publish, WHEP to play. All m-lines share one transport.
public struct WebRTCClientOffer: Sendable {
    public var direction: MediaDirection
    public var sessionID: UInt64
    public var credentials: ICECredentials
    /// Of the endpoint's certificate.
    public var fingerprint: CertificateFingerprint
    public var tracks: [Track]

    /// One m-line.
    public struct Track: Sendable {
        public var kind: MediaKind
        /// 96 to 127, or 35 to 63.
        public var payloadType: UInt8
        public var mid: String
        /// What this endpoint sends with.
        public var ssrc: SSRC
        public var cname: String
        public var extensions: [HeaderExtensionMapping]

        public init(
            kind: MediaKind, payloadType: UInt8, mid: String, ssrc: SSRC, cname: String,
            extensions: [HeaderExtensionMapping] = []
        ) {
            self.kind = kind
            self.payloadType = payloadType
            self.mid = mid
            self.ssrc = ssrc
            self.cname = cname
            self.extensions = extensions
        }
    }

    public init(
        direction: MediaDirection, sessionID: UInt64, credentials: ICECredentials, fingerprint: CertificateFingerprint,
        tracks: [Track]
    ) {
        self.direction = direction
        self.sessionID = sessionID
        self.credentials = credentials
        self.fingerprint = fingerprint
        self.tracks = tracks
    }

    /// Without candidates: the relay learns this side's addresses from its checks.
    public func sessionDescription() -> SessionDescription {
        var offer = SessionDescription(origin: SDPOrigin(sessionID: sessionID, address: .anyV4))
        offer.attributes = [SDPAttribute("group", (["BUNDLE"] + tracks.map(\.mid)).joined(separator: " "))]
        offer.mediaDescriptions = tracks.map(mediaDescription)
        return offer
    }

    private func mediaDescription(_ track: Track) -> MediaDescription {
        var media = MediaDescription(
            kind: track.kind.rawValue, port: 9, protocolName: WebRTCOfferedMedia.transport,
            formats: [String(track.payloadType)])
        media.connection = ConnectionData(.anyV4)
        let way: StreamDirection = direction == .publish ? .sendOnly : .receiveOnly
        media.attributes = [
            SDPAttribute("mid", track.mid), SDPAttribute(way.rawValue), SDPAttribute("rtcp-mux"),
            SDPAttribute("rtcp-rsize"),
            SDPAttribute("ice-ufrag", String(decoding: credentials.usernameFragment, as: UTF8.self)),
            SDPAttribute("ice-pwd", String(decoding: credentials.password, as: UTF8.self)),
            fingerprint.attribute, SDPAttribute("setup", "actpass"),
            RelayedCodec(track.kind).rtpMap(payloadType: track.payloadType).attribute,
        ]
        if track.kind == .audio {
            media.attributes.append(SDPAttribute("fmtp", "\(track.payloadType) useinbandfec=1"))
        }
        let feedback = FeedbackMessages(nack: true, pli: track.kind == .video, fir: track.kind == .video)
        media.attributes += feedback.attributes(payloadType: track.payloadType)
        media.attributes += track.extensions.map { ExtensionMap(id: UInt16($0.id), uri: $0.uri).attribute }
        guard direction == .publish else { return media }
        media.attributes.append(SSRCAttribute(ssrc: track.ssrc, name: "cname", value: track.cname).attribute)
        return media
    }
}
