/// Why there can be no DTLS.
public enum DTLSError: Error, Sendable, Equatable, CustomStringConvertible {
    /// OpenSSL refused a key, a certificate or a setting, or has no memory.
    case library
    /// The peer announced no fingerprint that could be checked, or more than can be kept.
    case fingerprints

    public var description: String {
        switch self {
        case .library: "OpenSSL refused to set up DTLS; is its version 3.0 or newer?"
        case .fingerprints: "DTLS needs one to eight fingerprints of the peer's certificate"
        }
    }
}
