public import MediaWire

/// What an endpoint learns from the relay's answer to its `SDESOffer`.
public struct SDESAnswer: Sendable {
    /// The accepted m-lines, in their order.
    public var tracks: [Track]

    /// One accepted m-line.
    public struct Track: AnsweredTrack, Sendable {
        /// Place in the offer's tracks, from 0.
        public var mediaIndex: Int
        public var kind: MediaKind
        public var payloadType: UInt8
        /// Where the relay receives.
        public var remoteAddress: SocketAddress
        /// The same where RTP and RTCP share a port.
        public var remoteRTCPAddress: SocketAddress
        public var rtcpMux: Bool
        public var reducedSizeRTCP: Bool
        /// What the relay protects with; the endpoint's own key is the offer's.
        public var remoteKey: SRTPKey
        /// What the relay sends media with; empty in answers to a publisher.
        public var remoteSSRCs: [SSRC]
        public var cname: String?
        public var extensions: [HeaderExtensionMapping]
        public var usesFeedback: Bool
        public var nack: Bool
        public var pli: Bool
        public var fir: Bool

        public var remoteSSRC: SSRC? { remoteSSRCs.first }
    }

    /// Reads the answer's text.
    /// - Throws: the line that does not fit the offer, or `everythingRefused`.
    public static func read(_ text: String, to offer: SDESOffer) throws(AnswerError) -> SDESAnswer {
        try read(SessionDescription.answered(text), to: offer)
    }

    public static func read(_ answer: SessionDescription, to offer: SDESOffer) throws(AnswerError) -> SDESAnswer {
        try answer.checkCount(against: offer.tracks.count)
        var tracks: [Track] = []
        for (index, (media, offered)) in zip(answer.mediaDescriptions, offer.tracks).enumerated() where media.port != 0
        {
            do throws(SDPError) {
                tracks.append(try Track(media, in: answer, to: offered, offer.direction, mediaIndex: index))
            } catch {
                throw .mismatch(error)
            }
        }
        guard !tracks.isEmpty else { throw .everythingRefused }
        return SDESAnswer(tracks: tracks)
    }
}

extension SDESAnswer.Track {
    fileprivate init(
        _ media: MediaDescription, in answer: SessionDescription, to offered: SDESOffer.Track,
        _ direction: MediaDirection, mediaIndex: Int
    ) throws(SDPError) {
        func error(_ what: String) -> SDPError { SDPError(line: media.line.number, what: what) }

        try answer.check(
            media, answers: offered.kind, offered.payloadType, over: offered.transport.rawValue, direction)
        guard let address = answer.announcedAddress(of: media) else { throw error("no address to send to") }
        guard let rtcpAddress = answer.announcedRTCPAddress(of: media) else { throw error("no address for RTCP") }
        guard !media.rtcpMux || offered.rtcpMux else { throw error("rtcp-mux was not offered") }
        let feedback = FeedbackMessages(in: media, payloadType: offered.payloadType, kind: offered.kind)
        let allowed = offered.feedback

        self.mediaIndex = mediaIndex
        kind = offered.kind
        payloadType = offered.payloadType
        remoteAddress = address.unmapped
        remoteRTCPAddress = rtcpAddress.unmapped
        rtcpMux = media.rtcpMux
        reducedSizeRTCP = media.rtcpReducedSize && offered.usesFeedback && offered.reducedSizeRTCP
        remoteKey = try Self.key(in: media, to: offered)
        remoteSSRCs = media.ssrcs
        cname = media.cname
        extensions = answer.taken(offered.extensions, of: media)
        usesFeedback = offered.usesFeedback
        nack = feedback.nack && allowed.nack
        pli = feedback.pli && allowed.pli
        fir = feedback.fir && allowed.fir
    }

    /// The key of the one `a=crypto` line, whose tag and suite must be those of the offer (RFC 4568 section 5.1.2).
    private static func key(in media: MediaDescription, to offered: SDESOffer.Track) throws(SDPError) -> SRTPKey {
        let lines = media.attributes.filter { $0.name == "crypto" }
        guard lines.count == 1, let line = lines.first else {
            throw SDPError(line: media.line.number, what: "expected one crypto line, not \(lines.count)")
        }
        let crypto = try CryptoAttribute.parse(line)
        guard crypto.tag == offered.cryptoTag, crypto.suite == offered.key.profile.rawValue else {
            throw SDPError(line: line.line.number, what: "crypto tag or suite is another than offered")
        }
        guard crypto.keepsPacketFormat, let key = SRTPKey(profile: offered.key.profile, keySalt: crypto.keySalt) else {
            throw SDPError(line: line.line.number, what: "the crypto line's key cannot be used with its suite")
        }
        return key
    }
}
