public import MediaWire

/// What an m-section needs, whatever its keys come by: it is on, has a transport that is taken, goes the right way, and has the codec
/// that is forwarded.
struct OfferedSection {
    let kind: MediaKind
    let codec: RelayedCodec
    let payloadType: UInt8

    /// SSRCs that one m-section may declare: a publisher has one stream each, a few more leave room for its restarts.
    static let maximumSSRCs = 8

    /// Why one m-section is refused while the others may go on, in the order of the checks: the higher, the closer the offer
    /// came to be taken.
    enum Refusal: Int, Error, Comparable {
        case switchedOff, transport, direction, codec, mux, bundle, crypto, playerAddress

        static func < (a: Refusal, b: Refusal) -> Bool { a.rawValue < b.rawValue }

        func error(for media: MediaDescription, _ direction: MediaDirection) -> NegotiationError {
            switch self {
            case .switchedOff: .noMedia
            case .transport: .unsupportedTransport
            case .direction: .wrongDirection(direction)
            case .codec: .noCommonCodec
            case .mux: .muxMissing(line: media.line.number)
            case .bundle: .bundleMissing(line: media.line.number)
            case .crypto: .noUsableCrypto(line: media.line.number)
            case .playerAddress: .playerAddressMissing(line: media.line.number)
            }
        }
    }

    /// - Parameter isTransportTaken: whether the protocol of its `m=` line is one.
    /// - Throws: why it is refused.
    init(
        _ media: MediaDescription, in offer: SessionDescription, _ direction: MediaDirection, isTransportTaken: Bool
    ) throws(Refusal) {
        guard media.port != 0 || media.isBundleOnly else { throw .switchedOff }
        guard isTransportTaken else { throw .transport }
        guard let kind = MediaKind(rawValue: media.kind) else { throw .codec }
        let way = offer.effectiveDirection(of: media)
        guard direction == .publish ? way.sends : way.receives else { throw .direction }
        codec = RelayedCodec(kind)
        guard let payloadType = codec.payloadType(in: media) else { throw .codec }
        self.kind = kind
        self.payloadType = payloadType
    }
}

extension SessionDescription {
    /// The offer that a request brought.
    /// - Throws: that it is empty, or the line that is wrong.
    public static func offered(_ text: String) throws(NegotiationError) -> SessionDescription {
        guard text.utf8.contains(where: { $0 > UInt8(ascii: " ") }) else { throw .empty }
        do throws(SDPError) {
            return try SessionDescription.parse(text)
        } catch {
            throw .malformed(error)
        }
    }
}
