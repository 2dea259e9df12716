internal import COpenSSL
public import MediaWire

/// What the DTLS connections of one owner share: a certificate made for it, and the settings of RFC 5763 and RFC 8827: DTLS 1.2,
/// ECDHE, an AEAD cipher, certificates of both sides known by their fingerprints alone.
@safe
public struct DTLSContext: ~Copyable {
    let context: OpaquePointer
    private let certificate: OpaquePointer
    private let key: OpaquePointer

    /// In the order of preference. The short tags of the other one are for voice alone, and DTLS keys serve all of a bundle.
    public static let preferredProfiles: [SRTPProfile] = [.aeadAES128GCM, .aeadAES256GCM, .aesCM128HMACSHA1_80]

    /// A new P-256 key and a certificate signed by itself.
    ///
    /// - Parameters:
    ///   - profiles: on offer, the best first.
    ///   - now: seconds since 1970; the certificate is valid for ten years.
    ///   - serial: its serial number.
    /// - Throws: `DTLSError.library`.
    public init(
        profiles: [SRTPProfile] = Self.preferredProfiles, validAt now: Int64, serial: UInt32
    ) throws(DTLSError) {
        let names = profiles.map(Self.name).joined(separator: ":")
        guard let key = unsafe lens_p256_key_new() else { throw .library }
        guard let certificate = unsafe lens_certificate_new(key, now, Int64(serial), "Lens Relay") else {
            unsafe EVP_PKEY_free(key)
            throw .library
        }
        guard let context = unsafe lens_dtls_context_new(certificate, key, names) else {
            unsafe X509_free(certificate)
            unsafe EVP_PKEY_free(key)
            throw .library
        }
        unsafe self.key = key
        unsafe self.certificate = certificate
        unsafe self.context = context
    }

    deinit {
        // Connections hold the context as long as they need it.
        unsafe SSL_CTX_free(context)
        unsafe X509_free(certificate)
        unsafe EVP_PKEY_free(key)
    }

    /// The certificate's fingerprint, for the SDP; nil if the library fails.
    public func fingerprint(_ hash: CertificateFingerprint.Hash) -> CertificateFingerprint? {
        var digest = [UInt8](repeating: 0, count: hash.length)
        var length: UInt32 = 0
        guard unsafe X509_digest(certificate, hash.function, &digest, &length) == 1 else { return nil }
        return CertificateFingerprint(hash, digest: digest)
    }

    private static func name(_ profile: SRTPProfile) -> String {
        switch profile {
        case .aeadAES128GCM: "SRTP_AEAD_AES_128_GCM"
        case .aeadAES256GCM: "SRTP_AEAD_AES_256_GCM"
        case .aesCM128HMACSHA1_80: "SRTP_AES128_CM_SHA1_80"
        case .aesCM128HMACSHA1_32: "SRTP_AES128_CM_SHA1_32"
        }
    }
}

extension CertificateFingerprint.Hash {
    /// OpenSSL's function, which nobody has to free.
    var function: OpaquePointer? {
        switch self {
        case .sha256: unsafe EVP_sha256()
        case .sha384: unsafe EVP_sha384()
        case .sha512: unsafe EVP_sha512()
        }
    }
}
