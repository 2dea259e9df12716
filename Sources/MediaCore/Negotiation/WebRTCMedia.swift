public import MediaWire

/// What offer and answer agreed on for one leg over ICE and DTLS, and the answer to send. All of its m-lines share one transport.
public struct WebRTCMedia: Sendable {
    public var direction: MediaDirection
    public var transport: WebRTCTransportTerms
    /// The accepted m-lines, in their order.
    public var tracks: [WebRTCTrack]
    public var answer: SessionDescription
    /// The relay's own CNAME on this leg (RFC 3550 section 6.5.1, RFC 7022), the same for all its tracks.
    public var cname: String
}

/// How the peers find and know each other.
public struct WebRTCTransportTerms: Sendable, Hashable {
    /// The relay's.
    public var localCredentials: ICECredentials
    public var remoteCredentials: ICECredentials
    /// Of the peer's certificate; one of them has to fit.
    public var fingerprints: [CertificateFingerprint]
    /// The relay's end of DTLS.
    public var role: DTLSConnection.Role
}

/// One accepted m-line.
public struct WebRTCTrack: Sendable, Hashable {
    public var kind: MediaKind
    /// Place of the m-line in the offer, from 0.
    public var mediaIndex: Int
    /// What the MID header extension names it by (RFC 9143 section 15).
    public var mid: String?
    /// The offer's number for the codec.
    public var payloadType: UInt8
    /// The offer's number for retransmissions of it (RFC 4588 section 8), if it has one.
    public var rtxPayloadType: UInt8?
    /// Hz.
    public var clockRate: UInt32
    /// SSRCs that the peer said it sends with, without retransmission streams.
    public var declaredSSRCs: [SSRC]
    /// Retransmission streams by the SSRC that they repair (RFC 5576 section 4.2, FID).
    public var declaredRTX: [SSRC: SSRC]
    /// The peer's.
    public var cname: String?
    public var feedback: WebRTCFeedback
    /// Header extensions that both sides know, by the offer's ids.
    public var extensions: [HeaderExtensionMapping]
    /// The one encoding that is taken of a simulcast, by the name that the RID header extension has for it (RFC 8852).
    public var rid: String?
    /// RFC 5506: RTCP need not come in compound packets.
    public var reducedSizeRTCP: Bool
    /// The relay's own SSRC: it sends media with it to a player, reports and feedback with it to a publisher.
    public var slotSSRC: SSRC
    /// With which it repeats media to a player; nil without `rtxPayloadType`, and for a publisher.
    public var rtxSlotSSRC: SSRC?
}

/// The feedback messages in use.
public struct WebRTCFeedback: Sendable, Hashable {
    /// Generic NACK (RFC 4585).
    public var nack = false
    /// Picture loss indication (RFC 4585).
    public var pli = false
    /// Full intra request (RFC 5104).
    public var fir = false
    /// Transport-wide congestion control (draft-holmer-rmcat-transport-wide-cc-extensions-01).
    public var transportWide = false
    /// Receiver estimated maximum bitrate (draft-alvestrand-rmcat-remb-03).
    public var remb = false

    public init() {}
}
