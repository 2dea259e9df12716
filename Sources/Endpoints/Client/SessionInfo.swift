/// What the server says about a session, as far as an endpoint needs it.
public struct SessionInfo: Decodable, Hashable, Sendable {
    public var id: String
    /// `Connecting`, `Waiting`, `Active`, `OnHold`, `Reconnecting`, `Offline`, `Closed`, `TimedOut`, `Declined`, `Aborted`.
    public var status: String
    public var name: String?
    public var pin: String?
    public var links: Links?
    public var endReason: String?
    public var media: Media?
    public var customer: Customer?

    public struct Customer: Decodable, Hashable, Sendable {
        /// What the customer granted; nil while not known.
        public var camera: Bool?
        public var microphone: Bool?
    }

    public struct Links: Decodable, Hashable, Sendable {
        public var desktop: String?
        public var mobile: String?
        public var entry: String?
    }

    public struct Media: Decodable, Hashable, Sendable {
        public var mediaBytesForwardedBeforeStart: UInt64?
    }

    /// What the customer will send.
    public var expectedMedia: Set<ReceivedMedia> {
        var media: Set<ReceivedMedia> = []
        if customer?.camera != false { media.insert(.video) }
        if customer?.microphone != false { media.insert(.audio) }
        return media
    }

    /// True once nothing can happen in it any more.
    public var isOver: Bool { ["Closed", "TimedOut", "Declined", "Aborted"].contains(status) }
}

/// What a customer gets for a PIN.
public struct Joined: Decodable, Hashable, Sendable {
    public var session: String
    /// Bearer token of the customer's further calls.
    public var token: String
    public var eulaVersion: String

    private enum CodingKeys: CodingKey {
        case session, token, eula
    }

    private struct EULA: Decodable {
        var version: String
    }

    private struct Identified: Decodable {
        var id: String
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        if let object = try? container.decode(Identified.self, forKey: .session) {
            session = object.id
        } else {
            session = try container.decode(String.self, forKey: .session)
        }
        token = try container.decode(String.self, forKey: .token)
        eulaVersion = try container.decode(EULA.self, forKey: .eula).version
    }
}

/// A WHIP or WHEP session that the server made (RFC 9725 section 4.2).
public struct MediaResource: Hashable, Sendable {
    /// Absolute; DELETE ends the session.
    public var url: String
    public var entityTag: String?
    /// The server's answer, SDP.
    public var answer: String
}
