internal import COpus

/// An encoder of libopus, freed with its owner.
///
/// Sendable, because it has one owner (`~Copyable`), which calls it from mutating functions only, so no two threads are
/// in it at once; and libopus ties its state to no thread.
@safe
struct OpusEncoderHandle: ~Copyable, @unchecked Sendable {
    let pointer: OpaquePointer

    init(channels: Int, application: Int32) throws(CodecError) {
        var status: Int32 = 0
        let created = unsafe opus_encoder_create(
            OpusDecoder.sampleRate32, Int32(clamping: channels), application, &status)
        guard status == OPUS_OK, let pointer = unsafe created else {
            throw .library(operation: "opening the Opus encoder", detail: opusText(status))
        }
        unsafe self.pointer = pointer
    }

    deinit { unsafe opus_encoder_destroy(pointer) }

    func check(_ status: Int32, _ operation: String) throws(CodecError) {
        guard status < 0 else { return }
        throw .library(operation: operation, detail: opusText(status))
    }
}

/// A decoder of libopus, freed with its owner. Sendable for the same reasons.
@safe
struct OpusDecoderHandle: ~Copyable, @unchecked Sendable {
    let pointer: OpaquePointer

    init(channels: Int) throws(CodecError) {
        var status: Int32 = 0
        let created = unsafe opus_decoder_create(OpusDecoder.sampleRate32, Int32(clamping: channels), &status)
        guard status == OPUS_OK, let pointer = unsafe created else {
            throw .library(operation: "opening the Opus decoder", detail: opusText(status))
        }
        unsafe self.pointer = pointer
    }

    deinit { unsafe opus_decoder_destroy(pointer) }
}

/// What libopus calls a status.
func opusText(_ status: Int32) -> String {
    unsafe opus_strerror(status).map { unsafe String(cString: $0) } ?? "error \(status)"
}
