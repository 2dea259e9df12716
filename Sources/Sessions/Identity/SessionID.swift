/// Names a session in paths and logs: 32 hexadecimal digits (128 bits), not a secret.
public struct SessionID: Hashable, Sendable, Codable, CustomStringConvertible {
    public let text: String

    /// - Returns: nil unless `text` is exactly 32 lower-case hexadecimal digits.
    public init?(_ text: some StringProtocol) {
        guard text.utf8.count == 32, text.utf8.allSatisfy(Hexadecimal.isDigit) else { return nil }
        self.text = String(text)
    }

    /// A new identifier.
    public init(using generator: inout some RandomNumberGenerator) {
        text = Hexadecimal.text(SecretBytes.draw(16, using: &generator))
    }

    public var description: String { text }
}
