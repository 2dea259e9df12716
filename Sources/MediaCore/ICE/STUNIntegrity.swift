internal import COpenSSL
public import MediaWire

/// MESSAGE-INTEGRITY with a short-term credential (RFC 8489 sections 9.1 and 14.5): HMAC-SHA1 under the password.
public enum STUNIntegrity {
    /// 20 bytes, or nil if the library fails.
    public static func code(_ bytes: [UInt8], password: [UInt8]) -> [UInt8]? {
        var code = [UInt8](repeating: 0, count: 20)
        guard let length = Int32(exactly: password.count),
            unsafe HMAC(EVP_sha1(), password, length, bytes, bytes.count, &code, nil) != nil
        else { return nil }
        return code
    }

    /// True if the message carries the code that only this password makes. Takes as long for any wrong code.
    public static func holds(_ message: borrowing STUNMessage, password: [UInt8]) -> Bool {
        guard let integrity = message.integrity, let expected = code(integrity.covered, password: password) else {
            return false
        }
        return unsafe CRYPTO_memcmp(expected, integrity.code, expected.count) == 0
    }
}
