internal import COpenSSL

/// OpenSSL's ciphers, found once.
@safe
struct OpenSSLCiphers: @unchecked Sendable {
    // Sendable: a fetched cipher is never changed, and its count of references is atomic in OpenSSL; the tables of functions are
    // written before anybody sees them, and then only read.
    private let counter128 = unsafe EVP_CIPHER_fetch(nil, "AES-128-CTR", nil)
    private let counter256 = unsafe EVP_CIPHER_fetch(nil, "AES-256-CTR", nil)
    private let gcm128: UnsafePointer<lens_gcm>?
    private let gcm256: UnsafePointer<lens_gcm>?

    static let shared = OpenSSLCiphers()

    private init() {
        let provider = unsafe lens_gcm_provider()
        unsafe gcm128 = Self.find("AES-128-GCM", provider)
        unsafe gcm256 = Self.find("AES-256-GCM", provider)
    }

    /// Lives as long as the process.
    private static func find(_ name: String, _ provider: OpaquePointer?) -> UnsafePointer<lens_gcm>? {
        let table = UnsafeMutablePointer<lens_gcm>.allocate(capacity: 1)
        unsafe table.initialize(to: lens_gcm())
        guard unsafe lens_gcm_find(provider, name, table) == 1 else {
            unsafe table.deallocate()
            return nil
        }
        return unsafe UnsafePointer(table)
    }

    /// AES in counter mode; nil for a key of a length that AES does not know.
    func counterMode(keyLength: Int) -> OpaquePointer? {
        switch keyLength {
        case 16: unsafe counter128
        case 32: unsafe counter256
        default: nil
        }
    }

    /// AES-GCM of a profile; nil for one that has none.
    func gcm(for profile: SRTPProfile) -> UnsafePointer<lens_gcm>? {
        switch profile {
        case .aeadAES128GCM: unsafe gcm128
        case .aeadAES256GCM: unsafe gcm256
        case .aesCM128HMACSHA1_80, .aesCM128HMACSHA1_32: nil
        }
    }
}
