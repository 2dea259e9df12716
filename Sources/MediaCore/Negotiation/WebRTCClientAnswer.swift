public import MediaWire

/// What an endpoint learns from the relay's answer to its `WebRTCClientOffer`.
public struct WebRTCClientAnswer: Sendable {
    /// The accepted m-lines, in their order.
    public var tracks: [Track]
    public var credentials: ICECredentials
    /// Of the relay's certificate.
    public var fingerprints: [CertificateFingerprint]
    /// This endpoint's end of DTLS.
    public var role: DTLSConnection.Role
    /// Where the relay may be found over UDP, the best first.
    public var candidates: [SocketAddress]

    /// One accepted m-line.
    public struct Track: AnsweredTrack, Sendable {
        /// Place in the offer's tracks, from 0.
        public var mediaIndex: Int
        public var kind: MediaKind
        public var payloadType: UInt8
        /// What the relay sends media with; nil in answers to a publisher.
        public var remoteSSRC: SSRC?
        public var extensions: [HeaderExtensionMapping]
        public var nack: Bool
        public var pli: Bool
        public var fir: Bool
    }

    /// Reads the answer's text.
    /// - Throws: the line that does not fit the offer, or `everythingRefused`.
    public static func read(_ text: String, to offer: WebRTCClientOffer) throws(AnswerError) -> WebRTCClientAnswer {
        let answer = try SessionDescription.answered(text)
        try answer.checkCount(against: offer.tracks.count)
        var tracks: [Track] = []
        var tagged: MediaDescription?
        for (index, (media, offered)) in zip(answer.mediaDescriptions, offer.tracks).enumerated()
        where media.port != 0 || media.isBundleOnly {
            do throws(SDPError) {
                tracks.append(try Track(media, in: answer, to: offered, offer.direction, mediaIndex: index))
            } catch {
                throw .mismatch(error)
            }
            tagged = tagged ?? media
        }
        guard let tagged else { throw .everythingRefused }
        do throws(NegotiationError) {
            let terms = try WebRTCTransportTerms(of: tagged, in: answer, local: offer.credentials)
            let candidates = (tagged.values(of: "candidate") + answer.values(of: "candidate"))
                .compactMap(ICECandidate.init(value:))
                .filter { $0.transport == .udp && $0.component == 1 }
                .sorted { $0.priority > $1.priority }
            return WebRTCClientAnswer(
                tracks: tracks, credentials: terms.remoteCredentials, fingerprints: terms.fingerprints,
                role: terms.role, candidates: candidates.map(\.address.unmapped))
        } catch {
            throw .mismatch(SDPError(line: tagged.line.number, what: error.description))
        }
    }
}

extension WebRTCClientAnswer.Track {
    fileprivate init(
        _ media: MediaDescription, in answer: SessionDescription, to offered: WebRTCClientOffer.Track,
        _ direction: MediaDirection, mediaIndex: Int
    ) throws(SDPError) {
        try answer.check(
            media, answers: offered.kind, offered.payloadType, over: WebRTCOfferedMedia.transport, direction)
        guard media.rtcpMux else { throw SDPError(line: media.line.number, what: "rtcp-mux is missing") }
        let feedback = FeedbackMessages(in: media, payloadType: offered.payloadType, kind: offered.kind)
        self.mediaIndex = mediaIndex
        kind = offered.kind
        payloadType = offered.payloadType
        remoteSSRC = direction == .play ? media.ssrcs.first : nil
        extensions = answer.taken(offered.extensions, of: media)
        (nack, pli, fir) = (feedback.nack, feedback.pli, feedback.fir)
    }
}
