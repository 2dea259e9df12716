internal import COpenSSL

/// Session keys of RTP or of RTCP.
struct SRTPSessionKeys {
    var profile: SRTPProfile
    var encryptionKey: [UInt8]
    /// 20 bytes; empty for AES-GCM.
    var authenticationKey: [UInt8]
    /// 14 bytes, 12 for AES-GCM.
    var salt: [UInt8]
}

/// Session keys from a master key (RFC 3711 section 4.3, for AES-256 RFC 6188, for AES-GCM RFC 7714 section 11). The
/// key derivation rate is 0, as in every offer of ours.
struct SRTPKeyDerivation {
    /// The labels of RFC 3711 section 4.3.2.
    enum Label: UInt8 {
        case rtpEncryption = 0, rtpAuthentication, rtpSalt, rtcpEncryption, rtcpAuthentication, rtcpSalt
    }

    let masterKey: [UInt8]
    let masterSalt: [UInt8]

    /// `count` bytes of the key stream for `label`: AES in counter mode from (label || 0) XOR salt. Nil if the master
    /// key has a length that AES does not know or the salt is longer than 14 bytes.
    func derive(_ label: Label, count: Int) -> [UInt8]? {
        guard masterSalt.count <= 14, let length = Int32(exactly: count) else { return nil }
        guard let cipher = unsafe OpenSSLCiphers.shared.counterMode(keyLength: masterKey.count) else { return nil }
        if count == 0 { return [] }
        // A salt of 12 bytes is filled up with zeros behind it.
        var counter = masterSalt + [UInt8](repeating: 0, count: 16 - masterSalt.count)
        counter[7] ^= label.rawValue
        let zeros = [UInt8](repeating: 0, count: count)
        var stream = zeros
        var written: Int32 = 0
        let context = unsafe EVP_CIPHER_CTX_new()
        defer { unsafe EVP_CIPHER_CTX_free(context) }
        guard unsafe EVP_EncryptInit_ex(context, cipher, nil, masterKey, counter) == 1,
            unsafe EVP_EncryptUpdate(context, &stream, &written, zeros, length) == 1
        else { return nil }
        return stream
    }
}

extension SRTPSessionKeys {
    /// The session keys for RTP, or for RTCP. Nil if the cipher's library fails.
    init?(_ key: SRTPKey, rtcp: Bool) {
        let profile = key.profile
        let derivation = SRTPKeyDerivation(
            masterKey: [UInt8](key.keySalt.prefix(profile.masterKeyLength)),
            masterSalt: [UInt8](key.keySalt.dropFirst(profile.masterKeyLength)))
        guard
            let encryption = derivation.derive(rtcp ? .rtcpEncryption : .rtpEncryption, count: profile.masterKeyLength),
            let authentication = derivation.derive(
                rtcp ? .rtcpAuthentication : .rtpAuthentication, count: profile.isAEAD ? 0 : 20),
            let salt = derivation.derive(rtcp ? .rtcpSalt : .rtpSalt, count: profile.masterSaltLength)
        else { return nil }
        self.init(profile: profile, encryptionKey: encryption, authenticationKey: authentication, salt: salt)
    }
}
