import Codecs

/// The error that a call ends with; nil if it succeeds.
func codecError(_ body: () throws(CodecError) -> Void) -> CodecError? {
    do throws(CodecError) {
        try body()
        return nil
    } catch {
        return error
    }
}

extension CodecError {
    var isInvalidArgument: Bool { if case .invalidArgument = self { true } else { false } }
    var isDamagedInput: Bool { if case .damagedInput = self { true } else { false } }
}
