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

/// Names a technician. Until technicians have accounts, an automation names them freely.
public struct TechnicianID: Hashable, Sendable, Codable, CustomStringConvertible {
    public let text: String

    /// - Returns: nil unless `text` is 1 to 64 letters, digits or any of `-_.@+`.
    public init?(_ text: String) {
        let allowed = text.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"): true
            case UInt8(ascii: "a")...UInt8(ascii: "z"): true
            default: "-_.@+".utf8.contains(byte)
            }
        }
        guard (1...64).contains(text.utf8.count), allowed else { return nil }
        self.text = text
    }

    public var description: String { text }
}
