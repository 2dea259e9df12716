internal import MediaWire

/// One m-line of a publisher, or what an in-process port publishes: where it comes from, what was received of it, and who it goes to.
struct PublishedTrack: ~Copyable {
    // What each packet touches stands in front; what is behind it is not brought near for a packet.

    let session: Int
    let kind: MediaKind
    let payloadType: UInt8
    /// A packet may come twice, on its own stream and on that of retransmissions, under two SSRCs that no replay window spans.
    let mayRepeat: Bool
    /// The id of the header extension with transport-wide numbers, where the publisher wants feedback on them; 0 else.
    let transportNumberExtension: UInt8
    let clockRate: UInt32
    let supportsNACK: Bool
    /// Its keys.
    var link: SecureLink.Index
    /// Of `incoming`, beside it, since each packet is compared with it.
    private(set) var ssrc: SSRC?
    /// At the latest packet, packets were missing.
    var isMissingSome = false
    var hasReportTimer = false
    var shedding = TrackShedding()
    var keyframes = KeyframeRequester()
    /// Slab indices of the slots that this track feeds.
    var subscriptions: FixedList<Int32>
    /// Slab indices of the ports that it feeds.
    var ports: FixedList<Int32>
    var cache: PacketCache?
    /// Where RTP comes from: proven by SRTP authentication.
    var path: Path?
    /// Made at the first media packet, so that an idle track costs little.
    var incoming: IncomingStream?

    /// Bytes of the above.
    static let touchedByPackets = 0..<456

    /// Nil for a port's track, which has a ring instead.
    let leg: Int?
    let ring: PlainRTPRing?
    let side: SessionSide
    /// Of the publisher's retransmissions (RFC 4588), and the SSRCs that its offer named for them.
    let rtxPayloadType: UInt8?
    let declaredRTX: [SSRC]
    let extensions: [HeaderExtensionMapping]
    let mid: [UInt8]?
    /// The one encoding that is taken of a simulcast.
    let rid: [UInt8]?
    let rtcpMux: Bool
    /// Its peer proves its paths; `rtcpPath` then is the one to send along, nil while there is none.
    let usesICE: Bool
    let announcedRTCPAddress: SocketAddress?
    let supportsPLI: Bool
    let supportsFIR: Bool
    /// How much the publisher may send, if it asks for that (REMB).
    var estimate: LossBasedEstimate?
    /// The relay's own SSRC and CNAME in feedback and reports to this publisher.
    let feedbackSSRC: SSRC
    let cname: [UInt8]

    var bindings: StreamBindings
    /// Where RTCP comes from, if it came.
    var rtcpPath: Path?

    var firSequence: UInt8 = 0
    var lastReportedPackets: UInt64 = 0
    var reportPace = ReportPace()
    var silentReports: Int64 = 0
    var nackTimer: Instant?
    /// When the one timer that counts for keyframe requests is due; entries of the queue that were overtaken do nothing.
    var keyframeTimer: Instant?

    /// The publisher's last sender report.
    var senderReport: PublisherClock?

    init(
        _ terms: StreamTerms, leg: Int, session: Int, side: SessionSide, cname: [UInt8], link: Int,
        maximumSubscriptions: Int, maximumPorts: Int
    ) {
        self.leg = leg
        ring = nil
        self.session = session
        self.side = side
        kind = terms.kind
        payloadType = terms.payloadType
        rtxPayloadType = terms.rtxPayloadType
        declaredRTX = terms.declaredRTX
        mayRepeat = terms.rtxPayloadType != nil && terms.nack
        let numbered = terms.extensions.id(of: RTPHeaderExtensionURI.transportSequenceNumber)
        transportNumberExtension = terms.transportWide ? numbered ?? 0 : 0
        clockRate = terms.clockRate
        extensions = terms.extensions
        mid = terms.mid
        rid = terms.rid
        rtcpMux = terms.rtcpMux
        usesICE = terms.usesICE
        announcedRTCPAddress = terms.announcedRTCPAddress
        supportsNACK = terms.nack
        supportsPLI = terms.pli
        supportsFIR = terms.fir
        estimate = terms.remb && terms.kind == .video ? LossBasedEstimate() : nil
        feedbackSSRC = terms.relaySSRC
        self.cname = cname
        self.link = SecureLink.Index(truncatingIfNeeded: link)
        bindings = StreamBindings(declared: terms.declaredSSRCs, announced: terms.announcedAddresses)
        subscriptions = FixedList(capacity: maximumSubscriptions)
        ports = FixedList(capacity: maximumPorts)
    }

    /// A track that comes from an in-process port.
    init(
        from ring: PlainRTPRing, _ settings: PortSettings, kind: MediaKind, session: Int, side: SessionSide,
        maximumSubscriptions: Int, maximumPorts: Int
    ) {
        leg = nil
        self.ring = ring
        self.session = session
        self.side = side
        self.kind = kind
        payloadType = settings.payloadType
        rtxPayloadType = nil
        declaredRTX = []
        mayRepeat = false
        transportNumberExtension = 0
        clockRate = RelayedCodec(kind).clockRate
        extensions = settings.extensions
        mid = nil
        rid = nil
        rtcpMux = false
        usesICE = false
        announcedRTCPAddress = nil
        supportsNACK = false
        supportsPLI = false
        supportsFIR = false
        estimate = nil
        feedbackSSRC = SSRC(0)
        cname = []
        link = SecureLink.none
        bindings = StreamBindings(declared: [], announced: [])
        subscriptions = FixedList(capacity: maximumSubscriptions)
        ports = FixedList(capacity: maximumPorts)
    }

    /// A stream of this SSRC feeds the track from now on.
    mutating func begin(_ ssrc: SSRC) {
        incoming = IncomingStream(ssrc: ssrc)
        self.ssrc = ssrc
        isMissingSome = false
        cache = nil
    }

    /// The stream that feedback is about: what came, or what the offer named.
    var mediaSSRC: SSRC? { ssrc ?? bindings.declared.first }

    /// Whether the publisher uses this number for the track, for media or for repeating it.
    func takes(_ payloadType: UInt8) -> Bool { payloadType == self.payloadType || payloadType == rtxPayloadType }

    /// Whether a packet says that it is of this m-line.
    func isNamed(by header: RTPHeader, in packet: RawSpan) -> Bool {
        guard let mid else { return false }
        return header.names(mid, by: extensions.id(of: RTPHeaderExtensionURI.mid), in: packet) == true
    }

    /// Whether a packet says that it is of another encoding than the one that is taken.
    func isOtherEncoding(_ header: RTPHeader, in packet: RawSpan) -> Bool {
        guard let rid else { return false }
        let uri = header.payloadType == payloadType ? RTPHeaderExtensionURI.rid : RTPHeaderExtensionURI.repairedRID
        return header.names(rid, by: extensions.id(of: uri), in: packet) == false
    }

    /// Where feedback to the publisher goes: only along a proven path, or beside one on the same host.
    var feedbackPath: Path? {
        if let rtcpPath { return rtcpPath }
        if usesICE { return nil }
        guard let path else { return nil }
        if rtcpMux { return path }
        guard let announced = announcedRTCPAddress, announced.address == path.remote.address else { return nil }
        return Path(local: path.local, remote: announced)
    }
}

/// The media stream that feeds a track, from its first packet on.
struct IncomingStream {
    let ssrc: SSRC
    var unwrapper = SequenceUnwrapper()
    var reception: ReceptionStatistics
    var nacks: NackGenerator

    init(ssrc: SSRC) {
        self.ssrc = ssrc
        reception = ReceptionStatistics(ssrc: ssrc)
        nacks = NackGenerator()
    }
}

/// A publisher's sender report: the bond between its wall clock and its RTP clock, and when it came.
struct PublisherClock {
    /// Nil for a port's, which has one stream.
    let ssrc: SSRC?
    let ntp: NTPTimestamp
    let rtp: RTPTimestamp
    let arrival: Instant

    /// The publisher's clocks at `now`, run on from the report.
    func extrapolated(to now: Instant, clockRate: UInt32) -> (ntp: NTPTimestamp, rtp: RTPTimestamp) {
        let elapsed = max(0, now.nanoseconds(since: arrival))
        let seconds = elapsed / 1_000_000_000
        let rest = elapsed % 1_000_000_000
        let ticks = seconds &* Int64(clockRate) &+ rest &* Int64(clockRate) / 1_000_000_000
        return (ntp.advanced(byNanoseconds: elapsed), rtp.advanced(by: Int(truncatingIfNeeded: ticks)))
    }
}

extension RTPHeader {
    /// Whether extension element `id` of the packet says `name`; nil if the packet does not carry it.
    fileprivate func names(_ name: [UInt8], by id: UInt8?, in packet: RawSpan) -> Bool? {
        guard let id, let range = extensionElement(id, in: packet) else { return nil }
        guard range.count == name.count else { return false }
        for (place, offset) in range.enumerated() where packet.uint8(at: offset) != name[place] { return false }
        return true
    }
}
