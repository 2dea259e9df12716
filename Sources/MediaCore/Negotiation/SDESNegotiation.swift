public import MediaWire

/// Limits of one offer.
public enum NegotiationLimits {
    /// m-lines that one leg may have accepted: camera, screen and voice leave ample room.
    public static let tracks = 8
}

/// Answers an offer whose keys come by `a=crypto` (RFC 3264, RFC 4568), given as text.
/// - Throws: what is wrong with the offer, with the next step in its description.
public func negotiateSDES(
    offer text: String, context: NegotiationContext, using generator: inout some RandomNumberGenerator
) throws(NegotiationError) -> NegotiatedMedia {
    try negotiateSDES(offer: SessionDescription.offered(text), context: context, using: &generator)
}

/// Answers an offer whose keys come by `a=crypto` (RFC 3264, RFC 4568).
///
/// m-lines that cannot be taken are answered with port 0 in their place; if none is left, the error is that of the one that
/// came closest. Work grows with the size of the offer only.
/// - Parameter generator: gives the relay's keys, so it must be cryptographic outside of tests.
/// - Throws: what is wrong with the offer, with the next step in its description.
public func negotiateSDES(
    offer: SessionDescription, context: NegotiationContext, using generator: inout some RandomNumberGenerator
) throws(NegotiationError) -> NegotiatedMedia {
    guard !offer.mediaDescriptions.isEmpty else { throw .noMedia }
    guard offer.usesSDES else { throw .unsupportedTransport }
    guard context.requestIsPrivate else { throw .insecureRequest }
    guard let mainAddress = context.mediaAddress(for: context.clientAddress) else { throw .noMediaAddress }

    var ssrcs = UniqueSSRCs(taken: offer.mediaDescriptions.flatMap(\.ssrcs))
    let cname = randomCNAME(using: &generator)
    var answer = SessionDescription(origin: SDPOrigin(sessionID: context.sessionID, address: mainAddress))
    answer.connection = ConnectionData(mainAddress)
    var tracks: [NegotiatedTrack] = []
    var refusal: (OfferedSection.Refusal, MediaDescription)?

    for (index, media) in offer.mediaDescriptions.enumerated() {
        switch try OfferedMedia.read(media, in: offer, context) {
        case .failure(let reason):
            if refusal.map({ $0.0 < reason }) ?? true { refusal = (reason, media) }
            answer.mediaDescriptions.append(.refusing(media))
        case .success(let offered):
            guard tracks.count < NegotiationLimits.tracks else { throw .tooManyTracks(limit: NegotiationLimits.tracks) }
            let track = NegotiatedTrack(
                offered, mediaIndex: index, slotSSRC: ssrcs.next(using: &generator),
                outgoingKey: SRTPKey(profile: offered.crypto.key.profile, using: &generator))
            let peer = context.direction == .play ? offered.address?.address : context.clientAddress
            tracks.append(track)
            answer.mediaDescriptions.append(
                .accepting(
                    offered, track, context, relayAddress: context.mediaAddress(for: peer) ?? mainAddress, cname: cname)
            )
        }
    }
    if tracks.isEmpty, let (refusal, media) = refusal { throw refusal.error(for: media, context.direction) }
    return NegotiatedMedia(direction: context.direction, tracks: tracks, answer: answer, cname: cname)
}

extension SessionDescription {
    /// Whether any m-line takes its keys from `a=crypto`.
    public var usesSDES: Bool { mediaDescriptions.contains { SDESTransport(rawValue: $0.protocolName) != nil } }
}

// MARK: - Answer

extension NegotiatedTrack {
    fileprivate init(_ offered: OfferedMedia, mediaIndex: Int, slotSSRC: SSRC, outgoingKey: SRTPKey) {
        self.init(
            kind: offered.kind, mediaIndex: mediaIndex, mid: offered.media.mid, payloadType: offered.payloadType,
            clockRate: offered.codec.clockRate, channels: offered.codec.channels, profile: offered.crypto.key.profile,
            incomingKey: offered.crypto.key, outgoingKey: outgoingKey, cryptoTag: offered.crypto.tag,
            declaredSSRCs: offered.ssrcs, cname: offered.media.cname, announcedAddress: offered.address,
            announcedRTCPAddress: offered.rtcpAddress, rtcpMux: offered.media.rtcpMux,
            reducedSizeRTCP: offered.transport.usesFeedback && offered.media.rtcpReducedSize,
            usesFeedback: offered.transport.usesFeedback, nack: offered.feedback.nack, pli: offered.feedback.pli,
            fir: offered.feedback.fir,
            extensions: offered.extensions.map(HeaderExtensionMapping.init),
            slotSSRC: slotSSRC)
    }
}

extension MediaDescription {
    fileprivate static func accepting(
        _ offered: OfferedMedia, _ track: NegotiatedTrack, _ context: NegotiationContext, relayAddress: IPAddress,
        cname: String
    ) -> MediaDescription {
        let payloadType = track.payloadType
        let direction: StreamDirection = context.direction == .publish ? .receiveOnly : .sendOnly
        var media = MediaDescription(
            kind: track.kind.rawValue, port: context.mediaPort, protocolName: offered.transport.rawValue,
            formats: [String(payloadType)])
        media.connection = ConnectionData(relayAddress)
        if let mid = track.mid { media.attributes.append(SDPAttribute("mid", mid)) }
        media.attributes.append(SDPAttribute(direction.rawValue))
        media.attributes.append(offered.codec.rtpMap(payloadType: payloadType).attribute)
        if track.kind == .audio { media.attributes.append(SDPAttribute("fmtp", "\(payloadType) useinbandfec=1")) }
        media.attributes += offered.feedback.attributes(payloadType: payloadType)
        // RTCP comes on the media port in any case (RFC 5761 section 5.1.3, RFC 3605).
        media.attributes.append(
            track.rtcpMux ? SDPAttribute("rtcp-mux") : RTCPAttribute(port: context.mediaPort).attribute)
        if track.reducedSizeRTCP { media.attributes.append(SDPAttribute("rtcp-rsize")) }
        for map in offered.extensions {
            media.attributes.append(
                ExtensionMap(id: map.id, direction: map.direction == nil ? nil : direction, uri: map.uri).attribute)
        }
        media.attributes.append(
            CryptoAttribute(
                tag: track.cryptoTag, suite: track.profile.rawValue, keySalt: track.outgoingKey.keySalt
            ).attribute)
        if context.direction == .play {
            media.attributes.append(SSRCAttribute(ssrc: track.slotSSRC, name: "cname", value: cname).attribute)
        }
        return media
    }
}
