internal import MediaWire

/// One m-line of a player: a sender of its own, with a path. Exists before any publisher; which track feeds it may change.
struct PlayerSlot: ~Copyable {
    // What each packet touches stands in front; what is behind it is not brought near for a packet.

    var output: SlotOutput
    var path: Path
    /// Where its next packet may join those before it.
    var run = SendRun()
    /// Its keys.
    var link: SecureLink.Index
    var hasReportTimer = false
    /// Of its leg, in the shard's slab; nil for legs without ICE.
    let peer: Int?

    /// Bytes of the above.
    static let touchedByPackets = 0..<224

    let leg: Int
    let session: Int
    let side: SessionSide
    /// Place among the player's slots of this kind: it plays the other side's track of the same place.
    let ordinal: Int
    let rtcpMux: Bool

    /// For retransmissions, where the player has them on a stream of their own.
    var rtx: RTXStream?
    var bindings: StreamBindings
    var rtcpPath: Path

    var packetsRetransmitted: UInt64 = 0
    var reports = SenderReportHistory()
    var lastReportedPackets: UInt64 = 0
    var reportPace = ReportPace()
    var silentReports: Int64 = 0
    var reportedLost: Int32 = 0
    var reportedFractionLost: UInt8 = 0
    var roundTrip: Int64?

    init(
        _ terms: StreamTerms, leg: Int, session: Int, side: SessionSide, ordinal: Int,
        rewriter: RTPRewriter, rtxSequence: SequenceNumber, link: Int, peer: Int?
    ) {
        self.leg = leg
        self.session = session
        self.side = side
        self.ordinal = ordinal
        rtcpMux = terms.rtcpMux
        self.peer = peer
        output = SlotOutput(
            kind: terms.kind, ssrc: terms.relaySSRC, payloadType: terms.payloadType, clockRate: terms.clockRate,
            extensions: terms.extensions, rewriter: rewriter, hop: HopExtensions(terms))
        self.link = SecureLink.Index(truncatingIfNeeded: link)
        rtx = RTXStream(terms, firstSequence: rtxSequence)
        bindings = StreamBindings(declared: terms.declaredSSRCs, announced: terms.announcedAddresses)
        let destination = terms.destination ?? SocketAddress(.anyV4, port: 0)
        path = Path(to: destination)
        rtcpPath = Path(to: terms.announcedRTCPAddress ?? destination)
    }
}
