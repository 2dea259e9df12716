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

    /// SSRCs that one m-section may declare: a publisher has one stream each, a few more leave room for its restarts.
    static let maximumSSRCs = 8

    /// Why one m-section is refused while the others may go on, in the order of the checks: the higher, the closer the offer
    /// came to be taken.
    enum Refusal: Int, Error, Comparable {
        case switchedOff, transport, direction, codec, crypto, playerAddress

        static func < (a: Refusal, b: Refusal) -> Bool { a.rawValue < b.rawValue }

        func error(for media: MediaDescription, _ direction: MediaDirection) -> NegotiationError {
            switch self {
            case .switchedOff: .noMedia
            case .transport: .unsupportedTransport
            case .direction: .wrongDirection(direction)
            case .codec: .noCommonCodec
            case .crypto: .noUsableCrypto(line: media.line.number)
            case .playerAddress: .playerAddressMissing(line: media.line.number)
            }
        }
    }

    /// - Returns: the media, or why this m-section alone is refused.
    /// - Throws: what makes the whole offer unacceptable.
    static func read(
        _ media: MediaDescription, in offer: SessionDescription, _ context: NegotiationContext
    ) throws(NegotiationError) -> Result<OfferedMedia, Refusal> {
        guard media.port != 0 || media.isBundleOnly else { return .failure(.switchedOff) }
        guard let transport = SDESTransport(rawValue: media.protocolName) else { return .failure(.transport) }
        guard let kind = MediaKind(rawValue: media.kind) else { return .failure(.codec) }
        let direction = offer.effectiveDirection(of: media)
        guard context.direction == .publish ? direction.sends : direction.receives else { return .failure(.direction) }
        let codec = RelayedCodec(kind)
        guard let payloadType = codec.payloadType(in: media) else { return .failure(.codec) }
        guard
            let crypto = try SDESCryptoChoice.choose(in: media, kind: kind, preferring: context.preferredProfiles)
        else { return .failure(.crypto) }

        let ssrcs = media.primarySSRCs
        guard ssrcs.count <= maximumSSRCs else {
            throw .malformed(
                SDPError(line: media.line.number, what: "more than \(maximumSSRCs) SSRCs in one m= section"))
        }
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
                media: media, kind: kind, transport: transport, codec: codec, payloadType: payloadType, crypto: crypto,
                ssrcs: ssrcs, address: address, rtcpAddress: rtcpAddress,
                feedback: transport.usesFeedback
                    ? FeedbackMessages(in: media, payloadType: payloadType, kind: kind)
                    : FeedbackMessages(nack: false, pli: false, fir: false),
                extensions: offer.effectiveExtensionMaps(of: media).filter {
                    RelayedExtension.accepts($0, context.direction)
                }))
    }
}

/// Which header extensions the relay takes and gives.
enum RelayedExtension {
    private static let uris: Set<String> = [
        RTPHeaderExtensionURI.absoluteCaptureTime, RTPHeaderExtensionURI.audioLevel, RTPHeaderExtensionURI.mid,
    ]

    /// Whether `map` is one of them, with an id of the one-byte form (RFC 8285 section 4.2), and goes the way of the media.
    static func accepts(_ map: ExtensionMap, _ direction: MediaDirection) -> Bool {
        let way = map.direction ?? .sendReceive
        return uris.contains(map.uri) && (1...14).contains(map.id)
            && (direction == .publish ? way.sends : way.receives)
    }
}
