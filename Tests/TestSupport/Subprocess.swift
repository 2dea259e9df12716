import Foundation
import Synchronization

/// Why a helper program could not be run.
public struct SubprocessError: Error, CustomStringConvertible {
    public let description: String
}

/// The Debian packages of the programs that tests call.
private let debianPackages = [
    "ffmpeg": "ffmpeg", "ffprobe": "ffmpeg", "curl": "curl", "python3": "python3", "openssl": "openssl",
    "opusenc": "opus-tools", "opusdec": "opus-tools", "opusinfo": "opus-tools", "vpxenc": "vpx-tools",
    "vpxdec": "vpx-tools",
    "espeak-ng": "espeak-ng", "gst-launch-1.0": "gstreamer1.0-tools",
]

/// Runs a program, found on the PATH unless a path is given, to its end with nothing on standard input.
///
/// - Returns: the exit status (for a signal: 128 and its number) and everything it wrote.
/// - Throws: `SubprocessError`, which names the Debian package, if the program is missing.
public func runProcess(
    _ executable: String, _ arguments: [String]
) throws -> (status: Int32, stdout: [UInt8], stderr: String) {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: try locate(executable))
    process.arguments = arguments
    process.standardInput = FileHandle.nullDevice
    let output = Pipe()
    let errors = Pipe()
    process.standardOutput = output
    process.standardError = errors
    try process.run()

    // Both pipes are drained at once: a program that fills one while nobody reads it would wait for ever.
    let errorBytes = Mutex(Data())
    let drained = DispatchSemaphore(value: 0)
    let errorEnd = errors.fileHandleForReading
    Thread.detachNewThread {
        let bytes = errorEnd.readDataToEndOfFile()
        errorBytes.withLock { $0 = bytes }
        drained.signal()
    }
    let outputBytes = output.fileHandleForReading.readDataToEndOfFile()
    drained.wait()
    process.waitUntilExit()

    let isSignal = process.terminationReason == .uncaughtSignal
    let status = isSignal ? 128 + process.terminationStatus : process.terminationStatus
    return (status, [UInt8](outputBytes), errorBytes.withLock { String(decoding: $0, as: UTF8.self) })
}

private func locate(_ executable: String) throws -> String {
    if executable.contains("/") {
        guard FileManager.default.isExecutableFile(atPath: executable) else {
            throw SubprocessError(description: "\(executable) is not an executable file")
        }
        return executable
    }
    let folders = (ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin").split(separator: ":")
    for folder in folders {
        let path = "\(folder)/\(executable)"
        if FileManager.default.isExecutableFile(atPath: path) { return path }
    }
    let package = debianPackages[executable] ?? executable
    throw SubprocessError(description: "\(executable) is missing; install it with: apt-get install \(package)")
}
