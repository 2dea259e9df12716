public import MediaWire

/// What offer and answer agreed on for one leg, and the answer to send.
public struct NegotiatedMedia: Sendable {
    public var direction: MediaDirection
    /// The accepted m-lines, in their order.
    public var tracks: [NegotiatedTrack]
    public var answer: SessionDescription
    /// The relay's own CNAME on this leg (RFC 3550 section 6.5.1, RFC 7022), the same for all its tracks.
    public var cname: String

    public init(direction: MediaDirection, tracks: [NegotiatedTrack], answer: SessionDescription, cname: String) {
        self.direction = direction
        self.tracks = tracks
        self.answer = answer
        self.cname = cname
    }
}

/// One accepted m-line.
public struct NegotiatedTrack: Sendable {
    public var kind: MediaKind
    /// Place of the m-line in the offer, from 0.
    public var mediaIndex: Int
    public var mid: String?
    /// The offer's number for the codec.
    public var payloadType: UInt8
    /// Hz.
    public var clockRate: UInt32
    public var channels: Int

    public var profile: SRTPProfile
    /// The offer's key: peer to relay.
    public var incomingKey: SRTPKey
    /// The answer's key: relay to peer.
    public var outgoingKey: SRTPKey
    /// The tag of the chosen `a=crypto` line.
    public var cryptoTag: Int

    /// SSRCs that the peer said it sends with, without retransmission streams.
    public var declaredSSRCs: [SSRC]
    /// The peer's.
    public var cname: String?
    /// From the offer's `c=` and `m=`. For a player, media goes here; for a publisher it is a hint that proves nothing.
    public var announcedAddress: SocketAddress?
    /// As `announcedAddress` with mux; else from `a=rtcp`, or the next port (RFC 3605, RFC 3550 section 11).
    public var announcedRTCPAddress: SocketAddress?
    public var rtcpMux: Bool
    /// RFC 5506: RTCP need not come in compound packets.
    public var reducedSizeRTCP: Bool
    /// SAVPF: feedback may be sent early (RFC 4585). An offer may say SAVPF and list no feedback; then the three below are
    /// false, but feedback may still be sent, only not relied upon (RFC 4585 section 4.2).
    public var usesFeedback: Bool
    /// Generic NACK (RFC 4585).
    public var nack: Bool
    /// Picture loss indication (RFC 4585).
    public var pli: Bool
    /// Full intra request (RFC 5104).
    public var fir: Bool
    /// Header extensions that both sides know, by the offer's ids.
    public var extensions: [HeaderExtensionMapping]

    /// The relay's own SSRC: it sends media with it to a player, reports and feedback with it to a publisher. Unique within
    /// the answer and unlike every SSRC of the offer.
    public var slotSSRC: SSRC

    public init(
        kind: MediaKind, mediaIndex: Int, mid: String? = nil, payloadType: UInt8, clockRate: UInt32, channels: Int,
        profile: SRTPProfile, incomingKey: SRTPKey, outgoingKey: SRTPKey, cryptoTag: Int, declaredSSRCs: [SSRC] = [],
        cname: String? = nil, announcedAddress: SocketAddress? = nil, announcedRTCPAddress: SocketAddress? = nil,
        rtcpMux: Bool = true, reducedSizeRTCP: Bool = false, usesFeedback: Bool = false, nack: Bool = false,
        pli: Bool = false, fir: Bool = false, extensions: [HeaderExtensionMapping] = [], slotSSRC: SSRC
    ) {
        self.kind = kind
        self.mediaIndex = mediaIndex
        self.mid = mid
        self.payloadType = payloadType
        self.clockRate = clockRate
        self.channels = channels
        self.profile = profile
        self.incomingKey = incomingKey
        self.outgoingKey = outgoingKey
        self.cryptoTag = cryptoTag
        self.declaredSSRCs = declaredSSRCs
        self.cname = cname
        self.announcedAddress = announcedAddress
        self.announcedRTCPAddress = announcedRTCPAddress
        self.rtcpMux = rtcpMux
        self.reducedSizeRTCP = reducedSizeRTCP
        self.usesFeedback = usesFeedback
        self.nack = nack
        self.pli = pli
        self.fir = fir
        self.extensions = extensions
        self.slotSSRC = slotSSRC
    }
}

/// A header extension and the id that the peer gave it (RFC 8285).
public struct HeaderExtensionMapping: Sendable, Hashable {
    /// 1 to 14.
    public var id: UInt8
    public var uri: String

    public init(id: UInt8, uri: String) {
        self.id = id
        self.uri = uri
    }

    /// - Parameter map: of a line whose id is within the range.
    init(_ map: ExtensionMap) { self.init(id: UInt8(truncatingIfNeeded: map.id), uri: map.uri) }
}

extension Sequence<HeaderExtensionMapping> {
    /// The id of a header extension; nil if it was not agreed on.
    public func id(of uri: String) -> UInt8? { first { $0.uri == uri }?.id }
}
