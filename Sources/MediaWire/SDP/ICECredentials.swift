/// The short-term credential of one side of one ICE session (RFC 8445 section 5.3, RFC 8839 section 5.4).
public struct ICECredentials: Hashable, Sendable {
    /// 4 to 256 ice-chars.
    public let usernameFragment: [UInt8]
    /// 22 to 256 ice-chars.
    public let password: [UInt8]

    /// Nil if a length or a character is not as RFC 8839 section 5.4 has it.
    public init?(usernameFragment: some StringProtocol, password: some StringProtocol) {
        let name = Array(usernameFragment.utf8), secret = Array(password.utf8)
        guard (4...256).contains(name.count), (22...256).contains(secret.count),
            name.allSatisfy(SDPText.isICECharacter),
            secret.allSatisfy(SDPText.isICECharacter)
        else { return nil }
        self.usernameFragment = name
        self.password = secret
    }

    /// Fresh ones: 48 and 144 random bits.
    /// - Parameter generator: a cryptographic one.
    public init(using generator: inout some RandomNumberGenerator) {
        usernameFragment = Self.characters(8, &generator)
        password = Self.characters(24, &generator)
    }

    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

    private static func characters(_ count: Int, _ generator: inout some RandomNumberGenerator) -> [UInt8] {
        (0..<count).map { _ in alphabet[Int.random(in: 0..<64, using: &generator)] }
    }
}
