/// Six digits that let a customer in (D1). A string, never a number: leading zeros count. It prints as "PIN" only, so
/// that it cannot get into a log by accident.
public struct PIN: Hashable, Sendable, Codable, CustomStringConvertible, CustomDebugStringConvertible {
    /// The six digits.
    public let digits: String

    /// What a customer typed: six ASCII digits, with white space anywhere. Nil for anything else.
    public init?(typed text: String) {
        guard text.utf8.count <= 128 else { return nil }
        let digits = text.unicodeScalars.filter { !$0.properties.isWhitespace }
        guard digits.count == 6, digits.allSatisfy({ ("0"..."9").contains($0) }) else { return nil }
        self.digits = String(String.UnicodeScalarView(digits))
    }

    /// Draws one of the million PINs, each equally likely.
    public init(using generator: inout some RandomNumberGenerator) {
        let number = String(UInt32.random(in: 0...999_999, using: &generator))
        digits = String(repeating: "0", count: 6 - number.utf8.count) + number
    }

    public var description: String { "PIN" }
    public var debugDescription: String { "PIN" }
}
