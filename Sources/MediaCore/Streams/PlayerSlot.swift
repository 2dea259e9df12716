internal import MediaWire

/// One m-line of a player: the relay as a sender of its own, with its own SSRC, numbers, payload type and extension ids.
/// Exists before any publisher; which track feeds it may change.
struct PlayerSlot: ~Copyable {
    let leg: Int
    let session: Int
    let side: SessionSide
    let kind: MediaKind
    /// Place among the player's slots of this kind: it plays the other side's track of the same place.
    let ordinal: Int
    let ssrc: SSRC
    let payloadType: UInt8
    let clockRate: UInt32
    let extensions: [HeaderExtensionMapping]
    let rtcpMux: Bool

    var receiver: SRTPReceiver
    var sender: SRTPSender
    var bindings: StreamBindings
    var path: Path
    var rtcpPath: Path

    /// Slab index and generation of the track that feeds it.
    var source: (index: Int, generation: UInt32)?
    var rewriter: RTPRewriter
    var pictures = VP8Continuity()
    /// After a change of source, video waits for a keyframe.
    var waitsForKeyframe = false
    /// Extension ids of the source → of this player; 0 drops the element.
    var extensionMap = InlineArray<16, UInt8>(repeating: 0)

    var packetsSent: UInt64 = 0
    /// Payload bytes sent, as sender reports count them.
    var payloadBytesSent: UInt64 = 0
    var packetsRetransmitted: UInt64 = 0
    var reports = SenderReportHistory()
    var hasReportTimer = false
    var lastReportedPackets: UInt64 = 0
    var silentReports: Int64 = 0
    var reportedLost: Int32 = 0
    var reportedFractionLost: UInt8 = 0
    var roundTrip: Int64?

    init(
        _ track: NegotiatedTrack, leg: Int, session: Int, side: SessionSide, ordinal: Int, destination: SocketAddress,
        rewriter: RTPRewriter
    ) throws(SRTPError) {
        let receiver = try SRTPReceiver(track.incomingKey)
        let sender = try SRTPSender(track.outgoingKey)
        self.leg = leg
        self.session = session
        self.side = side
        kind = track.kind
        self.ordinal = ordinal
        ssrc = track.slotSSRC
        payloadType = track.payloadType
        clockRate = track.clockRate
        extensions = track.extensions
        rtcpMux = track.rtcpMux
        self.receiver = receiver
        self.sender = sender
        bindings = StreamBindings(declared: track.declaredSSRCs, announced: track.announcedAddresses)
        path = Path(to: destination)
        rtcpPath = Path(to: track.announcedRTCPAddress ?? destination)
        self.rewriter = rewriter
    }

    /// What follows does not continue what was sent: the numbers are joined at the next packet.
    mutating func endSegment() {
        rewriter.endSegment()
        pictures.endSegment()
    }

    /// Takes a track as the source, or none.
    mutating func feed(from source: (index: Int, generation: UInt32)?, extensions sourceExtensions: [HeaderExtensionMapping]) {
        let isSwitch = self.source != nil || packetsSent > 0
        self.source = source
        endSegment()
        waitsForKeyframe = isSwitch && kind == .video
        extensionMap = InlineArray(repeating: 0)
        for element in sourceExtensions where (1...14).contains(element.id) {
            guard let mine = extensions.first(where: { $0.uri == element.uri }), (1...14).contains(mine.id) else {
                continue
            }
            extensionMap[Int(element.id)] = mine.id
        }
    }
}

extension NegotiatedTrack {
    /// Every address that the offer announced for this m-line, without repeats.
    var announcedAddresses: [SocketAddress] {
        var addresses: [SocketAddress] = []
        for address in [announcedAddress, announcedRTCPAddress].compactMap({ $0 }) where !addresses.contains(address) {
            addresses.append(address)
        }
        return addresses
    }
}
