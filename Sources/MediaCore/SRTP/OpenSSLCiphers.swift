internal import COpenSSL

/// OpenSSL's ciphers, fetched once.
@safe
struct OpenSSLCiphers: @unchecked Sendable {
    // Sendable: a fetched cipher is never changed, and its count of references is atomic in OpenSSL.
    private let gcm128 = unsafe EVP_CIPHER_fetch(nil, "AES-128-GCM", nil)
    private let gcm256 = unsafe EVP_CIPHER_fetch(nil, "AES-256-GCM", nil)
    private let counter128 = unsafe EVP_CIPHER_fetch(nil, "AES-128-CTR", nil)
    private let counter256 = unsafe EVP_CIPHER_fetch(nil, "AES-256-CTR", nil)

    static let shared = OpenSSLCiphers()

    /// AES in counter mode; nil for a key of a length that AES does not know.
    func counterMode(keyLength: Int) -> OpaquePointer? {
        switch keyLength {
        case 16: unsafe counter128
        case 32: unsafe counter256
        default: nil
        }
    }

    /// What protects packets.
    func cipher(for profile: SRTPProfile) -> OpaquePointer? {
        switch profile {
        case .aeadAES128GCM: unsafe gcm128
        case .aeadAES256GCM: unsafe gcm256
        case .aesCM128HMACSHA1_80, .aesCM128HMACSHA1_32: unsafe counter128
        }
    }
}
