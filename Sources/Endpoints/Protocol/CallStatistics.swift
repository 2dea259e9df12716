public import MediaCore
public import MediaWire

/// The figures of a call so far, per track in the order of the configuration.
public struct CallStatistics: Sendable {
    public var published: [PublishedTrackStatistics] = []
    public var played: [PlayedTrackStatistics] = []
    public var srtp = SRTPStatistics()
    /// Datagrams that are neither RTP nor RTCP, or whose lengths lie.
    public var malformedDatagrams: UInt64 = 0
    /// Authenticated packets of a payload type or stream that was not negotiated.
    public var unexpectedPackets: UInt64 = 0
    /// Events and datagrams that nobody fetched in time.
    public var overflows: UInt64 = 0

    public init() {}

    /// The figures of the n-th published or played track of a kind.
    public func published(_ kind: MediaKind, _ track: Int = 0) -> PublishedTrackStatistics? {
        published.filter { $0.kind == kind }.dropFirst(track).first
    }
    public func played(_ kind: MediaKind, _ track: Int = 0) -> PlayedTrackStatistics? {
        played.filter { $0.kind == kind }.dropFirst(track).first
    }
}

/// Packets that SRTP refused.
public struct SRTPStatistics: Sendable, Hashable {
    /// No key fitted.
    public var authenticationFailures: UInt64 = 0
    /// Repeats, and packets older than the replay window.
    public var replays: UInt64 = 0
    public var malformed: UInt64 = 0

    public init() {}
}

/// What was sent on one track, and what the other side said about it.
public struct PublishedTrackStatistics: Sendable {
    public var kind: MediaKind
    public var ssrc: SSRC
    /// First transmissions.
    public var packetsSent: UInt64 = 0
    /// Payload bytes of first transmissions, as sender reports count them.
    public var octetsSent: UInt64 = 0
    public var packetsRetransmitted: UInt64 = 0
    /// Video frames, or audio packets.
    public var framesSent: UInt64 = 0
    public var keyframesSent: UInt64 = 0
    /// Packets asked for by NACK, repeats included.
    public var packetsRequested: UInt64 = 0
    public var keyframeRequestsReceived: UInt64 = 0
    /// The last report block about this track (RFC 3550 section 6.4.1).
    public var lastReport: ReportBlock?
    public var reportsReceived: UInt64 = 0
    /// Smoothed; nil until a report answered one of ours.
    public var roundTripNanoseconds: Int64?

    public init(kind: MediaKind, ssrc: SSRC) {
        self.kind = kind
        self.ssrc = ssrc
    }
}

/// What was received of one track.
public struct PlayedTrackStatistics: Sendable {
    public var kind: MediaKind
    /// The sender's; nil before the first packet.
    public var ssrc: SSRC?
    /// Without repeats.
    public var packetsReceived: UInt64 = 0
    /// Whole packets after decryption.
    public var octetsReceived: UInt64 = 0
    /// Packets that never came, so far.
    public var packetsLost: Int64 = 0
    /// Packets that came after they were asked for.
    public var packetsRecovered: UInt64 = 0
    /// Packets that came when their place had passed.
    public var packetsLate: UInt64 = 0
    /// Audio: packets whose place had to be concealed.
    public var packetsConcealed: UInt64 = 0
    public var jitterNanoseconds: Int64 = 0
    /// Whole frames handed over.
    public var framesReceived: UInt64 = 0
    /// Frames given up, or not decodable before the first keyframe.
    public var framesDropped: UInt64 = 0
    public var keyframes: UInt64 = 0
    /// Packets asked for, repeats included.
    public var packetsRequested: UInt64 = 0
    public var keyframeRequestsSent: UInt64 = 0
    public var reportsSent: UInt64 = 0
    /// The fraction lost, in 1/256, of the last report sent.
    public var lastFractionLost: UInt8 = 0
    /// The sender's last report: its packet count and octet count.
    public var senderPacketCount: UInt32?
    public var senderOctetCount: UInt32?
    /// Audio: the present playout delay beyond the fastest packet.
    public var playoutDelayNanoseconds: Int64 = 0
    /// Smoothed, from requests that were answered; nil without.
    public var roundTripNanoseconds: Int64?

    public init(kind: MediaKind) { self.kind = kind }
}
