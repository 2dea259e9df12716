import Foundation
import Glibc
import Synchronization
import TestSupport

/// A running `lens` command, as a user would start it: the built binary in a process of its own.
final class LensProcess: Sendable {
    /// The binary beside the test bundle.
    static let path: String = {
        let bundle = CommandLine.arguments.first.map { URL(fileURLWithPath: $0).deletingLastPathComponent() }
        let candidates = [bundle?.path, Fixtures.repository + "/.build/debug"].compactMap { $0 }
        return candidates.map { $0 + "/lens" }.first { FileManager.default.isExecutableFile(atPath: $0) } ?? "lens"
    }()

    private struct Output {
        var text = ""
        var waiters: [(needle: String, continuation: CheckedContinuation<Void, any Error>)] = []
        var isClosed = false
    }

    private let process: Mutex<Process>
    private let output = Mutex(Output())
    private let status = Mutex<(value: Int32?, waiters: [CheckedContinuation<Int32, Never>])>((nil, []))

    /// Starts the command. Standard output and error are read together.
    init(_ arguments: [String], environment: [String: String] = [:]) throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: Self.path)
        process.arguments = arguments
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        process.standardInput = FileHandle.nullDevice
        let pipe = Pipe()
        process.standardOutput = pipe
        process.standardError = pipe
        self.process = Mutex(process)
        process.terminationHandler = { [weak self] process in self?.ended(process) }
        try process.run()
        let reading = pipe.fileHandleForReading
        Thread.detachNewThread { [weak self] in
            while true {
                let data = reading.availableData
                if data.isEmpty { break }
                self?.received(String(decoding: data, as: UTF8.self))
            }
            self?.closed()
        }
    }

    deinit { process.withLock { if $0.isRunning { $0.terminate() } } }

    /// Everything printed so far.
    var printed: String { output.withLock { $0.text } }
    var processIdentifier: Int32 { process.withLock { $0.processIdentifier } }

    /// Waits until `needle` has been printed.
    /// - Throws: `EndedEarly` if the command ends without.
    func wait(for needle: String) async throws {
        try await withCheckedThrowingContinuation { continuation in
            let answer: Result<Void, any Error>? = output.withLock { output in
                if output.text.contains(needle) { return .success(()) }
                if output.isClosed { return .failure(EndedEarly(needle: needle, output: output.text)) }
                output.waiters.append((needle, continuation))
                return nil
            }
            if let answer { continuation.resume(with: answer) }
        }
    }

    /// Asks the command to end, as `kill` does.
    func terminate() { process.withLock { if $0.isRunning { $0.terminate() } } }

    /// Ends the command at once, as a crash would.
    func kill() { process.withLock { if $0.isRunning { Glibc.kill($0.processIdentifier, SIGKILL) } } }

    /// Waits for the end. For a signal: 128 and its number.
    func exitStatus() async -> Int32 {
        await withCheckedContinuation { continuation in
            let known = status.withLock { status in
                if status.value == nil { status.waiters.append(continuation) }
                return status.value
            }
            if let known { continuation.resume(returning: known) }
        }
    }

    private func ended(_ process: Process) {
        let value = process.terminationStatus + (process.terminationReason == .uncaughtSignal ? 128 : 0)
        let waiters = status.withLock { status in
            status.value = value
            defer { status.waiters = [] }
            return status.waiters
        }
        for waiter in waiters { waiter.resume(returning: value) }
    }

    private func received(_ text: String) {
        let found = output.withLock { output in
            output.text += text
            let found = output.waiters.filter { output.text.contains($0.needle) }
            output.waiters.removeAll { output.text.contains($0.needle) }
            return found
        }
        for waiter in found { waiter.continuation.resume() }
    }

    private func closed() {
        let (waiters, text) = output.withLock { output in
            output.isClosed = true
            defer { output.waiters = [] }
            return (output.waiters, output.text)
        }
        for waiter in waiters { waiter.continuation.resume(throwing: EndedEarly(needle: waiter.needle, output: text)) }
    }

    struct EndedEarly: Error, CustomStringConvertible {
        let needle: String
        let output: String
        var description: String { "the command ended without printing \(needle); it printed:\n\(output)" }
    }
}
