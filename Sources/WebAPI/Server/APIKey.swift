import Sessions

/// A key of an automation. The audit trail and sessions show the name, never the key.
public struct APIKey: Sendable, CustomStringConvertible, CustomDebugStringConvertible {
    public let name: String
    private let key: [UInt8]

    /// - Returns: nil for an empty key, which no caller could present, or one over 512 bytes.
    public init?(name: String, key: String) {
        guard (1...512).contains(key.utf8.count) else { return nil }
        self.name = name
        self.key = Array(key.utf8)
    }

    /// Compares in constant time.
    func matches(_ presented: String) -> Bool { SecretBytes.areEqual(key, Array(presented.utf8)) }

    public var description: String { "APIKey(\(name))" }
    public var debugDescription: String { description }
}
