public import ArgumentParser
import Endpoints
import Foundation
import Logging
public import MediaCore
import UnixSignals

/// Where the server is: a flag, else LENS_SERVER, else this machine.
struct ServerOption: ParsableArguments {
    @Option(help: ArgumentHelp("The server (default: LENS_SERVER, else http://127.0.0.1:8080).", valueName: "url"))
    var server: String?

    func address(else invited: ServerAddress? = nil) throws -> ServerAddress {
        if server == nil, let invited { return invited }
        let text = server ?? ProcessInfo.processInfo.environment["LENS_SERVER"] ?? "http://127.0.0.1:8080"
        return try ServerAddress(text)
    }
}

/// What the endpoints' commands share.
struct EndpointOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Seconds of media; without it until the session ends.", valueName: "seconds"))
    var duration: Double?

    @Option(
        help: ArgumentHelp(
            "SRTP profile: \(SRTPProfile.allCases.map(\.rawValue).joined(separator: ", ")).", valueName: "profile"))
    var srtp = SRTPProfile.aeadAES128GCM

    @Flag(
        help:
            "Send the SRTP keys in the SDP instead of shaking hands over ICE and DTLS, as equipment without WebRTC does."
    )
    var sdes = false

    @Option(help: ArgumentHelp("Write a report (JSON, lens.feed/1) here.", valueName: "file"))
    var report: String?

    @Option(help: "trace, debug, info, notice, warning, error or critical; above info there is no progress line.")
    var logLevel = "info"

    func validate() throws {
        if let duration, !(0.1...86_400 * 7).contains(duration) {
            throw ValidationError("--duration is in seconds, 0.1 to 604800.")
        }
        guard sdes || srtp != .aesCM128HMACSHA1_32 else {
            throw ValidationError("--srtp \(srtp.rawValue) is for keys in the SDP only; add --sdes.")
        }
        guard isKnownLogLevel(logLevel) else {
            throw ValidationError("--log-level \(logLevel) is not a level; choose trace to critical.")
        }
    }

    var keyExchange: KeyExchange { sdes ? .sdes : .dtls }
    var logger: Logger { makeLogger(level: logLevel) }
    var showsProgress: Bool { logger.logLevel <= .info }
}

extension SRTPProfile: ExpressibleByArgument {
    public init?(argument: String) { self.init(rawValue: argument.uppercased()) }
    public static var allValueStrings: [String] { allCases.map(\.rawValue) }
}

/// Runs `body`; SIGINT and SIGTERM cancel it, so that it ends in good order.
func untilInterrupted<Value: Sendable>(_ body: @escaping @Sendable () async throws -> Value) async throws -> Value {
    let signals = await UnixSignalsSequence(trapping: .sigint, .sigterm)
    return try await withThrowingTaskGroup(of: Value?.self) { group in
        group.addTask { try await body() }
        group.addTask {
            for await _ in signals { return nil }
            return nil
        }
        while let result = try await group.next() {
            // The body's value ends the wait for signals; a signal ends the body, whose value still counts.
            group.cancelAll()
            if let result { return result }
        }
        throw CancellationError()
    }
}

/// Runs a command's work: errors become one line and exit code 1.
func runReporting(_ body: @escaping @Sendable () async throws -> Bool) async throws {
    let isGood: Bool
    do {
        isGood = try await untilInterrupted(body)
    } catch is CancellationError {
        printError("lens: interrupted before the session started")
        throw ExitCode(1)
    } catch {
        throw CleanExit.failure(error)
    }
    if !isGood { throw ExitCode(1) }
}
