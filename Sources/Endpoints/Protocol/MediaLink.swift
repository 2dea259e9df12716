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
    let payloadType: UInt8
    let usesNACK: Bool
    let usesPLI: Bool
    let usesFIR: Bool
    let captureTimeID: UInt8?
    /// What the other side said it sends with.
    let remoteSSRC: SSRC?
    let clockRate: UInt32
    /// The transport that it shares with the other m-lines of its offer; nil where it has one of its own.
    let transport: ClientTransport?

    private var remoteAddress: SocketAddress?
    private var remoteRTCPAddress: SocketAddress?
    // Until a handshake is done there are none.
    private var sender: SRTPSender?
    private var receiver: SRTPReceiver?

    /// With keys that came by `a=crypto`.
    convenience init(
        _ answer: SDESAnswer.Track, track: Int, key: SRTPKey, ssrc: SSRC, cname: String
    ) throws(SRTPError) {
        self.init(answer, track: track, ssrc: ssrc, cname: cname, over: nil)
        remoteAddress = answer.remoteAddress
        remoteRTCPAddress = answer.remoteRTCPAddress
        sender = try SRTPSender(key)
        receiver = try SRTPReceiver(answer.remoteKey)
    }

    /// - Parameter transport: whose handshake gives the keys; nil where they are known.
    init(_ answer: some AnsweredTrack, track: Int, ssrc: SSRC, cname: String, over transport: ClientTransport?) {
        kind = answer.kind
        self.track = track
        self.ssrc = ssrc
        self.cname = cname
        payloadType = answer.payloadType
        usesNACK = answer.nack
        usesPLI = answer.pli
        usesFIR = answer.fir
        captureTimeID = answer.extensions.id(of: RTPHeaderExtensionURI.absoluteCaptureTime)
        remoteSSRC = answer.remoteSSRC
        clockRate = answer.kind == .video ? 90_000 : 48_000
        self.transport = transport
        sender = nil
        receiver = nil
    }

    /// Takes the keys of a handshake. Each m-line has contexts of its own under the same keys, which is sound because streams of one
    /// key differ by their SSRCs (RFC 3711 section 9.1).
    func install(_ keys: DTLSKeys) throws(SRTPError) {
        sender = try SRTPSender(keys.sending)
        receiver = try SRTPReceiver(keys.receiving)
    }

    /// Whether there are keys, and a place to send to.
    var isReady: Bool {
        switch sender {
        case .some: transport.map { $0.remoteAddress != nil } ?? true
        case .none: false
        }
    }

    /// The protected packet, or nil if there is no key or path yet, or the key has protected as many as it may.
    func protect(_ packet: RTPPacket) -> Transmit? {
        guard let destination = transport?.remoteAddress ?? remoteAddress else { return nil }
        var bytes = packet.serialized()
        guard case .success = sender?.protectRTP(&bytes) else { return nil }
        return transmit(bytes, to: destination)
    }

    func protectRTCP(_ plain: [UInt8]) -> Transmit? {
        guard let destination = transport?.remoteAddress ?? remoteRTCPAddress else { return nil }
        var bytes = plain
        guard case .success = sender?.protectRTCP(&bytes) else { return nil }
        return transmit(bytes, to: destination)
    }

    /// A packet protected before, to send again.
    func resend(_ bytes: [UInt8]) -> Transmit? {
        (transport?.remoteAddress ?? remoteAddress).map { transmit(bytes, to: $0) }
    }

    private func transmit(_ bytes: [UInt8], to destination: SocketAddress) -> Transmit {
        Transmit(bytes: bytes, destination: destination, socket: transport?.socket ?? 0)
    }

    func unprotectRTP(_ bytes: inout [UInt8]) -> SRTPOutcome { receiver?.unprotectRTP(&bytes) ?? .malformed }

    func unprotectRTCP(_ bytes: inout [UInt8]) -> SRTPOutcome { receiver?.unprotectRTCP(&bytes) ?? .malformed }
}
