/// An `a=crypto` line: the sender's SRTP key for this media, in the clear (RFC 4568 section 4).
///
/// Never printed: `description` leaves the keys out.
public struct CryptoAttribute: Hashable, Sendable {
    /// 0 to 999,999,999, unique within its media description; an answer repeats the one that it picks.
    public var tag: Int
    /// Such as `AES_CM_128_HMAC_SHA1_80`.
    public var suite: String
    public var key: Key
    /// Further keys of the same line, each with an MKI of its own.
    public var furtherKeys: [Key] = []
    /// Session parameters as written (RFC 4568 section 6.3).
    public var sessionParameters: [String] = []

    /// One `inline:` parameter (RFC 4568 section 6.1).
    public struct Key: Hashable, Sendable {
        /// Master key followed by master salt.
        public var keySalt: [UInt8]
        /// Packets that the master key may protect.
        public var lifetime: UInt64?
        public var mki: MasterKeyIdentifier?

        public init(keySalt: [UInt8], lifetime: UInt64? = nil, mki: MasterKeyIdentifier? = nil) {
            self.keySalt = keySalt
            self.lifetime = lifetime
            self.mki = mki
        }
    }

    /// Says which master key protects a packet that carries it.
    public struct MasterKeyIdentifier: Hashable, Sendable {
        /// Decimal digits.
        public var value: String
        /// Bytes in each packet, 1 to 128.
        public var length: Int

        public init(value: String, length: Int) {
            self.value = value
            self.length = length
        }
    }

    public init(tag: Int, suite: String, keySalt: [UInt8]) {
        self.tag = tag
        self.suite = suite
        key = Key(keySalt: keySalt)
    }

    /// Reads the text after `a=crypto:`; nil if it does not fit the grammar.
    public init?(value: String) {
        guard let parsed = try? CryptoAttribute.parse(value: value, line: 0) else { return nil }
        self = parsed
    }

    public var keySalt: [UInt8] { key.keySalt }
    public var lifetime: UInt64? { key.lifetime }
    public var mki: MasterKeyIdentifier? { key.mki }

    /// The text after `a=crypto:`, keys included.
    public var value: String {
        let keys = ([key] + furtherKeys).map(\.text).joined(separator: ";")
        return (["\(tag)", suite, keys] + sessionParameters).joined(separator: " ")
    }

    public var attribute: SDPAttribute { SDPAttribute("crypto", value) }
}

extension CryptoAttribute: CustomStringConvertible, CustomDebugStringConvertible {
    public var description: String { "crypto:\(tag) \(suite)" }
    public var debugDescription: String { description }
}

// MARK: - Parsing

extension CryptoAttribute {
    /// Reads an `a=crypto` line by the grammar of RFC 4568 section 9. What the suite makes of the key's length is the
    /// caller's to check.
    public static func parse(_ attribute: SDPAttribute) throws(SDPError) -> CryptoAttribute {
        try parse(value: attribute.value ?? "", line: attribute.line.number)
    }

    /// Only the tag and the suite, enough to pass over the keys of suites that are not known.
    public static func tagAndSuite(of attribute: SDPAttribute) throws(SDPError) -> (tag: Int, suite: String) {
        try tagAndSuite(SDPText.words(attribute.value ?? ""), line: attribute.line.number)
    }

    static func parse(value: String, line: Int) throws(SDPError) -> CryptoAttribute {
        let words = SDPText.words(value)
        let (tag, suite) = try tagAndSuite(words, line: line)
        var keys: [Key] = []
        for part in words[2].utf8.split(separator: UInt8(ascii: ";"), omittingEmptySubsequences: false) {
            keys.append(try Key(Substring(part), line: line))
        }
        guard let first = keys.first else { throw SDPError(line: line, what: "crypto has no key") }
        var crypto = CryptoAttribute(tag: tag, suite: suite, keySalt: [])
        crypto.key = first
        crypto.furtherKeys = Array(keys.dropFirst())
        crypto.sessionParameters = words.dropFirst(3).map(String.init)
        return crypto
    }

    private static func tagAndSuite(_ words: [Substring], line: Int) throws(SDPError) -> (tag: Int, suite: String) {
        guard words.count >= 3 else { throw SDPError(line: line, what: "crypto needs a tag, a suite and a key") }
        let digits = words[0].utf8
        guard (1...9).contains(digits.count), digits.count == 1 || digits.first != UInt8(ascii: "0"),
            let tag = SDPText.decimal(digits, as: Int.self)
        else { throw SDPError(line: line, what: "the crypto tag must be a number of 1 to 9 digits") }
        let isSuite = words[1].utf8.allSatisfy { byte in
            SDPText.isToken(byte)
                && (byte == UInt8(ascii: "_") || Character(Unicode.Scalar(byte)).isLetter
                    || Character(Unicode.Scalar(byte)).isNumber)
        }
        guard isSuite else { throw SDPError(line: line, what: "the crypto suite's name is malformed") }
        return (tag, String(words[1]))
    }
}

extension CryptoAttribute.Key {
    /// `inline:` key and salt, then `|lifetime` and `|MKI:length`, each optional.
    fileprivate init(_ text: Substring, line: Int) throws(SDPError) {
        func error(_ what: String) -> SDPError { SDPError(line: line, what: what) }
        guard let (method, info) = SDPText.cut(text, at: ":"), SDPText.equalIgnoringCase(method, "inline") else {
            throw error("the crypto key does not begin with inline:")
        }
        let parts = info.utf8.split(separator: UInt8(ascii: "|"), omittingEmptySubsequences: false).map(Substring.init)
        guard let encoded = parts.first, !encoded.isEmpty, let keySalt = Base64.decode(encoded) else {
            throw error("the crypto key is not base64 with padding")
        }
        self.keySalt = keySalt
        for part in parts.dropFirst() {
            if let (value, length) = SDPText.cut(part, at: ":") {
                guard mki == nil, value.utf8.count <= 309, SDPText.isDigits(value.utf8),
                    let length = SDPText.decimal(length.utf8, as: Int.self), (1...128).contains(length)
                else { throw error("the crypto key's MKI must be NUMBER:LENGTH, length 1 to 128") }
                mki = CryptoAttribute.MasterKeyIdentifier(value: String(value), length: length)
            } else {
                guard mki == nil, lifetime == nil, let packets = Self.lifetime(part) else {
                    throw error("the crypto key's lifetime must be a number up to 2^48")
                }
                lifetime = packets
            }
        }
    }

    /// Packets, up to the 2^48 that SRTP's index can count (RFC 3711 section 9.2).
    private static func lifetime(_ text: Substring) -> UInt64? {
        let limit = UInt64(1) << 48
        if text.hasPrefix("2^") {
            guard let exponent = SDPText.decimal(text.utf8.dropFirst(2), as: UInt8.self), exponent <= 48 else {
                return nil
            }
            return 1 << UInt64(exponent)
        }
        guard let packets = SDPText.decimal(text.utf8, as: UInt64.self), (1...limit).contains(packets) else {
            return nil
        }
        return packets
    }

    var text: String {
        var text = "inline:" + Base64.encode(keySalt)
        if let lifetime {
            let isPower = lifetime > 0 && lifetime & (lifetime - 1) == 0
            text += isPower ? "|2^\(lifetime.trailingZeroBitCount)" : "|\(lifetime)"
        }
        if let mki { text += "|\(mki.value):\(mki.length)" }
        return text
    }
}
