internal import CSRTP

/// One direction of one master key in libsrtp2. Streams come into being inside at the first packet of each SSRC,
/// each with its own rollover counter and replay window.
@safe
struct LibSRTPContext: ~Copyable {
    private let session: srtp_t

    /// Packets that a replay window spans (RFC 3711 section 3.3.2 asks for at least 64). A sender refuses to protect
    /// what lies behind its window and a receiver drops it, so it has to span every retransmission: two seconds of
    /// video.
    static let replayWindow: UInt = 1024

    /// The library's one-time set-up; its outcome.
    private static let initialised: srtp_err_status_t = srtp_init()

    /// - Parameter inbound: true to unprotect, false to protect.
    /// - Throws: `SRTPError` if the library refuses the key.
    init(_ key: SRTPKey, inbound: Bool) throws(SRTPError) {
        guard Self.initialised == srtp_err_status_ok else {
            throw SRTPError(status: Int32(bitPattern: Self.initialised.rawValue))
        }
        var policy = unsafe srtp_policy_t()
        switch key.profile {
        case .aeadAES128GCM:
            unsafe srtp_crypto_policy_set_aes_gcm_128_16_auth(&policy.rtp)
            unsafe srtp_crypto_policy_set_aes_gcm_128_16_auth(&policy.rtcp)
        case .aeadAES256GCM:
            unsafe srtp_crypto_policy_set_aes_gcm_256_16_auth(&policy.rtp)
            unsafe srtp_crypto_policy_set_aes_gcm_256_16_auth(&policy.rtcp)
        case .aesCM128HMACSHA1_80:
            unsafe srtp_crypto_policy_set_rtp_default(&policy.rtp)
            unsafe srtp_crypto_policy_set_rtcp_default(&policy.rtcp)
        case .aesCM128HMACSHA1_32:
            unsafe srtp_crypto_policy_set_aes_cm_128_hmac_sha1_32(&policy.rtp)
            unsafe srtp_crypto_policy_set_rtcp_default(&policy.rtcp)
        }
        unsafe policy.ssrc.type = inbound ? ssrc_any_inbound : ssrc_any_outbound
        unsafe policy.window_size = Self.replayWindow
        // A retransmission without RTX is the same packet again: same index, same bytes, so no nonce protects two
        // texts.
        unsafe policy.allow_repeat_tx = inbound ? 0 : 1
        var bytes = key.keySalt
        var created: srtp_t?
        let status = unsafe bytes.withUnsafeMutableBufferPointer { buffer in
            unsafe policy.key = buffer.baseAddress
            return unsafe srtp_create(&created, &policy)
        }
        guard status == srtp_err_status_ok, let session = unsafe created else {
            throw SRTPError(status: Int32(bitPattern: status.rawValue))
        }
        unsafe self.session = session
    }

    deinit { _ = unsafe srtp_dealloc(session) }

    private static func outcome(_ status: srtp_err_status_t, length: Int32) -> SRTPOutcome {
        switch status {
        case srtp_err_status_ok: .success(length: Int(length))
        case srtp_err_status_auth_fail, srtp_err_status_cipher_fail: .authenticationFailure
        case srtp_err_status_replay_fail, srtp_err_status_replay_old: .replay
        case srtp_err_status_no_ctx, srtp_err_status_alloc_fail, srtp_err_status_key_expired: .limit
        default: .malformed
        }
    }

    /// Unprotects in place. The packet's length must be its real one; lengths inside are checked by the caller.
    func unprotectRTP(_ packet: UnsafeMutableRawBufferPointer) -> SRTPOutcome {
        guard var length = Int32(exactly: packet.count) else { return .malformed }
        let status = unsafe srtp_unprotect(session, packet.baseAddress, &length)
        return Self.outcome(status, length: length)
    }

    func unprotectRTCP(_ packet: UnsafeMutableRawBufferPointer) -> SRTPOutcome {
        guard var length = Int32(exactly: packet.count) else { return .malformed }
        let status = unsafe srtp_unprotect_rtcp(session, packet.baseAddress, &length)
        return Self.outcome(status, length: length)
    }

    /// Protects the first `length` bytes of the buffer in place, which has room for the overhead behind them.
    func protectRTP(_ packet: UnsafeMutableRawBufferPointer, length: Int) -> SRTPOutcome {
        guard var count = Int32(exactly: length) else { return .malformed }
        let status = unsafe srtp_protect(session, packet.baseAddress, &count)
        return Self.outcome(status, length: count)
    }

    func protectRTCP(_ packet: UnsafeMutableRawBufferPointer, length: Int) -> SRTPOutcome {
        guard var count = Int32(exactly: length) else { return .malformed }
        let status = unsafe srtp_protect_rtcp(session, packet.baseAddress, &count)
        return Self.outcome(status, length: count)
    }
}
