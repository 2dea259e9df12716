/// Why a codec refused.
public enum CodecError: Error, Equatable, Sendable, CustomStringConvertible {
    /// A setting or an argument is outside its range; the text names it and the range. Nothing has changed.
    case invalidArgument(String)
    /// The compressed data is broken. The decoder stays usable.
    case damagedInput(String)
    /// A video frame that builds on pictures the decoder does not have. Ask the sender for a keyframe.
    case keyframeRequired
    /// A keyframe announces a picture over the decoder's limit; it was refused before decoding.
    case pictureTooLarge(width: Int, height: Int, limit: Int)
    /// The C library failed for a reason of its own, such as memory.
    case library(operation: String, detail: String)

    public var description: String {
        switch self {
        case .invalidArgument(let what): what
        case .damagedInput(let what): "damaged input: \(what)"
        case .keyframeRequired: "the frame cannot be decoded before the next keyframe; ask the sender for one"
        case .pictureTooLarge(let width, let height, let limit):
            "picture of \(width)x\(height), the limit is \(limit) a side; ask the sender for a smaller one"
        case .library(let operation, let detail): "\(operation) failed: \(detail)"
        }
    }
}
