import MediaCore
import MediaWire

/// What one end of a stream and the relay have agreed on.
struct LoadLinkDescription: Sendable {
    /// What this end sends with: media and reports when publishing, reports when playing.
    var ssrc: SSRC
    var cname: String
    var payloadType: UInt8
    /// The id of the capture time's header extension, if the relay took it.
    var captureTimeID: UInt8?
    /// What the relay sends media with; nil at the end that publishes.
    var remoteSSRC: SSRC?
    var transport: Transport

    /// Where keys and paths come from.
    enum Transport: Sendable {
        /// The SDP (RFC 4568).
        case sdes(sending: SRTPKey, receiving: SRTPKey, path: Path, controlPath: Path)
        /// The handshake of a leg, by its number.
        case leg(Int)
    }

    /// With keys from the SDP.
    init(ssrc: SSRC, cname: String, key: SRTPKey, answer: SDESAnswer.Track) {
        self.init(
            answer, ssrc: ssrc, cname: cname,
            .sdes(
                sending: key, receiving: answer.remoteKey, path: Path(to: answer.remoteAddress),
                controlPath: Path(to: answer.remoteRTCPAddress)))
    }

    /// With the keys of a leg's handshake.
    init(ssrc: SSRC, cname: String, answer: WebRTCClientAnswer.Track, leg: Int) {
        self.init(answer, ssrc: ssrc, cname: cname, .leg(leg))
    }

    private init(_ answer: some AnsweredTrack, ssrc: SSRC, cname: String, _ transport: Transport) {
        self.ssrc = ssrc
        self.cname = cname
        payloadType = answer.payloadType
        captureTimeID = answer.extensions.id(of: RTPHeaderExtensionURI.absoluteCaptureTime)
        remoteSSRC = answer.remoteSSRC
        self.transport = transport
    }

    var leg: Int? { if case .leg(let number) = transport { number } else { nil } }
}

/// What a stream's end needs of its transport, once it has keys.
struct LoadLinkTerms {
    var sending: SRTPKey
    var receiving: SRTPKey
    var path: Path
    var controlPath: Path
    /// The thread's socket that it sends with.
    var socket: Int
    /// What datagrams for it are known by: that socket, or the leg where several share it.
    var place: Int
}

/// One end of a stream: keys both ways, and where the relay receives. Whatever agrees on keys ends in one of these; streams know
/// nothing else of their transport.
struct LoadLink: ~Copyable {
    let ssrc: SSRC
    let cname: [UInt8]
    let payloadType: UInt8
    /// 0 where the relay did not take the extension.
    let captureTimeID: UInt8
    let socket: Int
    let place: Int
    /// The leg that it belongs to; -1 where keys stand in the SDP.
    let leg: Int
    let path: Path
    let controlPath: Path
    var sender: SRTPSender
    var receiver: SRTPReceiver

    /// - Throws: `SRTPError` if a key is refused.
    init(_ description: LoadLinkDescription, _ terms: LoadLinkTerms) throws(SRTPError) {
        let sender = try SRTPSender(terms.sending)
        let receiver = try SRTPReceiver(terms.receiving)
        self.init(description, terms, sender, receiver)
    }

    private init(
        _ description: LoadLinkDescription, _ terms: LoadLinkTerms, _ sender: consuming SRTPSender,
        _ receiver: consuming SRTPReceiver
    ) {
        ssrc = description.ssrc
        cname = Array(description.cname.utf8.prefix(255))
        payloadType = description.payloadType
        captureTimeID = description.captureTimeID ?? 0
        socket = terms.socket
        place = terms.place
        leg = description.leg ?? -1
        path = terms.path
        controlPath = terms.controlPath
        self.sender = sender
        self.receiver = receiver
    }
}
