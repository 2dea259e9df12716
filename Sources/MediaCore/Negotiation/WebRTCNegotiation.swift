public import MediaWire

/// What the relay says of itself in answers over ICE and DTLS.
public struct WebRTCAnswerTerms: Sendable {
    /// Of the shard's certificate.
    public var fingerprint: CertificateFingerprint
    /// Where the shard takes TCP connections (RFC 6544); nil if nowhere.
    public var tcpPort: UInt16?

    public init(fingerprint: CertificateFingerprint, tcpPort: UInt16? = nil) {
        self.fingerprint = fingerprint
        self.tcpPort = tcpPort
    }
}

/// Answers an offer over DTLS-SRTP given as text; see the other form.
public func negotiateWebRTC(
    offer text: String, context: NegotiationContext, terms: WebRTCAnswerTerms,
    using generator: inout some RandomNumberGenerator
) throws(NegotiationError) -> WebRTCMedia {
    try negotiateWebRTC(offer: SessionDescription.offered(text), context: context, terms: terms, using: &generator)
}

/// Answers an offer over DTLS-SRTP (RFC 9429, RFC 9143, RFC 8839) as an ICE-lite agent with all m-lines on one transport.
///
/// m-lines that cannot be taken are answered with port 0 in their place and leave the bundle; if none is left, the error is that of
/// the one that came closest. Of a simulcast one encoding is taken, the one that the peer prefers (RFC 8853 section 5.3.2).
/// - Parameter generator: gives the relay's ICE password, so it must be cryptographic outside of tests.
/// - Throws: what is wrong with the offer, with the next step in its description.
public func negotiateWebRTC(
    offer: SessionDescription, context: NegotiationContext, terms: WebRTCAnswerTerms,
    using generator: inout some RandomNumberGenerator
) throws(NegotiationError) -> WebRTCMedia {
    guard !offer.mediaDescriptions.isEmpty else { throw .noMedia }
    guard let mainAddress = context.mediaAddress(for: context.clientAddress) else { throw .noMediaAddress }
    let accepted = try acceptedMedia(of: offer, context.direction)

    // The offer's transport is that of its first m-line in the group that is taken (RFC 9143 section 7.3.1).
    let order = offer.bundledMids ?? []
    let tagged =
        order.lazy.compactMap { mid in accepted.first { $0.value.media.mid == mid } }.first
        ?? accepted.min { $0.key < $1.key }
    guard let tagged else { throw .noMedia }
    let transport = try WebRTCTransportTerms(
        of: tagged.value.media, in: offer, local: ICECredentials(using: &generator))

    var answer = WebRTCAnswer(
        context: context, terms: terms, transport: transport, address: mainAddress,
        cname: randomCNAME(using: &generator))
    var ssrcs = UniqueSSRCs(taken: offer.mediaDescriptions.flatMap(\.ssrcs))
    var tracks: [WebRTCTrack] = []
    for (index, media) in offer.mediaDescriptions.enumerated() {
        guard let offered = accepted[index] else {
            answer.refuse(media)
            continue
        }
        var track = WebRTCTrack(offered, mediaIndex: index, slotSSRC: ssrcs.next(using: &generator))
        if context.direction == .play, offered.rtxPayloadType != nil {
            track.rtxSlotSSRC = ssrcs.next(using: &generator)
        }
        answer.accept(offered, track, isTagged: index == tagged.key)
        tracks.append(track)
    }
    return WebRTCMedia(
        direction: context.direction, transport: transport, tracks: tracks,
        answer: answer.description(isBundled: offer.bundledMids != nil), cname: answer.cname)
}

/// The m-sections to take, by their places in the offer.
private func acceptedMedia(
    of offer: SessionDescription, _ direction: MediaDirection
) throws(NegotiationError) -> [Int: WebRTCOfferedMedia] {
    var accepted: [Int: WebRTCOfferedMedia] = [:]
    var refusal: (OfferedSection.Refusal, MediaDescription)?
    let bundled = offer.bundledMids.map(Set.init)
    for (index, media) in offer.mediaDescriptions.enumerated() {
        var result = try WebRTCOfferedMedia.read(media, in: offer, direction)
        if case .success = result {
            // All share one transport, which they do only in the group; without one the first m-line has it alone.
            let fits = bundled.map { group in media.mid.map(group.contains) ?? false } ?? accepted.isEmpty
            if !fits { result = .failure(.bundle) }
        }
        switch result {
        case .success(let offered):
            guard accepted.count < NegotiationLimits.tracks else {
                throw .tooManyTracks(limit: NegotiationLimits.tracks)
            }
            accepted[index] = offered
        case .failure(let reason):
            if refusal.map({ $0.0 < reason }) ?? true { refusal = (reason, media) }
        }
    }
    if accepted.isEmpty, let (reason, media) = refusal { throw reason.error(for: media, direction) }
    return accepted
}

extension SessionDescription {
    /// Whether any m-line takes its keys from a DTLS handshake.
    public var usesDTLS: Bool {
        mediaDescriptions.contains { $0.protocolName == WebRTCOfferedMedia.transport }
    }
}

extension WebRTCTrack {
    fileprivate init(_ offered: WebRTCOfferedMedia, mediaIndex: Int, slotSSRC: SSRC) {
        kind = offered.kind
        self.mediaIndex = mediaIndex
        mid = offered.media.mid
        payloadType = offered.payloadType
        rtxPayloadType = offered.rtxPayloadType
        clockRate = offered.codec.clockRate
        declaredSSRCs = offered.ssrcs
        declaredRTX = offered.media.retransmissionSSRCs
        cname = offered.media.cname
        feedback = offered.feedback
        extensions = offered.extensions.map(HeaderExtensionMapping.init)
        rid = offered.rid
        reducedSizeRTCP = offered.media.rtcpReducedSize
        self.slotSSRC = slotSSRC
    }
}
