internal import CVPX

/// A libvpx encoder or decoder at a fixed address, destroyed with its owner.
///
/// Sendable, because it has one owner (`~Copyable`), which calls it from mutating functions only, so no two threads are
/// in it at once; and libvpx ties a context to no thread.
@safe
struct VPXContext: ~Copyable, @unchecked Sendable {
    let pointer: UnsafeMutablePointer<vpx_codec_ctx_t>

    static func encoder(_ configuration: vpx_codec_enc_cfg_t) throws(CodecError) -> VPXContext {
        let context = VPXContext()
        var configuration = unsafe configuration
        try context.check(unsafe cvpx_encoder_init(context.pointer, &configuration), "opening the VP8 encoder")
        return context
    }

    static func decoder(threads: Int) throws(CodecError) -> VPXContext {
        let context = VPXContext()
        let status = unsafe cvpx_decoder_init(context.pointer, UInt32(clamping: threads))
        try context.check(status, "opening the VP8 decoder")
        return context
    }

    private init() {
        unsafe pointer = .allocate(capacity: 1)
        unsafe pointer.initialize(to: vpx_codec_ctx_t())
    }

    deinit {
        // A context whose opening failed is refused here, which is harmless.
        _ = unsafe vpx_codec_destroy(pointer)
        unsafe pointer.deallocate()
    }

    func check(_ status: vpx_codec_err_t, _ operation: String) throws(CodecError) {
        guard status != VPX_CODEC_OK else { return }
        throw .library(operation: operation, detail: detail(status))
    }

    /// What the library says about a status just returned.
    func detail(_ status: vpx_codec_err_t) -> String {
        var text = unsafe vpx_codec_err_to_string(status).map { unsafe String(cString: $0) } ?? "unknown error"
        if let more = unsafe vpx_codec_error_detail(pointer) { text += unsafe ": " + String(cString: more) }
        return text
    }
}
