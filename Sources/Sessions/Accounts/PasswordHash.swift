internal import COpenSSL

/// What is kept of a password: scrypt (RFC 7914) with its parameters and salt, so that they may be raised later and old ones still
/// be recognised.
public struct PasswordHash: Sendable, Hashable, CustomStringConvertible, CustomDebugStringConvertible {
    /// How dear it is to try a password.
    public struct Cost: Sendable, Hashable {
        /// Logarithm to base 2 of N: memory is 128 · r · N bytes.
        public var logN: Int
        /// Block size.
        public var r: Int
        /// How often all of it is done.
        public var p: Int

        /// 32 MiB, three times.
        public static let standard = Cost(logN: 15, r: 8, p: 3)

        public init(logN: Int, r: Int, p: Int) {
            self.logN = logN
            self.r = r
            self.p = p
        }

        /// Bounds of what is read from a store: a hash must not take the machine's memory.
        var isBearable: Bool { (1...18).contains(logN) && (1...16).contains(r) && (1...16).contains(p) }
    }

    public let cost: Cost
    private let salt: [UInt8]
    private let hash: [UInt8]

    private static let saltLength = 16
    private static let hashLength = 32
    /// Longest password, in bytes of UTF-8.
    public static let passwordLimit = 1024

    /// Takes a good part of a second and `cost`'s memory; not to be done where others wait.
    /// - Returns: nil if the password is over the limit or the library fails.
    public init?(
        _ password: String, cost: Cost = .standard, using generator: inout some RandomNumberGenerator
    ) {
        let salt = SecretBytes.draw(Self.saltLength, using: &generator)
        guard let hash = Self.derive(password, salt, cost) else { return nil }
        self.cost = cost
        self.salt = salt
        self.hash = hash
    }

    /// Reads what `text` wrote; nil for anything else.
    public init?(_ text: String) {
        let parts = text.split(separator: "$", omittingEmptySubsequences: false)
        guard parts.count == 5, parts[0].isEmpty, parts[1] == "scrypt", let cost = Self.cost(parts[2]),
            let salt = Hexadecimal.bytes(parts[3]), salt.count == Self.saltLength,
            let hash = Hexadecimal.bytes(parts[4]), hash.count == Self.hashLength
        else { return nil }
        self.cost = cost
        self.salt = salt
        self.hash = hash
    }

    private static func cost(_ text: Substring) -> Cost? {
        var values: [Int] = []
        for (part, name) in zip(text.split(separator: ",", omittingEmptySubsequences: false), ["ln=", "r=", "p="]) {
            guard part.hasPrefix(name), let value = Int(part.dropFirst(name.count)) else { return nil }
            values.append(value)
        }
        guard values.count == 3, text.split(separator: ",", omittingEmptySubsequences: false).count == 3 else {
            return nil
        }
        let cost = Cost(logN: values[0], r: values[1], p: values[2])
        return cost.isBearable ? cost : nil
    }

    /// `$scrypt$ln=15,r=8,p=3$salt$hash`, salt and hash in hexadecimal.
    public var text: String {
        "$scrypt$ln=\(cost.logN),r=\(cost.r),p=\(cost.p)$\(Hexadecimal.text(salt))$\(Hexadecimal.text(hash))"
    }

    /// Compares in constant time. Takes as long as making the hash did, whatever the outcome.
    public func matches(_ password: String) -> Bool {
        guard let other = Self.derive(password, salt, cost) else { return false }
        return SecretBytes.areEqual(hash, other)
    }

    static func derive(_ password: String, _ salt: [UInt8], _ cost: Cost) -> [UInt8]? {
        let bytes = Array(password.utf8)
        guard bytes.count <= passwordLimit, cost.isBearable else { return nil }
        var hash = [UInt8](repeating: 0, count: hashLength)
        let memory = UInt64(256 * cost.r) << UInt64(cost.logN)
        let isDone = unsafe bytes.withUnsafeBufferPointer { password in
            unsafe password.withMemoryRebound(to: CChar.self) { password in
                unsafe EVP_PBE_scrypt(
                    password.baseAddress, password.count, salt, salt.count, 1 << UInt64(cost.logN), UInt64(cost.r),
                    UInt64(cost.p), memory + 1 << 20, &hash, hash.count)
            }
        }
        return isDone == 1 ? hash : nil
    }

    public var description: String { "PasswordHash" }
    public var debugDescription: String { description }
}

/// As its text.
extension PasswordHash: Codable {
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        guard let hash = PasswordHash(try container.decode(String.self)) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "is no password hash")
        }
        self = hash
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(text)
    }
}
