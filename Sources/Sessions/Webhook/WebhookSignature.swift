internal import COpenSSL

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
        let signed = Array("\(seconds).".utf8) + body
        var code = [UInt8](repeating: 0, count: 32)
        var length: UInt32 = 0
        unsafe _ = HMAC(EVP_sha256(), bytes, Int32(bytes.count), signed, signed.count, &code, &length)
        return "t=\(seconds),v1=\(Hexadecimal.text(code))"
    }

    public var description: String { "WebhookSecret" }
    public var debugDescription: String { description }
}
