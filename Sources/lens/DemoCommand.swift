import ArgumentParser
import Endpoints
import Foundation
import MediaCore
import MediaIO
import ServiceLifecycle

/// `lens demo`.
struct DemoCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "demo",
        abstract: "A server, a customer and a technician on this machine: one whole session, measured.",
        discussion: """
            Runs over real sockets and real HTTP on free ports of loopback: the customer's camera and microphone are encoded \
            live, protected, relayed, decoded by the technician and compared with their source; the technician's voice goes \
            back. Leaves report.json, the received media and a snapshot in the output folder.

            EXAMPLES
              lens demo
              lens demo --srtp AES_CM_128_HMAC_SHA1_80
              lens demo --video Fixtures/cup.ivf --audio Fixtures/second.ogg --duration 20 --output /tmp/demo

            Exit code 0 only if the feed arrived intact: at least 99 % of the captured frames sent and 99 % of these decoded, \
            no packet lost, luma PSNR at least 32 dB in the mean and 25 dB in every frame, sound that correlates with its \
            source by at least 0.9 both ways, and a latency from capture to decoding of at most 60 ms (median) and 150 ms (p99).
            """)

    @Option(help: ArgumentHelp("What the customer's camera sees (default: Fixtures/customer.ivf).", valueName: "file"))
    var video: String?

    @Option(
        help: ArgumentHelp("What the customer's microphone hears (default: Fixtures/customer.ogg).", valueName: "file"))
    var audio: String?

    @Option(help: ArgumentHelp("What the technician says (default: Fixtures/technician.ogg).", valueName: "file"))
    var voice: String?

    @Option(help: ArgumentHelp("Video bitrate in bit/s.", valueName: "n"))
    var bitrate = 1_000_000

    @Option(help: ArgumentHelp("Where media and report.json go.", valueName: "folder"))
    var output = "demo-out"

    @OptionGroup var options: EndpointOptions

    func validate() throws {
        guard (50_000...50_000_000).contains(bitrate) else {
            throw ValidationError("--bitrate is in bit/s, 50000 to 50000000.")
        }
    }

    func run() async throws {
        try await runReporting {
            let report = try await runWithServer()
            try report.write(to: output + "/report.json")
            if let path = options.report { try report.write(to: path) }
            print(FeedTable.text(report))
            print("report    \(output)/report.json")
            return report.ok
        }
    }

    /// The server and, once it answers, the call; the server ends with the call.
    private func runWithServer() async throws -> FeedReport {
        let media = try DemoMedia(video: video, audio: audio, voice: voice)
        var serve = ServeSettings()
        serve.httpPort = 0
        serve.mediaPort = 0
        serve.shards = 1
        let logger = makeLogger(level: options.logLevel == "info" ? "warning" : options.logLevel)
        let (ready, readiness) = AsyncStream<RunningServer>.makeStream()
        let server = DemoServer(server: Server(settings: serve, logger: logger), readiness: readiness)
        let services = ServiceGroup(services: [server], gracefulShutdownSignals: [], logger: logger)
        return try await withThrowingTaskGroup(of: FeedReport?.self) { group in
            group.addTask {
                try await services.run()
                return nil
            }
            group.addTask {
                for await running in ready { return try await DemoRun(try settings(media, running)).run() }
                throw CancellationError()
            }
            guard let report = try await group.next() ?? nil else { throw CancellationError() }
            // In good order, as `kill -TERM` ends `lens serve`.
            await services.triggerGracefulShutdown()
            return report
        }
    }

    private func settings(_ media: DemoMedia, _ server: RunningServer) throws -> DemoSettings {
        var settings = DemoSettings(
            server: try ServerAddress(server.url), apiKey: server.apiKey, video: media.video, audio: media.audio,
            voice: media.voice, outputFolder: output)
        if let duration = options.duration { settings.durationSeconds = duration }
        settings.bitrate = bitrate
        settings.profile = options.srtp
        settings.keyExchange = options.keyExchange
        settings.showsProgress = options.showsProgress
        settings.relayLatency = {
            let figures = server.relayLatency
            func milliseconds(_ part: Double) -> Double? { figures.percentile(part).map { Double($0) / 1e6 } }
            return RelayLatency(p50: milliseconds(0.5), p99: milliseconds(0.99))
        }
        return settings
    }
}

/// The server as the demo's one service.
private struct DemoServer: Service {
    let server: Server
    let readiness: AsyncStream<RunningServer>.Continuation

    func run() async throws { try await server.run { readiness.yield($0) } }
}

/// The demo's media: as named, else the repository's fixtures.
private struct DemoMedia {
    let video: String
    let audio: String
    let voice: String

    init(video: String?, audio: String?, voice: String?) throws {
        self.video = try video ?? fixturePath("customer.ivf", flag: "--video")
        self.audio = try audio ?? fixturePath("customer.ogg", flag: "--audio")
        self.voice = try voice ?? fixturePath("technician.ogg", flag: "--voice")
    }
}
