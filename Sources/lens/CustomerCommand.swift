import ArgumentParser
import Endpoints

/// `lens customer`.
struct CustomerCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "customer",
        abstract: "A simulated customer: a camera and a microphone fed from files.",
        discussion: """
            Joins with a PIN or a link, accepts the licence and waits. When the technician starts the session, the files are \
            captured as live devices would (a camera that never waits: late frames are dropped and counted), encoded as VP8 and \
            Opus and sent; the technician's voice comes back.

            Video is VP8 in IVF or Y4M, sound is 48 kHz WAV or Opus in Ogg; at their end they begin again.

            EXAMPLES
              lens customer --join 123456 --video Fixtures/customer.ivf --audio Fixtures/customer.ogg
              lens customer --join 'https://lens.example.org/?code=123456' --video clip.ivf --duration 60
              lens customer --join 123456 --video clip.ivf --audio voice.ogg --replay
              lens customer --join 123456 --video clip.ivf --capture-log capture.jsonl   # for lens technician --source

            Exit code 0 if the call ran to its end; LENS_SERVER stands for --server.
            """)

    @OptionGroup var serverOption: ServerOption

    @Option(help: ArgumentHelp("The PIN, or the link of the invitation.", valueName: "pin-or-link"))
    var join: String

    @Option(help: ArgumentHelp("What the camera sees.", valueName: "file"))
    var video: String?

    @Option(help: ArgumentHelp("What the microphone hears.", valueName: "file"))
    var audio: String?

    @Option(help: ArgumentHelp("Video bitrate in bit/s.", valueName: "n"))
    var bitrate = 1_000_000

    @Flag(help: "Send the files' own packets as they are instead of encoding anew.")
    var replay = false

    @Option(
        help: ArgumentHelp("Write when each frame was captured, for lens technician --capture-log.", valueName: "file"))
    var captureLog: String?

    @Option(
        help: ArgumentHelp("Write the technician's voice here, as talkback.wav and talkback.ogg.", valueName: "folder"))
    var recordTalkback: String?

    @Option(help: ArgumentHelp("What the technician's voice is compared with.", valueName: "file"))
    var talkbackSource: String?

    @OptionGroup var options: EndpointOptions

    func validate() throws {
        if video == nil, audio == nil {
            throw ValidationError("Give --video, --audio or both: there is nothing to send.")
        }
        guard (50_000...50_000_000).contains(bitrate) else {
            throw ValidationError("--bitrate is in bit/s, 50000 to 50000000.")
        }
    }

    func run() async throws {
        try await runReporting {
            let report = try await CustomerRun(try settings()).run()
            return try finish(report)
        }
    }

    private func settings() throws -> CustomerSettings {
        let invitation = try Invitation(join)
        var settings = CustomerSettings(
            server: try serverOption.address(else: invitation.server), pin: invitation.pin)
        settings.video = video
        settings.audio = audio
        settings.durationSeconds = options.duration
        settings.bitrate = bitrate
        settings.profile = options.srtp
        settings.keyExchange = options.keyExchange
        settings.isReplay = replay
        settings.captureLogFile = captureLog
        settings.talkbackFolder = recordTalkback
        settings.talkbackSource = talkbackSource
        settings.showsProgress = options.showsProgress
        settings.logger = options.logger
        return settings
    }

    /// Whether all went well, as far as this side knows.
    private func finish(_ unjudged: FeedReport) throws -> Bool {
        var report = unjudged
        FeedThresholds().judge(&report, expecting: talkbackSource == nil ? [] : [.talkback])
        if let path = options.report { try report.write(to: path) }
        for failure in report.failures { printError("lens: \(failure)") }
        return report.ok
    }
}
