/// `a=fingerprint:sha-256 4A:AD:…` (RFC 8122 section 5): the hash of the certificate that the peer will show.
public struct CertificateFingerprint: Hashable, Sendable {
    /// Hash functions that are good enough to rely on; md2, md5 and sha-1 of the grammar are not.
    public enum Hash: String, Hashable, Sendable, CaseIterable {
        case sha256 = "sha-256"
        case sha384 = "sha-384"
        case sha512 = "sha-512"

        /// Bytes of a digest.
        public var length: Int {
            switch self {
            case .sha256: 32
            case .sha384: 48
            case .sha512: 64
            }
        }
    }

    public let hash: Hash
    public let digest: [UInt8]

    /// Nil if the digest has not the hash's length.
    public init?(_ hash: Hash, digest: [UInt8]) {
        guard digest.count == hash.length else { return nil }
        self.hash = hash
        self.digest = digest
    }

    /// Reads the text behind `a=fingerprint:`. Nil for another hash function, or what does not fit the grammar.
    public init?(value: String) {
        let words = SDPText.words(value)
        guard words.count == 2,
            let hash = Hash.allCases.first(where: { SDPText.equalIgnoringCase(words[0], $0.rawValue) })
        else { return nil }
        let pairs = words[1].utf8.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
        guard pairs.count == hash.length else { return nil }
        var digest: [UInt8] = []
        for pair in pairs {
            guard pair.count == 2, let high = pair.first.flatMap(Self.digit), let low = pair.last.flatMap(Self.digit)
            else {
                return nil
            }
            digest.append(high << 4 | low)
        }
        self.init(hash, digest: digest)
    }

    private static func digit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        default: nil
        }
    }

    public var attribute: SDPAttribute {
        let digits = Array("0123456789ABCDEF")
        let pairs = digest.map { String([digits[Int($0 >> 4)], digits[Int($0 & 15)]]) }
        return SDPAttribute("fingerprint", "\(hash.rawValue) \(pairs.joined(separator: ":"))")
    }
}
