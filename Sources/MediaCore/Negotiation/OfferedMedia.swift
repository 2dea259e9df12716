internal import MediaWire

/// One m-section of an offer that the relay can take, read and checked.
struct OfferedMedia {
    let media: MediaDescription
    let kind: MediaKind
    let transport: SDESTransport
    let codec: RelayedCodec
    let payloadType: UInt8
    let crypto: SDESCryptoChoice
    let ssrcs: [SSRC]
    let address: SocketAddress?
    let rtcpAddress: SocketAddress?
    let feedback: FeedbackMessages
    let extensions: [ExtensionMap]

    /// - Returns: the media, or why this m-section alone is refused.
    /// - Throws: what makes the whole offer unacceptable.
    static func read(
        _ media: MediaDescription, in offer: SessionDescription, _ context: NegotiationContext
    ) throws(NegotiationError) -> Result<OfferedMedia, OfferedSection.Refusal> {
        let transport = SDESTransport(rawValue: media.protocolName)
        let section: OfferedSection
        do throws(OfferedSection.Refusal) {
            section = try OfferedSection(media, in: offer, context.direction, isTransportTaken: transport != nil)
        } catch {
            return .failure(error)
        }
        guard let transport else { return .failure(.transport) }
        guard
            let crypto = try SDESCryptoChoice.choose(
                in: media, kind: section.kind, preferring: context.preferredProfiles)
        else { return .failure(.crypto) }

        let ssrcs = try media.checkedSSRCs()
        let address = offer.announcedAddress(of: media)?.unmapped
        let rtcpAddress = offer.announcedRTCPAddress(of: media)?.unmapped
        switch context.direction {
        case .publish:
            guard address != nil || !ssrcs.isEmpty else { throw .senderUnknown(line: media.line.number) }
        case .play:
            guard let address else { return .failure(.playerAddress) }
            for destination in [address, rtcpAddress ?? address] where !context.maySend(to: destination) {
                throw .playerAddressForbidden(destination)
            }
        }
        return .success(
            OfferedMedia(
                media: media, kind: section.kind, transport: transport, codec: section.codec,
                payloadType: section.payloadType, crypto: crypto,
                ssrcs: ssrcs, address: address, rtcpAddress: rtcpAddress,
                feedback: transport.usesFeedback
                    ? FeedbackMessages(in: media, payloadType: section.payloadType, kind: section.kind)
                    : FeedbackMessages(nack: false, pli: false, fir: false),
                extensions: offer.effectiveExtensionMaps(of: media).filter {
                    RelayedExtension.withSDES.accepts($0, context.direction)
                }))
    }
}

/// Which header extensions the relay takes and gives.
struct RelayedExtension {
    private let uris: Set<String>

    static let withSDES = RelayedExtension(uris: [
        RTPHeaderExtensionURI.absoluteCaptureTime, RTPHeaderExtensionURI.audioLevel, RTPHeaderExtensionURI.mid,
    ])
    /// With those of congestion control.
    static let withDTLS = RelayedExtension(
        uris: withSDES.uris.union([
            RTPHeaderExtensionURI.absoluteSendTime, RTPHeaderExtensionURI.transportSequenceNumber,
            RTPHeaderExtensionURI.rid, RTPHeaderExtensionURI.repairedRID,
        ]))

    /// Whether `map` is one of them, with an id of the one-byte form (RFC 8285 section 4.2), and goes the way of the media.
    func accepts(_ map: ExtensionMap, _ direction: MediaDirection) -> Bool {
        let way = map.direction ?? .sendReceive
        // The relay sends no simulcast.
        let isRID = map.uri == RTPHeaderExtensionURI.rid || map.uri == RTPHeaderExtensionURI.repairedRID
        if isRID, direction == .play { return false }
        return uris.contains(map.uri) && (1...14).contains(map.id)
            && (direction == .publish ? way.sends : way.receives)
    }
}
