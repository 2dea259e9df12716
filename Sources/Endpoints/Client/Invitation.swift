import FoundationEssentials

/// What a customer is given: a six-digit PIN, or a link that carries it as `/?code=123456` or as `/123456`.
public struct Invitation: Hashable, Sendable {
    /// Six digits.
    public let pin: String
    /// The server a link leads to; nil for a bare PIN.
    public let server: ServerAddress?

    /// Spaces in the PIN are ignored.
    /// - Throws: `LensClientError.invalidInvitation` if there is no PIN in it, `invalidServer` for a link without a server.
    public init(_ text: String) throws(LensClientError) {
        let trimmed = text.filter { !$0.isWhitespace }
        if let pin = Self.pin(trimmed) {
            self.pin = pin
            server = nil
            return
        }
        guard trimmed.contains("://"), let components = URLComponents(string: trimmed) else {
            throw .invalidInvitation(text)
        }
        let code = components.queryItems?.first { $0.name == "code" }?.value
        guard let pin = Self.pin(code ?? String(components.path.split(separator: "/").last ?? "")) else {
            throw .invalidInvitation(text)
        }
        self.pin = pin
        server = try ServerAddress(trimmed)
    }

    private static func pin(_ text: String) -> String? {
        text.utf8.count == 6 && text.utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
            ? text : nil
    }
}
