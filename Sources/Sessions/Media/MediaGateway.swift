/// What sessions need of the media side. The executable supplies it; nothing here knows a packet.
///
/// The service calls it in order for each session: never two calls for one session at once.
public protocol MediaGateway: Sendable {
    /// Whether there is room for the media of one more session. Asked before a session is made and before a customer
    /// joins one; sessions that have media already are not concerned.
    /// - Throws: `overloaded`.
    func admitSession() async throws(MediaGatewayError)

    /// Answers a WHIP or WHEP offer. A second one of the same side and flow replaces the first, whose resource is gone
    /// then. Only a session without media so far may be refused as `overloaded`.
    func accept(_ offer: MediaOffer) async throws(MediaGatewayError) -> MediaAnswer

    /// Changes a resource's ICE: further candidates, or a restart (RFC 9725 section 4.3).
    func change(_ change: MediaChange) async throws(MediaGatewayError) -> MediaChanged

    /// Stops one resource.
    func remove(_ resource: String, session: SessionID) async throws(MediaGatewayError)

    /// Lets media through and asks the customer for a keyframe. Opening an open gate changes nothing. A session that
    /// has no media yet answers `notFound`; the service opens the gate again once an offer is accepted.
    func openGate(_ session: SessionID) async throws(MediaGatewayError)

    /// Lets nothing through in either direction. A session that has no media answers `notFound`.
    func closeGate(_ session: SessionID) async throws(MediaGatewayError)

    /// Takes down all media of a session and forgets it.
    func end(_ session: SessionID) async

    /// The session's figures so far; nil where it has had no media.
    func figures(_ session: SessionID) async -> MediaFigures?

    /// The figures of many sessions, at the cost of about one; those without media are left out.
    func readings(of sessions: [SessionID]) async -> [SessionID: MediaReading]
}

extension MediaGateway {
    /// One after the other.
    public func readings(of sessions: [SessionID]) async -> [SessionID: MediaReading] {
        var found: [SessionID: MediaReading] = [:]
        for session in sessions { found[session] = await figures(session).map { MediaReading(total: $0) } }
        return found
    }
}

/// Whose media.
public enum MediaSide: String, Sendable, CaseIterable {
    case customer, technician
}

/// Which way, seen from the client: `publish` is WHIP, `play` is WHEP.
public enum MediaFlow: String, Sendable, CaseIterable {
    case publish, play
}

/// A WHIP or WHEP offer, its permission already checked. The SDP is untouched text.
public struct MediaOffer: Sendable {
    public var session: SessionID
    public var side: MediaSide
    public var flow: MediaFlow
    public var sdp: String
    /// The IP address of the HTTP client, as text without a port.
    public var clientAddress: String
    /// Whether keys in the SDP were safe on their way: the request came over TLS or loopback.
    public var requestIsPrivate: Bool

    public init(
        session: SessionID, side: MediaSide, flow: MediaFlow, sdp: String, clientAddress: String, requestIsPrivate: Bool
    ) {
        self.session = session
        self.side = side
        self.flow = flow
        self.sdp = sdp
        self.clientAddress = clientAddress
        self.requestIsPrivate = requestIsPrivate
    }
}

/// The answer to an offer.
public struct MediaAnswer: Sendable {
    /// The last part of the resource's path: 1 to 64 characters of `A-Z a-z 0-9 - _`, unguessable.
    public var resource: String
    /// The resource's entity tag, without quotes.
    public var entityTag: String
    public var sdp: String

    public init(resource: String, entityTag: String, sdp: String) {
        self.resource = resource
        self.entityTag = entityTag
        self.sdp = sdp
    }
}

/// A PATCH of a resource, its permission already checked. The fragment is untouched text.
public struct MediaChange: Sendable {
    public var session: SessionID
    public var resource: String
    /// `application/trickle-ice-sdpfrag` (RFC 8840).
    public var fragment: String
    public var condition: EntityTagCondition

    public init(session: SessionID, resource: String, fragment: String, condition: EntityTagCondition) {
        self.session = session
        self.resource = resource
        self.fragment = fragment
        self.condition = condition
    }
}

/// What `If-Match` asks for (RFC 9110 section 13.1.1).
public enum EntityTagCondition: Sendable, Hashable {
    /// It was not sent.
    case absent
    /// `*`: whatever there is.
    case any
    /// One of these, without quotes.
    case oneOf([String])
}

/// The answer to a change.
public struct MediaChanged: Sendable {
    /// The resource's entity tag from now on, without quotes.
    public var entityTag: String
    /// The relay's own fragment after a restart; nil where nothing is to be said.
    public var fragment: String?

    public init(entityTag: String, fragment: String? = nil) {
        self.entityTag = entityTag
        self.fragment = fragment
    }
}

/// Why the media side refuses. Texts are one line for the caller, with the next step.
public enum MediaGatewayError: Error, Sendable, Equatable {
    /// 400: not SDP.
    case malformed(String)
    /// 422: SDP that says too little or contradicts itself.
    case unprocessable(String)
    /// 406: nothing in the offer that the relay can do.
    case unsupported(String)
    /// 403, with a code.
    case forbidden(code: String, String)
    case notFound
    /// 405: the resource is not over ICE, so nothing of it can change.
    case unchangeable
    /// 428: the change needs `If-Match`.
    case conditionMissing
    /// 412: the resource has another entity tag by now.
    case conditionFailed
    /// 503.
    case overloaded(retryAfterSeconds: Int)
    /// 500.
    case failed(String)
}
