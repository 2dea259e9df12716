internal import CMemory
internal import COpenSSL
internal import CVectorGCM

#if canImport(CIPSecMB)
    internal import CIPSecMB
#endif

/// The memory of one set of session keys: nonce, scratch, and the expanded keys behind them. A handle that owns
/// nothing; `SRTPTransform` owns the block.
///
/// One block serves one thread: nonce and tag are worked out in it.
@unsafe
struct SRTPKeyBlock {
    let base: UnsafeMutableRawPointer

    /// What stands at the block's start, in one or two cache lines.
    @unsafe
    struct Head {
        /// The salt as a number of 128 bits, from the left.
        var saltHigh: UInt64 = 0
        var saltLow: UInt64 = 0
        /// The nonce of the packet at hand in the order of the wire: 16 bytes for counter mode, the first 12 for GCM.
        var nonceHigh: UInt64 = 0
        var nonceLow: UInt64 = 0
        /// A tag of up to 20 bytes, or the 12 associated bytes of SRTCP.
        var tag: (UInt64, UInt64, UInt64) = (0, 0, 0)
        /// Four bytes hashed behind a packet.
        var tail: UInt32 = 0
        var isAEAD = false
        var is256 = false
        /// This module's own GCM; its keys stand behind the head.
        var isVector = false
        /// Bytes of an RTP tag.
        var tagLength: UInt8 = 0
        /// OpenSSL's AES in counter mode with its key set; nil for GCM.
        var cipher: OpaquePointer?
        /// OpenSSL's AES-GCM and a context of it with the key set; nil for counter mode, and where ipsec-mb does it.
        var gcm: UnsafePointer<lens_gcm>?
        var gcmContext: UnsafeMutableRawPointer?
        /// ipsec-mb's functions; nil for OpenSSL.
        var manager: UnsafeMutableRawPointer?
    }

    /// Offsets behind the head, each on 64 bytes.
    enum Layout {
        static let gcmKey = 128
        /// SHA-1 behind the inner and the outer padding block of HMAC, and a copy to go on with.
        static let inner = 128
        static let outer = 256
        static let work = 384
        /// AES round keys and the states of SHA-1 in ipsec-mb's form.
        static let counterKey = 512
        static let innerState = 704
        static let outerState = 768
        static let counterModeSize = 832
        static let alignment = 64
    }

    /// Brings near what a packet needs of the block at `base`: all of it but for GCM by ipsec-mb, which has more powers of the hash
    /// key.
    @inline(__always)
    static func prefetch(_ base: UnsafeRawPointer) {
        unsafe lens_prefetch_read(base, Layout.gcmKey + VectorGCM.keySize)
    }

    @inline(__always)
    var head: UnsafeMutablePointer<Head> { unsafe base.assumingMemoryBound(to: Head.self) }
    /// True for what `SRTPBurst` does faster.
    @inline(__always)
    var runsInBursts: Bool { unsafe head.pointee.manager != nil && !head.pointee.isAEAD }
    @inline(__always)
    var nonce: UnsafeMutableRawPointer { unsafe base + 16 }
    @inline(__always)
    var tag: UnsafeMutableRawPointer { unsafe base + 32 }
    @inline(__always)
    private var tail: UnsafeMutableRawPointer { unsafe base + 56 }

    /// The nonce of a packet: RFC 3711 section 4.1.1 for counter mode, RFC 7714 sections 8.1 and 9.1 for GCM. An SRTCP
    /// index stands where RTP's does in both.
    @inline(__always)
    func makeNonce(ssrc: UInt32, index: UInt64) -> (high: UInt64, low: UInt64) {
        let head = unsafe head
        if unsafe head.pointee.isAEAD {
            return unsafe (
                (head.pointee.saltHigh ^ (UInt64(ssrc) << 16 | index >> 32)).bigEndian,
                (head.pointee.saltLow ^ index << 32).bigEndian
            )
        }
        return unsafe (
            (head.pointee.saltHigh ^ UInt64(ssrc)).bigEndian, (head.pointee.saltLow ^ index << 16).bigEndian
        )
    }

    @inline(__always)
    private func setNonce(ssrc: UInt32, index: UInt64) {
        let (high, low) = unsafe makeNonce(ssrc: ssrc, index: index)
        unsafe head.pointee.nonceHigh = high
        unsafe head.pointee.nonceLow = low
    }
}

// MARK: - RTP

extension SRTPKeyBlock {
    /// Encrypts `payload` into the packet behind its header, which stands there already, and writes the tag behind
    /// that.
    ///
    /// `payload` is either elsewhere or at its very place. There is room for the tag.
    @inline(__always)
    func sealRTP(
        _ packet: UnsafeMutableRawPointer, headerLength: Int, payload: UnsafeRawPointer, count: Int, ssrc: UInt32,
        index: UInt64
    ) -> Bool {
        unsafe setNonce(ssrc: ssrc, index: index)
        let output = unsafe packet + headerLength
        let end = unsafe output + count
        if unsafe head.pointee.isAEAD {
            return unsafe sealGCM(packet, headerLength, payload, output, count, tag: end)
        }
        guard unsafe counterMode(payload, output, count) else { return false }
        unsafe authenticate(packet, headerLength &+ count, tail: UInt32(truncatingIfNeeded: index >> 16))
        unsafe end.copyMemory(from: tag, byteCount: Int(head.pointee.tagLength))
        return true
    }

    /// Checks the tag at the packet's end and decrypts in place. No plaintext stands in the packet if the tag does not
    /// fit.
    /// - Parameter count: bytes of the packet with its tag, at least header and tag.
    @inline(__always)
    func openRTP(_ packet: UnsafeMutableRawPointer, headerLength: Int, count: Int, ssrc: UInt32, index: UInt64) -> Bool
    {
        unsafe setNonce(ssrc: ssrc, index: index)
        let length = unsafe count &- Int(head.pointee.tagLength)
        let payload = unsafe packet + headerLength
        if unsafe head.pointee.isAEAD {
            return unsafe openGCM(packet, headerLength, payload, length &- headerLength, tag: packet + length)
        }
        unsafe authenticate(packet, length, tail: UInt32(truncatingIfNeeded: index >> 16))
        guard unsafe SRTPTag.equal(packet + length, tag, count: Int(head.pointee.tagLength)) else { return false }
        return unsafe counterMode(payload, payload, length &- headerLength)
    }
}

// MARK: - RTCP

extension SRTPKeyBlock {
    /// Encrypts an RTCP packet in place and writes index and tag behind it. There is room for them.
    func sealRTCP(_ packet: UnsafeMutableRawPointer, count: Int, ssrc: UInt32, index: UInt32) -> Bool {
        unsafe setNonce(ssrc: ssrc, index: UInt64(index))
        let flagged = (index | 0x8000_0000).bigEndian
        let payload = unsafe packet + SRTPProfile.clearRTCP
        let end = unsafe packet + count
        if unsafe head.pointee.isAEAD {
            unsafe setAssociated(packet, flagged)
            guard unsafe sealGCM(tag, 12, payload, payload, count &- SRTPProfile.clearRTCP, tag: end) else {
                return false
            }
            unsafe end.storeBytes(of: flagged, toByteOffset: 16, as: UInt32.self)
            return true
        }
        guard unsafe counterMode(payload, payload, count &- SRTPProfile.clearRTCP) else { return false }
        unsafe end.storeBytes(of: flagged, as: UInt32.self)
        unsafe authenticate(packet, count &+ 4, tail: nil)
        unsafe (end + 4).copyMemory(from: tag, byteCount: SRTPProfile.counterModeRTCPTag)
        return true
    }

    /// Checks an SRTCP packet whose E bit is set and decrypts it in place, as `openRTP` does.
    /// - Parameter count: bytes of the packet with index and tag, at least as many as an empty one has.
    func openRTCP(_ packet: UnsafeMutableRawPointer, count: Int, ssrc: UInt32, index: UInt32) -> Bool {
        unsafe setNonce(ssrc: ssrc, index: UInt64(index))
        let payload = unsafe packet + SRTPProfile.clearRTCP
        if unsafe head.pointee.isAEAD {
            let length = count &- 20
            unsafe setAssociated(packet, (index | 0x8000_0000).bigEndian)
            return unsafe openGCM(tag, 12, payload, length &- SRTPProfile.clearRTCP, tag: packet + length)
        }
        let hashed = count &- SRTPProfile.counterModeRTCPTag
        unsafe authenticate(packet, hashed, tail: nil)
        guard unsafe SRTPTag.equal(packet + hashed, tag, count: SRTPProfile.counterModeRTCPTag) else { return false }
        return unsafe counterMode(payload, payload, hashed &- 4 &- SRTPProfile.clearRTCP)
    }

    /// RFC 7714 section 9.2: the clear bytes, then E bit and index.
    private func setAssociated(_ packet: UnsafeMutableRawPointer, _ flagged: UInt32) {
        unsafe tag.copyMemory(from: packet, byteCount: SRTPProfile.clearRTCP)
        unsafe tag.storeBytes(of: flagged, toByteOffset: SRTPProfile.clearRTCP, as: UInt32.self)
    }
}

// MARK: - Ciphers

extension SRTPKeyBlock {
    @inline(__always)
    private func sealGCM(
        _ associated: UnsafeRawPointer, _ associatedCount: Int, _ input: UnsafeRawPointer,
        _ output: UnsafeMutableRawPointer, _ count: Int, tag: UnsafeMutableRawPointer
    ) -> Bool {
        if unsafe head.pointee.isVector {
            unsafe lens_vector_gcm_seal(
                base + Layout.gcmKey, nonce, associated, associatedCount, input, output, count, tag)
            return true
        }
        #if canImport(CIPSecMB)
            if let manager = unsafe head.pointee.manager {
                unsafe lens_imb_gcm_seal(
                    manager.assumingMemoryBound(to: IMB_MGR.self), head.pointee.is256 ? 1 : 0, base + Layout.gcmKey,
                    output,
                    input, UInt64(count), nonce, associated, UInt64(associatedCount), tag)
                return true
            }
        #endif
        guard let gcm = unsafe head.pointee.gcm else { return false }
        return unsafe lens_gcm_seal(
            gcm, head.pointee.gcmContext, nonce, associated, associatedCount, input, output, count, tag) == 1
    }

    /// All of them decrypt before they know whether the tag fits, so what they wrote is wiped if it does not.
    @inline(__always)
    private func openGCM(
        _ associated: UnsafeRawPointer, _ associatedCount: Int, _ payload: UnsafeMutableRawPointer, _ count: Int,
        tag received: UnsafeMutableRawPointer
    ) -> Bool {
        let isGenuine = unsafe decryptGCM(associated, associatedCount, payload, count, tag: received)
        if !isGenuine { unsafe payload.initializeMemory(as: UInt8.self, repeating: 0, count: count) }
        return isGenuine
    }

    @inline(__always)
    private func decryptGCM(
        _ associated: UnsafeRawPointer, _ associatedCount: Int, _ payload: UnsafeMutableRawPointer, _ count: Int,
        tag received: UnsafeMutableRawPointer
    ) -> Bool {
        if unsafe head.pointee.isVector {
            return unsafe lens_vector_gcm_open(
                base + Layout.gcmKey, nonce, associated, associatedCount, payload, count, received) == 1
        }
        #if canImport(CIPSecMB)
            if let manager = unsafe head.pointee.manager {
                unsafe lens_imb_gcm_open(
                    manager.assumingMemoryBound(to: IMB_MGR.self), head.pointee.is256 ? 1 : 0, base + Layout.gcmKey,
                    payload,
                    payload, UInt64(count), nonce, associated, UInt64(associatedCount), tag)
                return unsafe SRTPTag.equal(received, tag, count: 16)
            }
        #endif
        guard let gcm = unsafe head.pointee.gcm else { return false }
        return unsafe lens_gcm_unseal(
            gcm, head.pointee.gcmContext, nonce, associated, associatedCount, payload, count, received) == 1
    }

    /// AES in counter mode from the nonce on; both directions are the same.
    @inline(__always)
    private func counterMode(_ input: UnsafeRawPointer, _ output: UnsafeMutableRawPointer, _ count: Int) -> Bool {
        guard count > 0 else { return true }
        let cipher = unsafe head.pointee.cipher
        var written: Int32 = 0
        return unsafe EVP_EncryptInit_ex(cipher, nil, nil, nil, nonce) == 1
            && EVP_EncryptUpdate(cipher, output, &written, input, Int32(count)) == 1
    }

    /// HMAC-SHA1 into `tag`, with the rollover counter behind the bytes if there is one (RFC 3711 section 4.2). The
    /// state behind the padded key is copied, so no key block is hashed again.
    @inline(__always)
    func authenticate(_ bytes: UnsafeRawPointer, _ count: Int, tail rollover: UInt32?) {
        let work = unsafe (base + Layout.work).assumingMemoryBound(to: SHA_CTX.self)
        unsafe work.update(from: (base + Layout.inner).assumingMemoryBound(to: SHA_CTX.self), count: 1)
        _ = unsafe SHA1_Update(work, bytes, count)
        if let rollover {
            unsafe head.pointee.tail = rollover.bigEndian
            _ = unsafe SHA1_Update(work, tail, 4)
        }
        let digest = unsafe tag.assumingMemoryBound(to: UInt8.self)
        _ = unsafe SHA1_Final(digest, work)
        unsafe work.update(from: (base + Layout.outer).assumingMemoryBound(to: SHA_CTX.self), count: 1)
        _ = unsafe SHA1_Update(work, tag, 20)
        _ = unsafe SHA1_Final(digest, work)
    }
}

/// Comparison of tags in a time that does not tell where they differ.
enum SRTPTag {
    @inline(__always)
    static func equal(_ first: UnsafeRawPointer, _ second: UnsafeRawPointer, count: Int) -> Bool {
        var difference: UInt64 = 0
        var offset = 0
        while offset &+ 8 <= count {
            unsafe difference |=
                first.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
                ^ second.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
            offset &+= 8
        }
        while offset < count {
            unsafe difference |= UInt64(
                first.load(fromByteOffset: offset, as: UInt8.self) ^ second.load(fromByteOffset: offset, as: UInt8.self)
            )
            offset &+= 1
        }
        return difference == 0
    }
}
