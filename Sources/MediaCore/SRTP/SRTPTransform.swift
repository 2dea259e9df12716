internal import COpenSSL

/// One set of session keys, ready for use in one direction. Owns its key block and OpenSSL's context.
@safe
struct SRTPTransform: ~Copyable {
    let block: SRTPKeyBlock
    /// Bytes of the block.
    let size: Int

    /// - Parameters:
    ///   - opening: true to unprotect.
    ///   - backend: not `libsrtp`.
    /// - Returns: nil if a key has a length that is not the profile's, or a library fails.
    init?(_ keys: SRTPSessionKeys, opening: Bool, backend: SRTPBackend) {
        let profile = keys.profile
        guard keys.encryptionKey.count == profile.masterKeyLength, keys.salt.count == profile.masterSaltLength,
            profile.isAEAD || keys.authenticationKey.count == 20
        else { return nil }
        let made =
            backend == .vector && profile.isAEAD && VectorGCM.isAvailable
            ? SRTPTransform(vectors: keys) : SRTPTransform(keys, usesIPSecMB: backend.hasBursts)
        guard made.setCipher(keys, opening: opening) else { return nil }
        self = made
    }

    private init(_ keys: SRTPSessionKeys, usesIPSecMB: Bool) {
        self.init(
            keys,
            size: keys.profile.isAEAD
                ? SRTPKeyBlock.Layout.gcmKey + (usesIPSecMB ? IPSecMB.gcmKeySize : 0)
                : SRTPKeyBlock.Layout.counterModeSize)
        if usesIPSecMB { unsafe IPSecMB.prepare(block, keys) }
        if !keys.profile.isAEAD { unsafe Self.prepareHMAC(block, keys.authenticationKey) }
    }

    private init(vectors keys: SRTPSessionKeys) {
        self.init(keys, size: SRTPKeyBlock.Layout.gcmKey + VectorGCM.keySize)
        unsafe VectorGCM.prepare(block, keys)
    }

    private init(_ keys: SRTPSessionKeys, size: Int) {
        let profile = keys.profile
        self.size = size
        let base = UnsafeMutableRawPointer.allocate(byteCount: size, alignment: SRTPKeyBlock.Layout.alignment)
        unsafe base.initializeMemory(as: UInt8.self, repeating: 0, count: size)
        unsafe block = SRTPKeyBlock(base: base)
        var head = unsafe SRTPKeyBlock.Head()
        unsafe head.saltHigh = Self.word(keys.salt, 0)
        unsafe head.saltLow = Self.word(keys.salt, 8)
        unsafe head.isAEAD = profile.isAEAD
        unsafe head.is256 = profile == .aeadAES256GCM
        unsafe head.tagLength = UInt8(profile.rtpOverhead)
        unsafe block.head.initialize(to: head)
    }

    /// OpenSSL's AES with its key, unless GCM goes without; for counter mode packet by packet OpenSSL stays.
    private func setCipher(_ keys: SRTPSessionKeys, opening: Bool) -> Bool {
        guard keys.profile.isAEAD else {
            let cipher = unsafe EVP_CIPHER_CTX_new()
            unsafe block.head.pointee.cipher = cipher
            let method = unsafe OpenSSLCiphers.shared.counterMode(keyLength: keys.encryptionKey.count)
            return unsafe method != nil && EVP_EncryptInit_ex(cipher, method, nil, keys.encryptionKey, nil) == 1
        }
        if unsafe block.head.pointee.manager != nil || block.head.pointee.isVector { return true }
        guard let gcm = unsafe OpenSSLCiphers.shared.gcm(for: keys.profile) else { return false }
        let context = unsafe lens_gcm_open_context(gcm, keys.encryptionKey, keys.encryptionKey.count, opening ? 1 : 0)
        unsafe block.head.pointee.gcm = gcm
        unsafe block.head.pointee.gcmContext = context
        return unsafe context != nil
    }

    deinit {
        unsafe EVP_CIPHER_CTX_free(block.head.pointee.cipher)
        if let gcm = unsafe block.head.pointee.gcm { unsafe lens_gcm_close_context(gcm, block.head.pointee.gcmContext) }
        unsafe OPENSSL_cleanse(block.base, size)
        unsafe block.base.deallocate()
    }

    /// Eight bytes of `salt` from `offset` on as a number, zeros behind its end.
    private static func word(_ salt: [UInt8], _ offset: Int) -> UInt64 {
        var value: UInt64 = 0
        for index in offset..<(offset + 8) { value = value << 8 | UInt64(index < salt.count ? salt[index] : 0) }
        return value
    }

    /// SHA-1 behind the key XOR ipad and the key XOR opad (RFC 2104).
    private static func prepareHMAC(_ block: SRTPKeyBlock, _ key: [UInt8]) {
        for (offset, pad) in [(SRTPKeyBlock.Layout.inner, UInt8(0x36)), (SRTPKeyBlock.Layout.outer, 0x5C)] {
            let context = unsafe (block.base + offset).assumingMemoryBound(to: SHA_CTX.self)
            _ = unsafe SHA1_Init(context)
            _ = unsafe SHA1_Update(context, paddedKey(key, pad), 64)
        }
    }

    /// The key filled up to a block of SHA-1 with zeros, XOR `pad`.
    static func paddedKey(_ key: [UInt8], _ pad: UInt8) -> [UInt8] {
        var padded = [UInt8](repeating: pad, count: 64)
        for (index, byte) in key.prefix(64).enumerated() { padded[index] ^= byte }
        return padded
    }
}
