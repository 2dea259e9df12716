/// The SRTP keys of a DTLS connection, seen from one of its ends (RFC 5764 section 4.2).
public struct DTLSKeys: Sendable, Equatable {
    /// For what this end sends.
    public let sending: SRTPKey
    /// For what the peer sends.
    public let receiving: SRTPKey

    /// - Parameter material: what the handshake exports: the client's key, the server's, the client's salt, the server's. Nil if
    ///   it has not the profile's length.
    public init?(_ profile: SRTPProfile, material: [UInt8], isClient: Bool) {
        let key = profile.masterKeyLength, salt = profile.masterSaltLength
        guard material.count == Self.length(profile) else { return nil }
        let salts = material[(2 * key)...]
        guard
            let client = SRTPKey(profile: profile, keySalt: Array(material[..<key] + salts.prefix(salt))),
            let server = SRTPKey(profile: profile, keySalt: Array(material[key..<(2 * key)] + salts.suffix(salt)))
        else { return nil }
        sending = isClient ? client : server
        receiving = isClient ? server : client
    }

    /// Bytes that a handshake exports for a profile.
    public static func length(_ profile: SRTPProfile) -> Int {
        2 * (profile.masterKeyLength + profile.masterSaltLength)
    }
}

extension SRTPProfile {
    /// By its number in the `use_srtp` extension (RFC 5764 section 4.1.2, RFC 7714 section 14.2).
    init?(dtlsNumber: UInt) {
        switch dtlsNumber {
        case 0x0001: self = .aesCM128HMACSHA1_80
        case 0x0002: self = .aesCM128HMACSHA1_32
        case 0x0007: self = .aeadAES128GCM
        case 0x0008: self = .aeadAES256GCM
        default: return nil
        }
    }
}
