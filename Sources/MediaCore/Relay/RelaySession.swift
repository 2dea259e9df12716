/// A session on its shard: up to four legs, and the one switch for its media.
struct RelaySession {
    // What each packet touches stands in front; what is behind it is not brought near for a packet.

    /// Nothing is forwarded while it is closed.
    var isGateOpen = false
    /// Start has happened. Kept apart from the gate, so that the count of early bytes does not trust the gate.
    var isStarted = false
    var hasForwarded = false
    var packetsForwarded: UInt64 = 0
    var bytesForwarded: UInt64 = 0
    var mediaBytesForwardedBeforeStart: UInt64 = 0
    var packetsDroppedAtGate: UInt64 = 0

    /// Bytes of the above.
    static let touchedByPackets = 0..<40

    let key: RelaySessionKey
    private var legs: (Int?, Int?, Int?, Int?) = (nil, nil, nil, nil)

    var presence = CustomerPresence()

    /// Slab indices of in-process ports: sinks, and tracks that come from one.
    var ports: [Int] = []
    var portSources: [Int] = []

    init(key: RelaySessionKey) { self.key = key }

    /// Counts a packet that entered a send slot.
    @inline(__always)
    mutating func countForwarded(_ bytes: Int) {
        if !isStarted { mediaBytesForwardedBeforeStart &+= UInt64(bytes) }
        packetsForwarded &+= 1
        bytesForwarded &+= UInt64(bytes)
    }

    /// The slab index of the leg of a side and direction.
    subscript(side: SessionSide, direction: MediaDirection) -> Int? {
        get {
            switch (side, direction) {
            case (.customer, .publish): legs.0
            case (.customer, .play): legs.1
            case (.technician, .publish): legs.2
            case (.technician, .play): legs.3
            }
        }
        set {
            switch (side, direction) {
            case (.customer, .publish): legs.0 = newValue
            case (.customer, .play): legs.1 = newValue
            case (.technician, .publish): legs.2 = newValue
            case (.technician, .play): legs.3 = newValue
            }
        }
    }

    var legIndices: [Int] { [legs.0, legs.1, legs.2, legs.3].compactMap { $0 } }
}

/// One WHIP or WHEP resource: the tracks that a peer publishes, or the slots that it plays.
struct Leg {
    let session: Int
    let sessionKey: RelaySessionKey
    let side: SessionSide
    let direction: MediaDirection
    /// The relay's CNAME on this leg.
    let cname: [UInt8]
    /// Slab indices of its tracks or slots, in the order of the offer.
    var streams: [Int] = []
    /// Slab indices of its keys.
    var links: [Int] = []
    /// Slab index of its transport, if that is ICE and DTLS.
    var peer: Int?
    var hasReceivedMedia = false
    /// Grows with each good check and each authentic report.
    var signsOfLife: UInt64 = 0
}
