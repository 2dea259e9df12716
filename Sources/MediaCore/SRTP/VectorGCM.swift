internal import CVectorGCM

/// This module's own AES-GCM: its keys in its form.
enum VectorGCM {
    static let isAvailable: Bool = lens_vector_gcm_is_available() == 1

    /// Bytes of an expanded key.
    static let keySize = Int(LENS_VECTOR_GCM_KEY_SIZE)

    /// Expands the key into the block.
    static func prepare(_ block: SRTPKeyBlock, _ keys: SRTPSessionKeys) {
        unsafe lens_vector_gcm_set_key(
            block.base + SRTPKeyBlock.Layout.gcmKey, keys.encryptionKey, keys.encryptionKey.count)
        unsafe block.head.pointee.isVector = true
    }
}
