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
        answer.extensions.first { $0.uri == RTPHeaderExtensionURI.absoluteCaptureTime }?.id
    }
}

/// One end of a stream: keys both ways, and where the relay receives. Whatever agrees on keys (`a=crypto` today) ends in one of
/// these; streams know nothing else of their transport.
final class LoadLink {
    let ssrc: SSRC
    let cname: [UInt8]
    let payloadType: UInt8
    /// 0 where the relay did not take the extension.
    let captureTimeID: UInt8
    let path: Path
    let controlPath: Path
    private var sender: SRTPSender
    private var receiver: SRTPReceiver

    /// - Throws: `SRTPError` if a key is refused.
    init(_ description: LoadLinkDescription) throws(SRTPError) {
        ssrc = description.ssrc
        cname = Array(description.cname.utf8.prefix(255))
        payloadType = description.answer.payloadType
        captureTimeID = description.captureTimeID ?? 0
        path = Path(to: description.answer.remoteAddress)
        controlPath = Path(to: description.answer.remoteRTCPAddress)
        sender = try SRTPSender(description.key)
        receiver = try SRTPReceiver(description.answer.remoteKey)
    }

    func protectRTP(_ buffer: UnsafeMutableRawBufferPointer, length: Int) -> SRTPOutcome {
        unsafe sender.protectRTP(buffer, length: length)
    }

    func protectRTCP(_ buffer: UnsafeMutableRawBufferPointer, length: Int) -> SRTPOutcome {
        unsafe sender.protectRTCP(buffer, length: length)
    }

    func unprotectRTP(_ packet: UnsafeMutableRawBufferPointer) -> SRTPOutcome { unsafe receiver.unprotectRTP(packet) }

    func unprotectRTCP(_ packet: UnsafeMutableRawBufferPointer) -> SRTPOutcome { unsafe receiver.unprotectRTCP(packet) }
}
