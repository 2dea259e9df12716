/// Limits and intervals of a shard. Everything has a limit; what goes over it is dropped and counted.
public struct RelayConfiguration: Sendable {
    /// Sessions on one shard at most.
    public var maximumSessions = 20_000
    /// Accepted m-lines of one leg at most.
    public var maximumTracksPerLeg = 8
    /// Players that one track is sent to at most.
    public var maximumSubscriptions = 16
    /// In-process ports of one session at most, sinks and sources each.
    public var maximumPorts = 8
    /// Keys tried for a packet whose source is not bound yet.
    public var maximumKeysTried = 4
    /// Source addresses and SSRCs bound to one stream at most: RTP, RTCP, and a change of address.
    public var maximumBindings = 4
    /// Packets that a video track and an audio track keep for retransmission at most.
    public var videoCachePackets = 512
    public var audioCachePackets = 128
    /// Bytes that the shard keeps for retransmission at most, of all tracks.
    public var retransmissionMemory = 64 * 1024 * 1024
    /// Time between two reports of one stream, in ms: this for a stream of 360 kbit/s and more, longer for thinner ones.
    public var reportIntervalMilliseconds: Int64 = 1_000
    public var longestReportIntervalMilliseconds: Int64 = 5_000
    /// Packets sent again for one datagram of NACKs at most.
    public var maximumRetransmissionsPerDatagram = 64
    /// Events kept for the reader at most.
    public var maximumEvents = 4_096
    /// From when on the certificate of DTLS is valid, in seconds since 1970; nobody but its fingerprint vouches for it.
    public var certificateTime: Int64 = 1_767_225_600
    /// What does the cryptography of SRTP.
    public var srtpBackend = SRTPBackend.best
    /// Seeds the source table's hash and the slots' first numbers. Random outside of tests.
    public var seed: UInt64

    public init(seed: UInt64) { self.seed = seed }
}

/// Names a session towards a shard.
public struct RelaySessionKey: RawRepresentable, Hashable, Sendable {
    public var rawValue: UInt64
    public init(rawValue: UInt64) { self.rawValue = rawValue }
}

/// The two sides of a Lens session.
public enum SessionSide: UInt8, Sendable, CaseIterable {
    case customer
    case technician

    public var other: SessionSide { self == .customer ? .technician : .customer }
}

/// Names a leg: one WHIP or WHEP resource. Stays unique when the place of a removed leg is used again.
public struct LegID: Hashable, Sendable {
    let index: Int
    let generation: UInt32
}

/// A negotiated leg to put on a shard: `NegotiatedMedia`, whose keys are known, or `WebRTCMedia`, whose keys a handshake will give.
public struct LegDescription<Media: Sendable>: Sendable {
    public var session: RelaySessionKey
    public var side: SessionSide
    public var media: Media

    public init(session: RelaySessionKey, side: SessionSide, media: Media) {
        self.session = session
        self.side = side
        self.media = media
    }
}

/// Why the shard did not take a command.
public enum RelayError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The shard holds as many sessions as it may.
    case tooManySessions
    /// The leg has more m-lines than a leg may.
    case tooManyTracks
    /// The session has as many in-process ports as it may.
    case tooManyPorts
    /// The SRTP library refused a key.
    case keyRefused
    /// The library made no certificate for DTLS.
    case noCertificate
    /// The session's media has ended.
    case sessionEnded

    public var description: String {
        switch self {
        case .tooManySessions: "this relay holds as many sessions as it may; try again later or add a node"
        case .tooManyTracks: "the offer has more media lines than one leg may have"
        case .tooManyPorts: "the session has as many recorders and other ports as it may; detach one first"
        case .keyRefused: "the SRTP key was refused; offer a fresh key"
        case .noCertificate: "OpenSSL made no certificate for DTLS; is its version 3.0 or newer?"
        case .sessionEnded: "the session has ended"
        }
    }
}

/// What a shard tells its owner.
public enum ShardEvent: Sendable, Equatable {
    /// The first authenticated media packet of a leg has come.
    case firstMedia(LegID, RelaySessionKey, SessionSide)
    /// A leg over ICE has done its handshake.
    case connected(LegID, RelaySessionKey, SessionSide)
    /// The peer of a leg over ICE has not been heard of for half a minute; nothing more is sent until it is.
    case silent(LegID, RelaySessionKey, SessionSide)
    /// The publisher of a leg said BYE, or its peer has ended DTLS.
    case goodbye(LegID, RelaySessionKey, SessionSide)
    /// The session's customer is there, for the first time or again.
    case customerHeard(RelaySessionKey)
    /// Nothing authentic has come from the session's customer for three seconds, or the customer has said good-bye.
    case customerLost(RelaySessionKey)
    /// The first packet of a session's customer was forwarded after its gate opened.
    case firstForwarded(RelaySessionKey)
}
