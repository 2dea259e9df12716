internal import MediaCore
internal import MediaWire

/// One m-line after offer and answer: the keys of both directions, and where the other side receives.
final class MediaLink {
    let kind: MediaKind
    /// Number among the tracks of its kind and direction, from 0.
    let track: Int
    /// What this side sends with: media and reports when publishing, feedback when playing.
    let ssrc: SSRC
    let cname: String
    private let remoteAddress: SocketAddress
    private let remoteRTCPAddress: SocketAddress
    let payloadType: UInt8
    let usesNACK: Bool
    let usesPLI: Bool
    let usesFIR: Bool
    let captureTimeID: UInt8?
    /// What the other side said it sends with.
    let remoteSSRC: SSRC?
    let clockRate: UInt32

    private var sender: SRTPSender
    private var receiver: SRTPReceiver

    init(
        _ answer: SDESAnswer.Track, track: Int, key: SRTPKey, ssrc: SSRC, cname: String
    ) throws(SRTPError) {
        kind = answer.kind
        self.track = track
        self.ssrc = ssrc
        self.cname = cname
        remoteAddress = answer.remoteAddress
        remoteRTCPAddress = answer.remoteRTCPAddress
        payloadType = answer.payloadType
        usesNACK = answer.nack
        usesPLI = answer.pli
        usesFIR = answer.fir
        captureTimeID = answer.extensions.first { $0.uri == RTPHeaderExtensionURI.absoluteCaptureTime }?.id
        remoteSSRC = answer.remoteSSRCs.first
        clockRate = answer.kind == .video ? 90_000 : 48_000
        sender = try SRTPSender(key)
        receiver = try SRTPReceiver(answer.remoteKey)
    }

    /// The protected packet, or nil if the key has protected as many as it may.
    func protect(_ packet: RTPPacket) -> Transmit? {
        var bytes = packet.serialized()
        guard case .success = sender.protectRTP(&bytes) else { return nil }
        return Transmit(bytes: bytes, destination: remoteAddress)
    }

    func protectRTCP(_ plain: [UInt8]) -> Transmit? {
        var bytes = plain
        guard case .success = sender.protectRTCP(&bytes) else { return nil }
        return Transmit(bytes: bytes, destination: remoteRTCPAddress)
    }

    /// A packet protected before, to send again.
    func resend(_ bytes: [UInt8]) -> Transmit { Transmit(bytes: bytes, destination: remoteAddress) }

    func unprotectRTP(_ bytes: inout [UInt8]) -> SRTPOutcome { receiver.unprotectRTP(&bytes) }

    func unprotectRTCP(_ bytes: inout [UInt8]) -> SRTPOutcome { receiver.unprotectRTCP(&bytes) }
}
