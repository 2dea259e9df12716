import MediaCore
import MediaWire

/// What one end of a stream and the relay have agreed on.
struct LoadLinkDescription: Sendable {
    /// What this end sends with: media and reports when publishing, reports when playing.
    var ssrc: SSRC
    var cname: String
    var key: SRTPKey
    var answer: SDESAnswer.Track

    /// The id of the capture time's header extension, if the relay took it.
    var captureTimeID: UInt8? {
        answer.extensions.id(of: RTPHeaderExtensionURI.absoluteCaptureTime)
    }
}

/// One end of a stream: keys both ways, and where the relay receives. Whatever agrees on keys (`a=crypto` today) ends in one of
/// these; streams know nothing else of their transport.
struct LoadLink: ~Copyable {
    let ssrc: SSRC
    let cname: [UInt8]
    let payloadType: UInt8
    /// 0 where the relay did not take the extension.
    let captureTimeID: UInt8
    let path: Path
    let controlPath: Path
    var sender: SRTPSender
    var receiver: SRTPReceiver

    /// - Throws: `SRTPError` if a key is refused.
    init(_ description: LoadLinkDescription) throws(SRTPError) {
        let sender = try SRTPSender(description.key)
        let receiver = try SRTPReceiver(description.answer.remoteKey)
        self.init(description, sender, receiver)
    }

    private init(
        _ description: LoadLinkDescription, _ sender: consuming SRTPSender, _ receiver: consuming SRTPReceiver
    ) {
        ssrc = description.ssrc
        cname = Array(description.cname.utf8.prefix(255))
        payloadType = description.answer.payloadType
        captureTimeID = description.captureTimeID ?? 0
        path = Path(to: description.answer.remoteAddress)
        controlPath = Path(to: description.answer.remoteRTCPAddress)
        self.sender = sender
        self.receiver = receiver
    }
}
