/// A STUN or TURN server that clients are told of (RFC 7064, RFC 7065, RFC 9725 section 4.6).
public struct ICEServer: Sendable, Hashable {
    /// `stun:stun.example.org`, `turn:turn.example.org:3478?transport=udp`.
    public let url: String
    public let username: String?
    public let credential: String?

    /// Reads `URL` or `URL USERNAME CREDENTIAL`. Nil for another scheme, TURN without credentials, or characters that do not belong
    /// into a header field.
    public init?(_ text: String) {
        let words = text.split(separator: " ").map(String.init)
        guard words.count == 1 || words.count == 3 else { return nil }
        let needsCredentials = words[0].hasPrefix("turn:") || words[0].hasPrefix("turns:")
        guard needsCredentials ? words.count == 3 : words[0].hasPrefix("stun:") || words[0].hasPrefix("stuns:"),
            !words[0].hasSuffix(":"), words.allSatisfy({ $0.utf8.allSatisfy(Self.isPlain) })
        else { return nil }
        url = words[0]
        username = words.count == 3 ? words[1] : nil
        credential = words.count == 3 ? words[2] : nil
    }

    var hasCredentials: Bool { username != nil }

    /// The value of a `Link` field.
    var link: String {
        var parts = ["<\(url)>", "rel=\"ice-server\""]
        if let username, let credential {
            parts += ["username=\"\(username)\"", "credential=\"\(credential)\"", "credential-type=\"password\""]
        }
        return parts.joined(separator: "; ")
    }

    /// Visible ASCII that needs no escape between angle brackets or quotes.
    private static func isPlain(_ byte: UInt8) -> Bool {
        (0x21...0x7E).contains(byte) && !"\"\\<>".utf8.contains(byte)
    }
}
