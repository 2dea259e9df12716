public import MediaWire

/// Which way the media of a leg goes, seen from the peer: WHIP publishes, WHEP plays.
public enum MediaDirection: Sendable, Hashable, CaseIterable {
    case publish
    case play
}

/// The kinds of media that the relay forwards.
public enum MediaKind: String, Sendable, Hashable, CaseIterable {
    case audio
    case video
}

/// What the relay knows beside the offer itself when it answers.
public struct NegotiationContext: Sendable {
    public var direction: MediaDirection
    /// Where the HTTP request came from; a player's media goes there only, unless `allowedPlayers` says more.
    public var clientAddress: IPAddress?
    /// The request came over TLS or loopback, so that keys in the clear stay private (RFC 4568 section 7).
    public var requestIsPrivate: Bool
    /// Blocks that a player's announced address may lie in.
    public var allowedPlayers: [IPNetwork]
    /// The addresses that answers announce, in order of preference.
    public var mediaAddresses: [IPAddress]
    /// UDP port of the shard.
    public var mediaPort: UInt16
    /// For the `o=` line.
    public var sessionID: UInt64
    /// The best first. A profile that is missing here is never chosen.
    public var preferredProfiles: [SRTPProfile]

    public init(
        direction: MediaDirection, clientAddress: IPAddress?, requestIsPrivate: Bool, allowedPlayers: [IPNetwork] = [],
        mediaAddresses: [IPAddress], mediaPort: UInt16, sessionID: UInt64,
        preferredProfiles: [SRTPProfile] = [
            .aeadAES128GCM, .aeadAES256GCM, .aesCM128HMACSHA1_80, .aesCM128HMACSHA1_32,
        ]
    ) {
        self.direction = direction
        self.clientAddress = clientAddress
        self.requestIsPrivate = requestIsPrivate
        self.allowedPlayers = allowedPlayers
        self.mediaAddresses = mediaAddresses
        self.mediaPort = mediaPort
        self.sessionID = sessionID
        self.preferredProfiles = preferredProfiles
    }

    /// The address to announce to a peer at `peer`: the first of the same family, else the first.
    func mediaAddress(for peer: IPAddress?) -> IPAddress? {
        let peer = peer?.unmapped
        return mediaAddresses.first { $0.unmapped.isIPv6 == peer?.isIPv6 } ?? mediaAddresses.first
    }

    /// Whether media may be sent to `destination` on the word of this request. Never to the relay's own media port, which
    /// would make it talk to itself.
    func maySend(to destination: SocketAddress) -> Bool {
        let address = destination.address.unmapped
        if destination.port == mediaPort, mediaAddresses.contains(where: { $0.unmapped == address }) { return false }
        return address == clientAddress?.unmapped || allowedPlayers.contains { $0.contains(address) }
    }
}
