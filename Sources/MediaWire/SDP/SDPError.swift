/// Why a session description was refused: the line, counted from 1, and what is wrong with it.
///
/// The text never quotes keys or passwords, so it may go to logs and to the peer.
public struct SDPError: Error, Hashable, Sendable, CustomStringConvertible {
    /// Counted from 1; 0 where the text as a whole is meant.
    public let line: Int
    public let what: String

    public init(line: Int, what: String) {
        self.line = line
        self.what = what
    }

    public var description: String { line > 0 ? "SDP line \(line): \(what)" : "SDP: \(what)" }
}

/// What a session description may hold at most. Browsers' largest offers stay under a tenth of each.
public enum SDPLimits {
    /// Bytes of the whole text.
    public static let textBytes = 65_536
    /// Bytes of one line without its end.
    public static let lineBytes = 4_096
    public static let lines = 2_000
    public static let mediaDescriptions = 32
    /// `a=` lines of the session part or of one media description.
    public static let attributesPerSection = 512
}
