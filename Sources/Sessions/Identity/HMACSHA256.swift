internal import COpenSSL

/// HMAC with SHA-256 (RFC 2104, FIPS 198-1).
enum HMACSHA256 {
    static let length = 32

    static func of(_ bytes: [UInt8], key: [UInt8]) -> [UInt8] {
        var code = [UInt8](repeating: 0, count: length)
        var written: UInt32 = 0
        unsafe _ = HMAC(EVP_sha256(), key, Int32(key.count), bytes, bytes.count, &code, &written)
        return code
    }
}
