/// What became of the datagrams of a shard.
public struct ShardCounters: Sendable, Equatable {
    public var datagramsReceived: UInt64 = 0
    public var packetsForwarded: UInt64 = 0
    public var bytesForwarded: UInt64 = 0
    public var packetsRetransmitted: UInt64 = 0
    /// Not RTP, RTCP, STUN or DTLS by the first byte, or a header that lies.
    public var droppedMalformed: UInt64 = 0
    /// Longer than a packet slot.
    public var droppedOversized: UInt64 = 0
    /// Neither the address nor the SSRC belongs to a leg.
    public var droppedUnknownSource: UInt64 = 0
    /// No key fitted.
    public var droppedUnauthenticated: UInt64 = 0
    public var droppedReplayed: UInt64 = 0
    /// Media while the session's gate was closed.
    public var droppedAtGate: UInt64 = 0
    /// Media of another payload type or SSRC than negotiated, or of more SSRCs than a peer may use.
    public var droppedUnexpected: UInt64 = 0
    /// Media that a slot did not take: it waits for a keyframe, or the packet is older than the last change of source.
    public var droppedAtSlot: UInt64 = 0
    /// Video dropped unread, frame by frame, because more came than can be forwarded.
    public var packetsShed: UInt64 = 0
    /// No room in the send batch, or a packet that grew too long.
    public var droppedAtSend: UInt64 = 0
    /// The ring of an in-process port was full.
    public var droppedAtPort: UInt64 = 0
    /// DTLS handshakes that ended well, and others.
    public var handshakesDone: UInt64 = 0
    public var handshakesFailed: UInt64 = 0
    /// Events lost because nobody read them.
    public var droppedEvents: UInt64 = 0
    /// RTCP packets taken.
    public var rtcpReceived: UInt64 = 0

    public init() {}
}

/// The figures of one published track.
public struct TrackFigures: Sendable, Equatable {
    public var kind: MediaKind
    public var side: SessionSide
    public var packetsReceived: UInt64 = 0
    public var bytesReceived: UInt64 = 0
    /// Packets that never came, so far.
    public var packetsLost: Int64 = 0
    /// Packets that came after the relay asked for them again.
    public var packetsRecovered: UInt64 = 0
    public var jitterNanoseconds: Int64 = 0
    public var keyframeRequestsSent: UInt64 = 0
    public var authenticationFailures: UInt64 = 0
    public var replays: UInt64 = 0
}

/// The figures of one player's slot.
public struct SlotFigures: Sendable, Equatable {
    public var kind: MediaKind
    /// The side that plays it.
    public var side: SessionSide
    public var packetsSent: UInt64 = 0
    public var bytesSent: UInt64 = 0
    public var packetsRetransmitted: UInt64 = 0
    /// As the player's last report says.
    public var reportedLost: Int32 = 0
    public var reportedFractionLost: UInt8 = 0
    /// Nil until a report has named one of the slot's sender reports.
    public var roundTripNanoseconds: Int64?
    /// What the player believes that its path can take, in bit/s; nil until it has said so (REMB).
    public var estimatedBitrate: UInt64?
    /// What the player's transport-wide feedback says of its path, the same for all slots of a leg; nil without such feedback.
    public var path: PathFigures?
}

/// The path to a player, as its transport-wide feedback tells.
public struct PathFigures: Sendable, Equatable {
    public var packetsArrived: UInt64
    public var packetsLost: UInt64
    /// Smoothed, 0 ... 1.
    public var lossFraction: Double
    /// Payload, in bit/s.
    public var arrivingBitrate: Int64
    /// Smoothed time that packets waited longer than the fastest.
    public var queueingDelayNanoseconds: Int64
}

/// The figures of one session.
public struct SessionFigures: Sendable, Equatable {
    /// Media bytes that entered a send slot before Start. Always 0; counted apart from the gate.
    public var mediaBytesForwardedBeforeStart: UInt64 = 0
    public var packetsForwarded: UInt64 = 0
    public var bytesForwarded: UInt64 = 0
    public var packetsDroppedAtGate: UInt64 = 0
    public var isGateOpen = false
    public var tracks: [TrackFigures] = []
    public var slots: [SlotFigures] = []

    public init() {}
}
