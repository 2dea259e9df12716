import MediaCore
import MediaWire

/// The certificate that all legs of a process show: making one costs more than a whole handshake.
// Sendable: nothing here is written after `init`, and OpenSSL counts and locks what its connections share by itself (SSL_CTX_new(3)).
final class LoadCertificate: @unchecked Sendable {
    let context: DTLSContext
    let fingerprint: CertificateFingerprint

    /// - Parameters:
    ///   - profile: the one on offer.
    ///   - now: seconds since 1970.
    /// - Throws: `DTLSError.library`.
    init(_ profile: SRTPProfile, validAt now: Int64, serial: UInt32) throws(DTLSError) {
        context = try DTLSContext(profiles: [profile], validAt: now, serial: serial)
        guard let fingerprint = context.fingerprint(.sha256) else { throw .library }
        self.fingerprint = fingerprint
    }
}
