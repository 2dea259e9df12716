internal import MediaWire

/// One m-section of an offer over DTLS-SRTP that the relay can take, read and checked.
struct WebRTCOfferedMedia {
    let media: MediaDescription
    let kind: MediaKind
    let codec: RelayedCodec
    let payloadType: UInt8
    let rtxPayloadType: UInt8?
    let ssrcs: [SSRC]
    let feedback: WebRTCFeedback
    let extensions: [ExtensionMap]

    static let transport = "UDP/TLS/RTP/SAVPF"

    /// Why one m-section is refused while the others may go on: the higher, the closer the offer came to be taken.
    enum Refusal: Int, Error, Comparable {
        case switchedOff, transport, direction, codec, mux, bundle

        static func < (a: Refusal, b: Refusal) -> Bool { a.rawValue < b.rawValue }

        func error(for media: MediaDescription, _ direction: MediaDirection) -> NegotiationError {
            switch self {
            case .switchedOff: .noMedia
            case .transport: .unsupportedTransport
            case .direction: .wrongDirection(direction)
            case .codec: .noCommonCodec
            case .mux: .muxMissing(line: media.line.number)
            case .bundle: .bundleMissing(line: media.line.number)
            }
        }
    }

    /// - Returns: the media, or why this m-section alone is refused.
    /// - Throws: what makes the whole offer unacceptable.
    static func read(
        _ media: MediaDescription, in offer: SessionDescription, _ direction: MediaDirection
    ) throws(NegotiationError) -> Result<WebRTCOfferedMedia, Refusal> {
        guard media.port != 0 || media.isBundleOnly else { return .failure(.switchedOff) }
        guard media.protocolName == transport else { return .failure(.transport) }
        guard let kind = MediaKind(rawValue: media.kind) else { return .failure(.codec) }
        let way = offer.effectiveDirection(of: media)
        guard direction == .publish ? way.sends : way.receives else { return .failure(.direction) }
        let codec = RelayedCodec(kind)
        guard let payloadType = codec.payloadType(in: media) else { return .failure(.codec) }
        // RFC 8834 section 4.5; RTCP without mux would need a second ICE component.
        guard media.rtcpMux else { return .failure(.mux) }
        let ssrcs = media.primarySSRCs
        guard ssrcs.count <= OfferedMedia.maximumSSRCs else {
            throw .malformed(
                SDPError(
                    line: media.line.number, what: "more than \(OfferedMedia.maximumSSRCs) SSRCs in one m= section"))
        }
        let extensions = offer.effectiveExtensionMaps(of: media).filter { WebRTCExtension.accepts($0, direction) }
        let rtx = kind == .video ? media.retransmissionPayloadType(of: payloadType, clockRate: codec.clockRate) : nil
        return .success(
            WebRTCOfferedMedia(
                media: media, kind: kind, codec: codec, payloadType: payloadType, rtxPayloadType: rtx, ssrcs: ssrcs,
                feedback: WebRTCFeedback(in: media, payloadType: payloadType, kind: kind, extensions),
                extensions: extensions))
    }
}

/// Which header extensions the relay takes and gives over DTLS-SRTP.
enum WebRTCExtension {
    private static let uris: Set<String> = [
        RTPHeaderExtensionURI.absoluteCaptureTime, RTPHeaderExtensionURI.audioLevel, RTPHeaderExtensionURI.mid,
        RTPHeaderExtensionURI.absoluteSendTime, RTPHeaderExtensionURI.transportSequenceNumber,
    ]

    /// Whether `map` is one of them, with an id of the one-byte form (RFC 8285 section 4.2), and goes the way of the media.
    static func accepts(_ map: ExtensionMap, _ direction: MediaDirection) -> Bool {
        let way = map.direction ?? .sendReceive
        return uris.contains(map.uri) && (1...14).contains(map.id)
            && (direction == .publish ? way.sends : way.receives)
    }
}

extension WebRTCFeedback {
    /// What the `a=rtcp-fb` lines name for `payloadType`. Transport-wide feedback needs its header extension, and where it is in
    /// use REMB is not.
    init(in media: MediaDescription, payloadType: UInt8, kind: MediaKind, _ extensions: [ExtensionMap]) {
        let common = FeedbackMessages(in: media, payloadType: payloadType, kind: kind)
        (nack, pli, fir) = (common.nack, common.pli, common.fir)
        let lines = media.rtcpFeedback.filter { $0.payloadType == payloadType || $0.payloadType == nil }
        transportWide =
            lines.contains { $0.type == "transport-cc" }
            && extensions.contains { $0.uri == RTPHeaderExtensionURI.transportSequenceNumber }
        remb = !transportWide && lines.contains { $0.type == "goog-remb" }
    }

    func attributes(payloadType: UInt8) -> [SDPAttribute] {
        var attributes = FeedbackMessages(nack: nack, pli: pli, fir: fir).attributes(payloadType: payloadType)
        for (isUsed, name) in [(transportWide, "transport-cc"), (remb, "goog-remb")] where isUsed {
            attributes.append(RTCPFeedback(payloadType: payloadType, type: name).attribute)
        }
        return attributes
    }
}

extension MediaDescription {
    /// The format that repeats packets of another (RFC 4588 section 8.1: `apt`).
    func retransmissionPayloadType(of payloadType: UInt8, clockRate: UInt32) -> UInt8? {
        rtpMaps.first { map in
            map.isCodec("rtx", clockRate: clockRate) && !(64...95).contains(map.payloadType)
                && formats.contains(String(map.payloadType))
                && formatParameters.contains {
                    $0.format == String(map.payloadType) && $0.parameter("apt") == String(payloadType)
                }
        }?.payloadType
    }

    /// Which SSRC repeats the packets of which (RFC 5576 section 4.2).
    var retransmissionSSRCs: [SSRC: SSRC] {
        var found: [SSRC: SSRC] = [:]
        for group in ssrcGroups where group.semantics == "FID" && group.ssrcs.count == 2 {
            found[group.ssrcs[0]] = group.ssrcs[1]
        }
        return found
    }
}

extension WebRTCTransportTerms {
    /// Reads what one m-section, or else the whole offer, says of ICE and DTLS.
    /// - Throws: what is missing or broken.
    init(
        of media: MediaDescription, in offer: SessionDescription, local: ICECredentials
    ) throws(NegotiationError) {
        let line = media.line.number
        guard let fragment = media.iceUfrag ?? offer.value(of: "ice-ufrag"),
            let password = media.icePwd ?? offer.value(of: "ice-pwd"),
            let remote = ICECredentials(usernameFragment: fragment, password: password)
        else { throw .credentialsMissing(line: line) }
        let written = media.fingerprints.isEmpty ? offer.values(of: "fingerprint") : media.fingerprints
        var fingerprints: [CertificateFingerprint] = []
        for fingerprint in written.compactMap(CertificateFingerprint.init(value:)) where fingerprints.count < 8 {
            if !fingerprints.contains(fingerprint) { fingerprints.append(fingerprint) }
        }
        guard !fingerprints.isEmpty else { throw .fingerprintMissing(line: line) }
        // Where the offer leaves it open, the peer begins: it knows first when its path is open (RFC 8842 section 5.3).
        let role: DTLSConnection.Role
        switch media.setup ?? offer.value(of: "setup") {
        case "actpass", "active": role = .server
        case "passive": role = .client
        default: throw .setupUnusable(line: line)
        }
        self.init(localCredentials: local, remoteCredentials: remote, fingerprints: fingerprints, role: role)
    }
}
