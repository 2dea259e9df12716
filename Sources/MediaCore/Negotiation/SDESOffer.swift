public import MediaWire

/// The offer of an endpoint that brings its keys along: WHIP to publish, WHEP to play.
public struct SDESOffer: Sendable {
    public var direction: MediaDirection
    public var sessionID: UInt64
    public var tracks: [Track]

    /// One m-line.
    public struct Track: Sendable {
        public var kind: MediaKind
        /// 96 to 127, or 35 to 63.
        public var payloadType: UInt8
        /// Where this endpoint receives, RTCP included.
        public var address: SocketAddress
        /// What this endpoint protects with: media when publishing, feedback when playing.
        public var key: SRTPKey
        public var cryptoTag = 1
        public var mid: String?
        /// What this endpoint sends with.
        public var ssrcs: [SSRC]
        public var cname: String?
        public var extensions: [HeaderExtensionMapping]
        /// SAVPF instead of SAVP; without it the three messages below are not offered.
        public var usesFeedback = true
        public var nack: Bool
        public var pli: Bool
        public var fir: Bool
        public var reducedSizeRTCP = true
        public var rtcpMux = true

        /// Offers NACK, and for video PLI and FIR.
        public init(
            kind: MediaKind, payloadType: UInt8, address: SocketAddress, key: SRTPKey, mid: String? = nil,
            ssrcs: [SSRC] = [], cname: String? = nil, extensions: [HeaderExtensionMapping] = []
        ) {
            self.kind = kind
            self.payloadType = payloadType
            self.address = address
            self.key = key
            self.mid = mid
            self.ssrcs = ssrcs
            self.cname = cname
            self.extensions = extensions
            nack = true
            pli = kind == .video
            fir = kind == .video
        }
    }

    public init(direction: MediaDirection, sessionID: UInt64, tracks: [Track]) {
        self.direction = direction
        self.sessionID = sessionID
        self.tracks = tracks
    }

    public func sessionDescription() -> SessionDescription {
        let address = tracks.first?.address.address ?? .anyV4
        var offer = SessionDescription(origin: SDPOrigin(sessionID: sessionID, address: address))
        offer.connection = ConnectionData(address)
        offer.mediaDescriptions = tracks.map { $0.mediaDescription(direction) }
        return offer
    }
}

extension SDESOffer.Track {
    /// The feedback that this track offers.
    var feedback: FeedbackMessages {
        FeedbackMessages(nack: usesFeedback && nack, pli: usesFeedback && pli, fir: usesFeedback && fir)
    }

    var transport: SDESTransport { usesFeedback ? .savpf : .savp }

    fileprivate func mediaDescription(_ direction: MediaDirection) -> MediaDescription {
        var media = MediaDescription(
            kind: kind.rawValue, port: address.port, protocolName: transport.rawValue, formats: [String(payloadType)])
        media.connection = ConnectionData(address.address)
        if let mid { media.attributes.append(SDPAttribute("mid", mid)) }
        let way: StreamDirection = direction == .publish ? .sendOnly : .receiveOnly
        media.attributes.append(SDPAttribute(way.rawValue))
        media.attributes.append(RelayedCodec(kind).rtpMap(payloadType: payloadType).attribute)
        if kind == .audio { media.attributes.append(SDPAttribute("fmtp", "\(payloadType) useinbandfec=1")) }
        media.attributes += feedback.attributes(payloadType: payloadType)
        // Without mux, RTCP shares the port all the same, said the older way (RFC 3605).
        media.attributes.append(rtcpMux ? SDPAttribute("rtcp-mux") : RTCPAttribute(port: address.port).attribute)
        if usesFeedback, reducedSizeRTCP { media.attributes.append(SDPAttribute("rtcp-rsize")) }
        media.attributes += extensions.map { ExtensionMap(id: UInt16($0.id), uri: $0.uri).attribute }
        media.attributes.append(
            CryptoAttribute(tag: cryptoTag, suite: key.profile.rawValue, keySalt: key.keySalt).attribute)
        for ssrc in ssrcs {
            // RFC 5576 section 6.1 asks for a CNAME with every SSRC.
            media.attributes.append(SSRCAttribute(ssrc: ssrc, name: "cname", value: cname ?? "-").attribute)
        }
        return media
    }
}
