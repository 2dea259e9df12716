internal import COpenSSL

/// SHA-256 (FIPS 180-4).
enum SHA256Digest {
    static func of(_ bytes: [UInt8]) -> [UInt8] {
        var digest = [UInt8](repeating: 0, count: 32)
        unsafe _ = SHA256(bytes, bytes.count, &digest)
        return digest
    }
}
