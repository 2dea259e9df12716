public import MediaWire

/// Why an answer cannot be used.
public enum AnswerError: Error, Sendable, Hashable, CustomStringConvertible {
    case malformed(SDPError)
    /// A line does not fit the offer.
    case mismatch(SDPError)
    /// Every m-line came back with port 0.
    case everythingRefused

    public var description: String {
        switch self {
        case .malformed(let error): "the answer is malformed (\(error)); check that the URL is a WHIP or WHEP resource"
        case .mismatch(let error): "the answer does not fit the offer (\(error)); report it to the server's operator"
        case .everythingRefused: "the server refused all media of the offer; check its codecs and profiles"
        }
    }
}

extension SessionDescription {
    /// An answer's text, read.
    static func answered(_ text: String) throws(AnswerError) -> SessionDescription {
        do throws(SDPError) {
            return try SessionDescription.parse(text)
        } catch {
            throw .malformed(error)
        }
    }

    /// An answer has an m-line for each of the offer (RFC 3264 section 6).
    func checkCount(against offered: Int) throws(AnswerError) {
        guard mediaDescriptions.count == offered else {
            throw .mismatch(
                SDPError(line: 0, what: "\(mediaDescriptions.count) media descriptions answer \(offered) offered ones"))
        }
    }

    /// Whether an m-section of this answer takes what was offered at its place.
    /// - Throws: what is another than offered.
    func check(
        _ media: MediaDescription, answers kind: MediaKind, _ payloadType: UInt8, over transport: String,
        _ direction: MediaDirection
    ) throws(SDPError) {
        func error(_ what: String) -> SDPError { SDPError(line: media.line.number, what: what) }

        guard media.kind == kind.rawValue, media.protocolName == transport else {
            throw error("kind or transport is another than offered")
        }
        guard media.formats == [String(payloadType)], RelayedCodec(kind).payloadType(in: media) == payloadType else {
            throw error("payload type or codec is another than offered")
        }
        let way = effectiveDirection(of: media)
        guard direction == .publish ? way.receives : way.sends else {
            throw error("the direction does not fit the offer")
        }
    }

    /// Those of the offered extensions that this answer takes.
    func taken(_ offered: [HeaderExtensionMapping], of media: MediaDescription) -> [HeaderExtensionMapping] {
        effectiveExtensionMaps(of: media).compactMap { map in
            offered.first { UInt16($0.id) == map.id && $0.uri == map.uri }
        }
    }
}
