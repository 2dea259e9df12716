import ArgumentParser
import Endpoints
import Foundation

/// `lens technician`.
struct TechnicianCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "technician",
        abstract: "The technician endpoint: receives, decodes, measures, records, and talks back.",
        discussion: """
            Takes a session that waits, starts it and shows each second what arrives. At the end, or at Ctrl-C, it ends the \
            session and writes the report. With --source and the customer's --capture-log each decoded frame is compared with \
            the very frame it came from.

            --output writes received.ivf, received.wav, received.ogg and snapshot.png.

            EXAMPLES
              lens technician --api-key SECRET --waiting --output received
              LENS_PASSWORD=… lens technician --email tess@example.org --waiting --output received
              lens technician --session 4f1c --voice Fixtures/technician.ogg --duration 30 --report report.json
              lens technician --waiting --source Fixtures/customer.ivf --audio-source Fixtures/customer.ogg \\
                --capture-log capture.jsonl --report report.json

            Exit code 0 only if the feed arrived intact, as far as it was measured. LENS_SERVER, LENS_API_KEY and LENS_EMAIL \
            stand for --server, --api-key and --email.
            """)

    @OptionGroup var serverOption: ServerOption

    @Option(help: ArgumentHelp("The key for the server's calls (default: LENS_API_KEY).", valueName: "key"))
    var apiKey: String?

    @Option(
        help: ArgumentHelp(
            "Logs in as this technician instead; the password by LENS_PASSWORD (default: LENS_EMAIL).",
            valueName: "address"))
    var email: String?

    @Option(help: ArgumentHelp("The session to take; its customer may still be on the way.", valueName: "id"))
    var session: String?

    @Flag(help: "Take the session that has been waiting longest.")
    var waiting = false

    @Option(help: ArgumentHelp("How long to wait for a session to be ready.", valueName: "seconds"))
    var wait = 60

    @Option(help: ArgumentHelp("What the customer's camera sees, to compare with.", valueName: "file"))
    var source: String?

    @Option(help: ArgumentHelp("What the customer's microphone hears, to compare with.", valueName: "file"))
    var audioSource: String?

    @Option(help: ArgumentHelp("The log that lens customer --capture-log writes.", valueName: "file"))
    var captureLog: String?

    @Option(help: ArgumentHelp("What the technician says.", valueName: "file"))
    var voice: String?

    @Option(help: ArgumentHelp("Write received media and a snapshot here.", valueName: "folder"))
    var output: String?

    @Flag(name: .customLong("y4m"), help: "Write decoded pictures too (received.y4m; large).")
    var y4m = false

    @Option(help: ArgumentHelp("When to take the snapshot (default: the last picture).", valueName: "seconds"))
    var snapshot: Double?

    @OptionGroup var options: EndpointOptions

    func validate() throws {
        guard (session != nil) != waiting else { throw ValidationError("Give either --session ID or --waiting.") }
        if source != nil, captureLog == nil {
            throw ValidationError("--source needs --capture-log FILE: the log that lens customer --capture-log writes.")
        }
        guard (0...86_400).contains(wait) else { throw ValidationError("--wait is in seconds, 0 to 86400.") }
    }

    func run() async throws {
        try await runReporting {
            let result = try await TechnicianRun(try settings()).run()
            return try finish(result)
        }
    }

    private func settings() throws -> TechnicianSettings {
        var settings = TechnicianSettings(
            server: try serverOption.address(), identity: try identity(),
            target: session.map { .session($0) } ?? .anyWaiting)
        settings.waitSeconds = wait
        settings.voice = voice
        settings.videoSource = source
        settings.audioSource = audioSource
        settings.captureLogFile = captureLog
        settings.durationSeconds = options.duration
        settings.outputFolder = output
        settings.writesY4M = y4m
        settings.snapshotSeconds = snapshot
        settings.profile = options.srtp
        settings.keyExchange = options.keyExchange
        settings.showsProgress = options.showsProgress
        settings.logger = options.logger
        return settings
    }

    /// A flag counts before the environment, and a login before a key.
    private func identity() throws -> TechnicianSettings.Identity {
        let environment = ProcessInfo.processInfo.environment
        if let address = email ?? (apiKey == nil ? environment["LENS_EMAIL"] : nil) {
            guard let password = environment["LENS_PASSWORD"], !password.isEmpty else {
                throw ValidationError("There is no password for \(address); give it by LENS_PASSWORD.")
            }
            return .login(email: address, password: password)
        }
        guard let key = apiKey ?? environment["LENS_API_KEY"], !key.isEmpty else {
            throw ValidationError(
                "There is no identity; give --email and LENS_PASSWORD, or --api-key (LENS_API_KEY) as lens serve was given it."
            )
        }
        return .apiKey(key)
    }

    private func finish(_ result: TechnicianResult) throws -> Bool {
        var report = result.report
        FeedThresholds().judge(&report, expecting: result.expected)
        if let path = options.report { try report.write(to: path) }
        print(FeedTable.text(report))
        return report.ok
    }
}
