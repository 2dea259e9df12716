import ArgumentParser
import Foundation
import Logging

/// Writes a line to standard error.
func printError(_ line: String) {
    FileHandle.standardError.write(Data((line + "\n").utf8))
}

func isKnownLogLevel(_ name: String) -> Bool { Logger.Level(rawValue: name) != nil }

/// A logger to standard error: one line an entry, with its metadata as key=value.
func makeLogger(label: String = "lens", level: String) -> Logger {
    var logger = Logger(label: label) { StreamLogHandler.standardError(label: $0) }
    logger.logLevel = Logger.Level(rawValue: level) ?? .info
    return logger
}

extension CleanExit {
    /// Prints an error as one line and ends with exit code 1.
    static func failure(_ error: any Error) -> ExitCode {
        printError("lens: \(error)")
        return ExitCode(1)
    }
}
