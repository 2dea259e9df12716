/// Why a call to the server failed: one clear line each, with the next step.
public enum LensClientError: Error, Hashable, Sendable, CustomStringConvertible {
    case invalidServer(String)
    case invalidInvitation(String)
    /// No connection, or it broke.
    case unreachable(server: String, reason: String)
    case timeout(server: String, seconds: Int, call: String)
    /// The server answered with an error.
    case refused(call: String, Problem)
    /// The server answered with success and something that is not of the contract.
    case unexpected(call: String, reason: String)

    public var description: String {
        switch self {
        case .invalidServer(let text):
            "\"\(printable(text))\" is not a server address; write it as http://HOST:PORT (--server or LENS_SERVER)"
        case .invalidInvitation(let text):
            "\"\(printable(text))\" is neither a six-digit PIN nor an invitation link; copy it again from the invitation"
        case .unreachable(let server, let reason):
            "no connection to the server at \(server) (\(printable(reason))); start it with `lens serve`, or name it with --server"
        case .timeout(let server, let seconds, let call):
            "the server at \(server) did not answer within \(seconds) s (\(call)); check its load and its log, then try again"
        case .refused(let call, let problem): "\(call) was refused: \(problem)"
        case .unexpected(let call, let reason):
            "\(call): the server's answer is not understood (\(printable(reason))); check that --server leads to lens serve"
        }
    }
}

/// An error the server named, from `application/problem+json` (RFC 9457) or from the bare status.
public struct Problem: Hashable, Sendable, CustomStringConvertible {
    public var status: Int
    /// The rule's own name, as in `PINCODE_EXPIRED`.
    public var code: String?
    public var title: String?
    public var detail: String?
    /// Seconds, from `Retry-After`.
    public var retryAfterSeconds: Int?

    public init(
        status: Int, code: String? = nil, title: String? = nil, detail: String? = nil, retryAfterSeconds: Int? = nil
    ) {
        self.status = status
        self.code = code
        self.title = title
        self.detail = detail
        self.retryAfterSeconds = retryAfterSeconds
    }

    public var description: String {
        let name = code.map { "\(printable($0)), \(status)" } ?? "\(status)"
        let reason = (detail ?? title).map { printable($0).trimmedSentence } ?? "no reason given"
        // The server's own detail says the next step; only it cannot know this program's flags and how long to wait.
        let needsStep = detail == nil || status == 401 || status == 429
        return needsStep ? "\(reason) (\(name)); \(nextStep)" : "\(reason) (\(name))"
    }

    private var nextStep: String {
        switch code {
        case "PINCODE_MISSING": return "give the PIN with --join"
        case "PINCODE_INVALID": return "check the six digits of the PIN"
        case "PINCODE_EXPIRED", "PINCODE_ALREADYUSED": return "ask the technician for a new PIN"
        default: break
        }
        switch status {
        case 401: return "give a valid key with --api-key or LENS_API_KEY"
        case 403: return "check what this key, and the session's state, allow"
        case 404: return "check the session's id; it may have ended"
        case 409: return "look at the session's state, end what is still active, then try again"
        case 413: return "send less"
        case 422: return "this is likely a mismatch of versions: use the server's own lens"
        case 429: return "wait \(retryAfterSeconds.map { "\($0) s" } ?? "a little"), then try again"
        case 503: return "the server is draining or full; try again later or on another server"
        case 500...: return "look at the server's log"
        default: return "check the options of this command"
        }
    }
}

/// Text from outside, cut and without control characters, so that an error stays one line.
func printable(_ text: String) -> String {
    let clean = text.unicodeScalars.prefix(300).map { scalar in
        scalar.value < 0x20 || (0x7F..<0xA0).contains(scalar.value) || scalar.properties.isBidiControl
            ? " " : Character(scalar)
    }
    return String(clean)
}

extension String {
    /// Without surrounding spaces and without a full stop at the end: it goes on in a longer sentence.
    fileprivate var trimmedSentence: String {
        var text = self[...]
        while let last = text.last, last == "." || last.isWhitespace { text.removeLast() }
        while let first = text.first, first.isWhitespace { text.removeFirst() }
        return String(text)
    }
}
