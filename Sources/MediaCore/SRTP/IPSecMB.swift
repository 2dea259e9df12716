#if canImport(CIPSecMB)
    internal import CIPSecMB

    /// Intel's multi-buffer library: its set-up and keys in its form.
    enum IPSecMB {
        /// Finds the processor's functions once. Never freed, and after the set-up only its function pointers are read.
        @safe
        private struct Functions: @unchecked Sendable {
            // Sendable: nothing writes to the manager after the set-up.
            let manager: UnsafeMutablePointer<IMB_MGR>?

            init() {
                let made = unsafe IPSecMB.makeManager()
                unsafe manager = made
            }
        }

        private static let functions = Functions()

        static let isAvailable: Bool = unsafe functions.manager != nil

        /// Bytes of an expanded key for GCM.
        static let gcmKeySize = MemoryLayout<gcm_key_data>.stride

        /// A manager of its own for whoever runs bursts on one thread; free it with `free_mb_mgr`. Nil if the processor
        /// lacks something or memory is short.
        static func makeManager() -> UnsafeMutablePointer<IMB_MGR>? {
            guard let manager = unsafe alloc_mb_mgr(0) else { return nil }
            var architecture = IMB_ARCH_NONE
            unsafe init_mb_mgr_auto(manager, &architecture)
            guard unsafe imb_get_errno(manager) == 0, unsafe lens_imb_is_fast(manager) != 0 else {
                unsafe free_mb_mgr(manager)
                return nil
            }
            return unsafe manager
        }

        /// Expands the keys into the block.
        static func prepare(_ block: SRTPKeyBlock, _ keys: SRTPSessionKeys) {
            guard let manager = unsafe functions.manager else { return }
            unsafe block.head.pointee.manager = UnsafeMutableRawPointer(manager)
            if keys.profile.isAEAD {
                unsafe lens_imb_gcm_key(
                    manager, keys.profile == .aeadAES256GCM ? 1 : 0, keys.encryptionKey,
                    block.base + SRTPKeyBlock.Layout.gcmKey)
                return
            }
            unsafe lens_imb_counter_key(manager, keys.encryptionKey, block.base + SRTPKeyBlock.Layout.counterKey)
            unsafe lens_imb_sha1_block(
                manager, SRTPTransform.paddedKey(keys.authenticationKey, 0x36),
                block.base + SRTPKeyBlock.Layout.innerState)
            unsafe lens_imb_sha1_block(
                manager, SRTPTransform.paddedKey(keys.authenticationKey, 0x5C),
                block.base + SRTPKeyBlock.Layout.outerState)
        }
    }
#else
    /// Intel's multi-buffer library is not part of this build.
    enum IPSecMB {
        static let isAvailable = false
        static let gcmKeySize = 0
        static func prepare(_ block: SRTPKeyBlock, _ keys: SRTPSessionKeys) {}
    }
#endif
