public import MediaCore
public import MediaWire

/// How the two sides of a call come by their SRTP keys.
public enum KeyExchange: String, Sendable, CaseIterable {
    /// A handshake over ICE (RFC 5763), as browsers do it.
    case dtls
    /// They stand in the SDP (RFC 4568), which has to be private on its way.
    case sdes
}

/// What one side of a call publishes and plays, and its limits.
public struct CallEndpointConfiguration: Sendable {
    /// Where this side receives; goes into offers with `a=crypto`.
    public var localAddress: SocketAddress
    /// Names this side in SDES packets (RFC 3550 section 6.5.1); the same for all its tracks.
    public var cname: String
    public var profile: SRTPProfile
    public var keyExchange: KeyExchange
    /// One entry per track, in the order of the m-lines.
    public var publish: [MediaKind]
    public var play: [MediaKind]
    /// Largest RTP payload, in bytes: 1,100 leaves room for header, tag, tunnels and IPv6 in an MTU of 1,280.
    public var maximumPayloadSize = 1_100
    public var jitterBuffer = JitterBufferSettings()
    /// Mean time between two reports of one track; each interval varies by a quarter (RFC 3550 section 6.2).
    public var reportIntervalMilliseconds: Int64 = 1_000
    public var retransmission = RetransmissionSettings()
    /// First sequence number and timestamp of every published track; nil draws them, as RFC 3550 section 5.1 asks.
    public var streamStart: StreamStart?

    public init(
        localAddress: SocketAddress, cname: String, profile: SRTPProfile = .aeadAES128GCM,
        keyExchange: KeyExchange = .sdes, publish: [MediaKind], play: [MediaKind]
    ) {
        self.localAddress = localAddress
        self.cname = cname
        self.profile = profile
        self.keyExchange = keyExchange
        self.publish = publish
        self.play = play
    }
}

/// Where a published stream begins.
public struct StreamStart: Sendable, Hashable {
    public var sequence: SequenceNumber
    public var timestamp: RTPTimestamp

    public init(sequence: SequenceNumber, timestamp: RTPTimestamp) {
        self.sequence = sequence
        self.timestamp = timestamp
    }
}

/// How long received media may wait. All in milliseconds.
public struct JitterBufferSettings: Sendable {
    /// Longest wait of a video frame for a missing packet, counted from the first packet behind the gap.
    public var videoWaitMilliseconds: Int64 = 400
    /// Time between two requests for a keyframe while none comes.
    public var keyframeRequestMilliseconds: Int64 = 500
    /// Bounds of the audio playout delay.
    public var minimumAudioDelayMilliseconds: Int64 = 20
    public var maximumAudioDelayMilliseconds: Int64 = 200
    /// Most that audio is held back for video, and video for audio, to keep them in sync.
    public var maximumSyncDelayMilliseconds: Int64 = 300

    public init() {}
}

/// What is kept of sent packets to answer NACKs.
public struct RetransmissionSettings: Sendable {
    /// Packets per track.
    public var packets = 512
    /// Older packets are not sent again.
    public var ageMilliseconds: Int64 = 1_000
    /// A packet is not sent again sooner than this after the last time.
    public var spacingMilliseconds: Int64 = 10

    public init() {}
}
