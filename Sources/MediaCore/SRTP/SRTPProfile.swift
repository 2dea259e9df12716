/// A protection profile of SRTP, by its IANA name in SDP security descriptions (RFC 4568, RFC 7714 section 14.2).
public enum SRTPProfile: String, Sendable, CaseIterable, CustomStringConvertible {
    case aeadAES128GCM = "AEAD_AES_128_GCM"
    case aeadAES256GCM = "AEAD_AES_256_GCM"
    case aesCM128HMACSHA1_80 = "AES_CM_128_HMAC_SHA1_80"
    /// RTP tags of 32 bits; RTCP tags stay at 80 bits (RFC 4568 section 6.2.2). Audio only.
    case aesCM128HMACSHA1_32 = "AES_CM_128_HMAC_SHA1_32"

    /// True for AES-GCM, where one cipher encrypts and authenticates.
    var isAEAD: Bool {
        switch self {
        case .aeadAES128GCM, .aeadAES256GCM: true
        case .aesCM128HMACSHA1_80, .aesCM128HMACSHA1_32: false
        }
    }

    /// Bytes of the master key.
    public var masterKeyLength: Int { self == .aeadAES256GCM ? 32 : 16 }

    /// Bytes of the master salt.
    public var masterSaltLength: Int {
        switch self {
        case .aeadAES128GCM, .aeadAES256GCM: 12
        case .aesCM128HMACSHA1_80, .aesCM128HMACSHA1_32: 14
        }
    }

    /// Bytes that protection adds to an RTP packet.
    public var rtpOverhead: Int {
        switch self {
        case .aeadAES128GCM, .aeadAES256GCM: 16
        case .aesCM128HMACSHA1_80: 10
        case .aesCM128HMACSHA1_32: 4
        }
    }

    /// Bytes that protection adds to an RTCP packet: tag and the 4-byte index.
    public var rtcpOverhead: Int {
        switch self {
        case .aeadAES128GCM, .aeadAES256GCM: 20
        case .aesCM128HMACSHA1_80, .aesCM128HMACSHA1_32: 14
        }
    }

    /// Bytes of an RTCP packet that stay clear (RFC 3711 section 3.4).
    static let clearRTCP = 8
    /// Bytes of an RTCP tag in both profiles with HMAC-SHA1.
    static let counterModeRTCPTag = 10

    /// Bytes from the SRTCP index to the packet's end: the tag stands behind it, or before it with GCM (RFC 3711
    /// section 3.4, RFC 7714 section 9.2).
    var rtcpIndexDistance: Int {
        switch self {
        case .aeadAES128GCM, .aeadAES256GCM: 4
        case .aesCM128HMACSHA1_80, .aesCM128HMACSHA1_32: 14
        }
    }

    public var description: String { rawValue }
}

/// Master key and salt for one direction, with the profile that they are for. Not printable, so that it stays out of
/// logs.
public struct SRTPKey: Sendable, Equatable {
    public let profile: SRTPProfile
    /// Key followed by salt, as SDP's `inline:` carries them.
    public let keySalt: [UInt8]

    /// Nil if the length is not the profile's.
    public init?(profile: SRTPProfile, keySalt: [UInt8]) {
        guard keySalt.count == profile.masterKeyLength + profile.masterSaltLength else { return nil }
        self.profile = profile
        self.keySalt = keySalt
    }

    /// A fresh key from `generator`, which must be cryptographic outside of tests.
    public init(profile: SRTPProfile, using generator: inout some RandomNumberGenerator) {
        self.profile = profile
        keySalt = (0..<(profile.masterKeyLength + profile.masterSaltLength)).map { _ in
            UInt8.random(in: 0...255, using: &generator)
        }
    }
}

extension SRTPKey: CustomStringConvertible, CustomDebugStringConvertible {
    public var description: String { "SRTPKey(\(profile))" }
    public var debugDescription: String { description }
}

/// What became of a packet at the SRTP face.
public enum SRTPOutcome: Sendable, Equatable {
    /// The packet is now `length` bytes long.
    case success(length: Int)
    /// The tag does not fit: wrong key or changed bytes. Nothing was remembered of it.
    case authenticationFailure
    /// Seen before, or older than the replay window: 1024 packets of RTP, 128 of RTCP (RFC 3711 section 3.3.2).
    case replay
    /// Too short or too long, or a length in it lies.
    case malformed
    /// No room in the buffer, no free stream, no memory, or the key has protected as many packets as it may.
    case limit
}

/// A key that the library did not take.
public struct SRTPError: Error, Sendable, CustomStringConvertible {
    public let status: Int32
    public var description: String { "the SRTP library refused the key (status \(status))" }
}
