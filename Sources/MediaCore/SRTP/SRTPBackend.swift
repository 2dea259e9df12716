/// What does the cryptography of SRTP. All of them make the same packets and take the same packets.
public enum SRTPBackend: String, CaseIterable, Sendable, CustomStringConvertible {
    /// libsrtp2, packet by packet: the reference.
    case libsrtp
    /// This module's SRTP over OpenSSL's AES and SHA-1. Runs everywhere.
    case openssl
    /// This module's SRTP over Intel's multi-buffer library, on x86-64 with AVX2 or more. What that library does one
    /// packet at a time no faster than OpenSSL, OpenSSL does.
    case ipsecmb
    /// As `ipsecmb`, where that is available, but AES-GCM by this module's own code (`CVectorGCM`): for a relay that wakes for each
    /// frame the smaller keys and code are faster. On x86-64 with AVX-512, VAES and VPCLMULQDQ.
    case vector

    /// False where the processor or this build does not have it.
    public var isAvailable: Bool {
        switch self {
        case .libsrtp, .openssl: true
        case .ipsecmb: IPSecMB.isAvailable
        case .vector: VectorGCM.isAvailable
        }
    }

    /// The fastest on this machine, found out once.
    public static let best: SRTPBackend = [.vector, .ipsecmb].first(where: \.isAvailable) ?? .openssl

    /// True for those that work on several packets of counter mode at once.
    var hasBursts: Bool { (self == .ipsecmb || self == .vector) && IPSecMB.isAvailable }

    /// Itself if available, otherwise `openssl`.
    public var orFallback: SRTPBackend { isAvailable ? self : .openssl }

    public var description: String { rawValue }
}
