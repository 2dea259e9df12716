import Foundation

/// A line to standard error each second: rewritten in place on a terminal, plain lines elsewhere.
struct ProgressLine {
    private let isTerminal = isatty(STDERR_FILENO) == 1
    private var hasLine = false
    let isEnabled: Bool

    init(isEnabled: Bool) { self.isEnabled = isEnabled }

    mutating func show(_ text: String) {
        guard isEnabled else { return }
        write(isTerminal ? "\r\u{1B}[K\(text)" : text + "\n")
        hasLine = isTerminal
    }

    /// Leaves the last line standing.
    mutating func finish() {
        if hasLine { write("\n") }
        hasLine = false
    }

    private func write(_ text: String) { FileHandle.standardError.write(Data(text.utf8)) }
}

/// Counts of a second ago, to show rates.
struct RateMeter {
    private var last: UInt64 = 0

    /// What was added since the last call.
    mutating func step(_ total: UInt64) -> UInt64 {
        defer { last = total }
        return total >= last ? total - last : 0
    }
}
