/// Proves to a webhook's receiver who sent a message, and when: HMAC-SHA256 (RFC 2104) over the time, a point and the body.
public struct WebhookSecret: Sendable, Equatable, CustomStringConvertible, CustomDebugStringConvertible {
    private let bytes: [UInt8]

    /// - Returns: nil for less than 16 bytes, which could be guessed.
    public init?(_ text: String) {
        guard text.utf8.count >= 16 else { return nil }
        bytes = Array(text.utf8)
    }

    /// The value of the header field `Lens-Signature`.
    /// - Parameter seconds: since 1970-01-01T00:00:00Z; receivers refuse what is old.
    public func signature(of body: [UInt8], at seconds: Int64) -> String {
        let code = HMACSHA256.of(Array("\(seconds).".utf8) + body, key: bytes)
        return "t=\(seconds),v1=\(Hexadecimal.text(code))"
    }

    public var description: String { "WebhookSecret" }
    public var debugDescription: String { description }
}
