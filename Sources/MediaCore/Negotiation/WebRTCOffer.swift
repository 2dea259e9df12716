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
    /// The one encoding that is taken of those offered, by its RID; nil where the offer has no simulcast.
    let rid: String?

    static let transport = "UDP/TLS/RTP/SAVPF"

    /// - Returns: the media, or why this m-section alone is refused.
    /// - Throws: what makes the whole offer unacceptable.
    static func read(
        _ media: MediaDescription, in offer: SessionDescription, _ direction: MediaDirection
    ) throws(NegotiationError) -> Result<WebRTCOfferedMedia, OfferedSection.Refusal> {
        let section: OfferedSection
        do throws(OfferedSection.Refusal) {
            section = try OfferedSection(
                media, in: offer, direction, isTransportTaken: media.protocolName == transport)
        } catch {
            return .failure(error)
        }
        // RFC 8834 section 4.5; RTCP without mux would need a second ICE component.
        guard media.rtcpMux else { return .failure(.mux) }
        let ssrcs = try media.checkedSSRCs()
        let (kind, codec, payloadType) = (section.kind, section.codec, section.payloadType)
        let extensions = offer.effectiveExtensionMaps(of: media).filter {
            RelayedExtension.withDTLS.accepts($0, direction)
        }
        let rtx = kind == .video ? media.retransmissionPayloadType(of: payloadType, clockRate: codec.clockRate) : nil
        return .success(
            WebRTCOfferedMedia(
                media: media, kind: kind, codec: codec, payloadType: payloadType, rtxPayloadType: rtx, ssrcs: ssrcs,
                feedback: WebRTCFeedback(in: media, payloadType: payloadType, kind: kind, extensions),
                extensions: extensions,
                rid: direction == .publish ? media.preferredRID(of: payloadType) : nil))
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
    /// The encoding that the sender prefers of those that it can send as `payloadType` (RFC 8853 section 5.1: the first), unless it is
    /// paused.
    func preferredRID(of payloadType: UInt8) -> String? {
        guard let simulcast else { return nil }
        let sendable = rids.filter { rid in
            guard rid.direction == .send else { return false }
            let types = rid.restrictions.flatMap { FormatParameters(value: "0 " + $0)?.parameter("pt") }
            return types?.split(separator: ",").contains { $0 == String(payloadType) } ?? true
        }.map(\.id)
        return simulcast.send.joined().first { !$0.isPaused && sendable.contains($0.rid) }?.rid
    }

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
