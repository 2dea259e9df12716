internal import MediaCore
internal import MediaWire

/// An offer of an endpoint, whatever its keys come by.
enum EndpointOffer: Sendable {
    case sdes(SDESOffer)
    case webRTC(WebRTCClientOffer)

    var text: String {
        switch self {
        case .sdes(let offer): offer.sessionDescription().serialized()
        case .webRTC(let offer): offer.sessionDescription().serialized()
        }
    }
}

/// Makes the offers of an endpoint: a payload type per kind, and an SSRC per track; a key per track, or credentials per offer.
struct OfferBuilder {
    let configuration: CallEndpointConfiguration
    /// Of the endpoint's certificate; nil where none is needed.
    let fingerprint: CertificateFingerprint?
    private var taken: Set<SSRC> = [SSRC(0)]

    /// Numbers of the dynamic range (RFC 3551 section 3).
    private static let audioPayloadType: UInt8 = 111
    private static let videoPayloadType: UInt8 = 96
    private static let captureTimeID: UInt8 = 1
    private static let midID: UInt8 = 2

    init(configuration: CallEndpointConfiguration, fingerprint: CertificateFingerprint?) {
        self.configuration = configuration
        self.fingerprint = fingerprint
    }

    mutating func offer(
        _ direction: MediaDirection, _ kinds: [MediaKind], using generator: inout some RandomNumberGenerator
    ) -> EndpointOffer? {
        guard !kinds.isEmpty, configuration.keyExchange == .sdes || fingerprint != nil else { return nil }
        // Positive in any reader's integers (RFC 8866 section 5.2 suggests a clock; a random number says less).
        let sessionID = UInt64.random(in: 1...UInt64(Int64.max), using: &generator)
        guard let fingerprint else {
            var tracks: [SDESOffer.Track] = []
            for (index, kind) in kinds.enumerated() {
                tracks.append(track(kind, mid: String(index), using: &generator))
            }
            return .sdes(SDESOffer(direction: direction, sessionID: sessionID, tracks: tracks))
        }
        var tracks: [WebRTCClientOffer.Track] = []
        for (index, kind) in kinds.enumerated() {
            tracks.append(
                WebRTCClientOffer.Track(
                    kind: kind, payloadType: Self.payloadType(kind), mid: String(index),
                    ssrc: drawSSRC(using: &generator), cname: configuration.cname,
                    extensions: [Self.captureTime, Self.mid]))
        }
        return .webRTC(
            WebRTCClientOffer(
                direction: direction, sessionID: sessionID, credentials: ICECredentials(using: &generator),
                fingerprint: fingerprint, tracks: tracks))
    }

    private static let captureTime = HeaderExtensionMapping(
        id: captureTimeID, uri: RTPHeaderExtensionURI.absoluteCaptureTime)
    private static let mid = HeaderExtensionMapping(id: midID, uri: RTPHeaderExtensionURI.mid)

    private static func payloadType(_ kind: MediaKind) -> UInt8 {
        kind == .video ? videoPayloadType : audioPayloadType
    }

    private mutating func track(
        _ kind: MediaKind, mid: String, using generator: inout some RandomNumberGenerator
    ) -> SDESOffer.Track {
        // The short tag is for sound only (RFC 4568 section 6.2.2).
        let isShortTag = configuration.profile == .aesCM128HMACSHA1_32
        let profile = kind == .video && isShortTag ? .aesCM128HMACSHA1_80 : configuration.profile
        return SDESOffer.Track(
            kind: kind, payloadType: Self.payloadType(kind), address: configuration.localAddress,
            key: SRTPKey(profile: profile, using: &generator), mid: mid, ssrcs: [drawSSRC(using: &generator)],
            cname: configuration.cname, extensions: [Self.captureTime])
    }

    private mutating func drawSSRC(using generator: inout some RandomNumberGenerator) -> SSRC {
        var value = UInt32.random(in: 1 ... .max, using: &generator)
        // Step on instead of drawing again: it ends whatever the generator gives.
        while !taken.insert(SSRC(value)).inserted { value &+= 1 }
        return SSRC(value)
    }
}
