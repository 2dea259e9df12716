/// Why an endpoint could not do its work: one clear line each, with the next step.
public enum EndpointError: Error, Hashable, Sendable, CustomStringConvertible {
    case unreadable(path: String, reason: String)
    case unwritable(path: String, reason: String)
    /// A media file of a kind or form that is not taken.
    case unsupportedMedia(path: String, reason: String)
    case codec(String)
    /// The local address or socket could not be had.
    case socket(String)
    /// The other side's session description does not fit.
    case negotiation(String)
    /// There is no way to the relay, or no agreement on keys.
    case unconnected(String)
    case serverGone(server: String, silentSeconds: Int)
    /// The session came to its end before there was anything to do.
    case sessionOver(status: String)
    case noSessionWaiting(seconds: Int)

    public var description: String {
        switch self {
        case .unreadable(let path, let reason): "cannot read \(path): \(reason)"
        case .unwritable(let path, let reason):
            "cannot write \(path): \(reason); check the folder, its permissions and the free space"
        case .unsupportedMedia(let path, let reason): "cannot use \(path): \(reason)"
        case .codec(let reason): "the codec failed: \(reason)"
        case .socket(let reason): "no UDP socket: \(reason)"
        case .negotiation(let reason): "the relay's answer does not fit the offer: \(reason)"
        case .unconnected(let reason): "no connection for media: \(reason)"
        case .serverGone(let server, let seconds):
            "the server at \(server) is gone: no media for \(seconds) s and no answer to HTTP; restart it and call again"
        case .sessionOver(let status): "the session is over (\(status)); create a new one"
        case .noSessionWaiting(let seconds):
            "no session was waiting within \(seconds) s; let the customer join first, or name one with --session"
        }
    }
}
