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
    /// 503.
    case overloaded(retryAfterSeconds: Int)
    /// 500.
    case failed(String)
}
