/// Why a media file cannot be read or written: which file, where in it, and what is wrong there.
public struct MediaFileError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The path as the caller gave it.
    public let path: String
    /// Bytes from the start of the file to the trouble, if a place is to blame.
    public let offset: Int?
    /// One line, without the path: "frame of 99999999 bytes, more than the limit of 8388608".
    public let what: String

    public init(path: String, offset: Int? = nil, what: String) {
        self.path = path
        self.offset = offset
        self.what = what
    }

    public var description: String {
        guard let offset else { return "\(path): \(what)" }
        return "\(path): at byte \(offset): \(what)"
    }
}
