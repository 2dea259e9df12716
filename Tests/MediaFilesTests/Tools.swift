import TestSupport
import Testing

/// Runs a program of the system and answers what it wrote to standard output; records an issue if it fails.
@discardableResult
func run(_ tool: String, _ arguments: String...) throws -> [UInt8] {
    let result = try runProcess(tool, arguments)
    #expect(result.status == 0, "\(tool) \(arguments.joined(separator: " ")): \(result.stderr)")
    return result.stdout
}

/// Runs ffmpeg quietly.
@discardableResult
func ffmpeg(_ arguments: String...) throws -> [UInt8] {
    let result = try runProcess("ffmpeg", ["-nostdin", "-v", "error", "-y"] + arguments)
    #expect(result.status == 0, "ffmpeg \(arguments.joined(separator: " ")): \(result.stderr)")
    return result.stdout
}

func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }
