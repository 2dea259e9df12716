public import MediaWire

/// Names a port of a shard. Stays unique when the place of a removed one is used again.
public struct PortID: Hashable, Sendable {
    enum Kind: Hashable { case sink, source }
    let kind: Kind
    let index: Int
    let generation: UInt32
}

/// An in-process port: a track's source or a slot's sink that is no peer.
public struct RelayPort: Sendable {
    public let id: PortID
    /// Plain RTP. The shard holds one end; the other belongs to one thread of the owner.
    public let ring: PlainRTPRing
}

/// What a port's packets look like.
public struct PortSettings: Sendable {
    /// Packets that the ring holds at most.
    public var capacity: Int
    /// Place among the tracks of its kind.
    public var ordinal = 0
    /// What the packets carry: written for a sink, expected of a source.
    public var payloadType: UInt8
    /// What a sink's packets carry; a source may send with any.
    public var ssrc: SSRC
    /// Header extensions that the other end knows, by its ids; others are left out.
    public var extensions: [HeaderExtensionMapping]

    public init(
        capacity: Int = 256, ordinal: Int = 0, payloadType: UInt8 = 96, ssrc: SSRC = SSRC(1),
        extensions: [HeaderExtensionMapping] = []
    ) {
        self.capacity = capacity
        self.ordinal = ordinal
        self.payloadType = payloadType
        self.ssrc = ssrc
        self.extensions = extensions
    }
}
