import ArgumentParser
import Endpoints
import Foundation
import Logging
import MediaCore

/// `lens load`.
struct LoadCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "load",
        abstract: "Many whole sessions at once, with encoded media replayed both ways, measured.",
        discussion: """
            Each session is created with the API key, joined by its PIN, consented to, started, and negotiated over WHIP and WHEP \
            on both sides. Each leg finds its path by ICE and shakes hands over DTLS, as browsers do (--sdes: its keys stand in \
            the SDP), and checks the path on every five seconds. Once all legs of a session are connected, frames leave when they are due (a frame of video as one burst, sound packet by packet), protected \
            by SRTP, with sender and receiver reports each second. At the receiver every packet's sequence number and capture time \
            are compared with what was sent. A packet that the relay asks for is sent again, and then is late and not lost. Nothing \
            waits for the relay; a generator that cannot keep its own pace is reported as such.

            --video-bitrate resizes every frame of the clip by the same factor: it is cut, or its bytes are repeated. Keyframes \
            stay bursts, and the sum is exact; the result is no picture any more, which no relay looks at.

            Latency goes from the capture time in the packet to the kernel's receive stamp. The relay's CPU time and memory are read \
            from /proc where it runs on this machine. On one machine, give the generator a core of its own with taskset.

            The relay knows its peers by their addresses. Where it is on loopback every leg has an address of 127.0.0.0/8, and one \
            socket serves them all; elsewhere each leg has a socket of its own, so --sessions 1000 with --talkback needs 4,000 open \
            files and some more (ulimit -n).

            EXAMPLES
              lens load --api-key SECRET --sessions 50 --duration 60
              lens load --sessions 200 --duration 600 --talkback --max-growth 1 --report load.json
              lens load --server https://lens.example.org --sessions 20 --audio-only
              lens load --sessions 500 --ramp-up 50 --no-media          # two thousand handshakes
              lens load --sessions 50 --sdes --srtp AES_CM_128_HMAC_SHA1_80
              taskset -c 0 lens load --find-capacity --talkback --max-p99 5
              lens load --sessions 10000 --no-media --duration 30

            Exit code 0 only if every session was set up and loss and latency kept within --max-loss and --max-p99; with \
            --find-capacity, if any number of sessions did. LENS_SERVER and LENS_API_KEY stand for --server and --api-key.
            """)

    @OptionGroup var serverOption: ServerOption

    @Option(help: ArgumentHelp("The key for the server's calls (default: LENS_API_KEY).", valueName: "key"))
    var apiKey: String?

    @Option(help: ArgumentHelp("Sessions; with --find-capacity the first number tried.", valueName: "n"))
    var sessions = 10

    @Option(
        help: ArgumentHelp(
            "Seconds of media once all sessions are there; with --find-capacity of each probe (default: 30, probes 4).",
            valueName: "seconds"))
    var duration: Double?

    @Option(
        help: ArgumentHelp(
            "Sessions set up a second (default: 20; with --no-media or --find-capacity 50, with --sdes as well 500).",
            valueName: "n"))
    var rampUp: Double?

    @Option(help: ArgumentHelp("VP8 in IVF (default: Fixtures/customer.ivf).", valueName: "file"))
    var video: String?

    @Option(help: ArgumentHelp("Opus in Ogg, for all voices (default: Fixtures/customer.ogg).", valueName: "file"))
    var audio: String?

    @Option(help: ArgumentHelp("Video bitrate in bit/s; 0 leaves the file's own.", valueName: "n"))
    var videoBitrate = 1_200_000

    @Flag(help: "The customer sends sound only.")
    var audioOnly = false

    @Flag(help: "The technician speaks too, and the customer listens.")
    var talkback = false

    @Flag(help: "Set the sessions up with all four legs, keep them connected, and send no media.")
    var noMedia = false

    @Option(help: ArgumentHelp("Part of the packets that may be lost, 0 to 1.", valueName: "ratio"))
    var maxLoss = 0.0

    @Option(help: ArgumentHelp("What 99 % of the packets may take, in ms.", valueName: "ms"))
    var maxP99 = 100.0

    @Option(
        help: ArgumentHelp(
            "MiB a minute that the server's memory may grow by after the first minute (default: not judged).",
            valueName: "mib"))
    var maxGrowth: Double?

    @Flag(help: "Search the most sessions within the limits: doubling, then bisection.")
    var findCapacity = false

    @Option(help: ArgumentHelp("Where the search ends at the latest.", valueName: "n"))
    var maxSessions = 20_000

    @Option(help: ArgumentHelp("Threads that send and receive.", valueName: "n"))
    var threads = 1

    @Option(
        help: ArgumentHelp("The server's process (default: found if it listens on this machine).", valueName: "pid"))
    var relayPid: Int32?

    @Option(
        help: ArgumentHelp(
            "SRTP profile: \(SRTPProfile.allCases.map(\.rawValue).joined(separator: ", ")).", valueName: "profile"))
    var srtp = SRTPProfile.aeadAES128GCM

    @Flag(
        help:
            "Send the SRTP keys in the SDP instead of shaking hands over ICE and DTLS, as equipment without WebRTC does."
    )
    var sdes = false

    @Option(help: ArgumentHelp("Write a report (JSON, lens.load/1) here.", valueName: "file"))
    var report: String?

    @Option(help: "trace, debug, info, notice, warning, error or critical; above info there is no progress line.")
    var logLevel = "info"

    func validate() throws {
        func check(_ isGood: Bool, _ text: String) throws { if !isGood { throw ValidationError(text) } }
        try check((1...20_000).contains(sessions), "--sessions is a count, 1 to 20000.")
        try check((1...20_000).contains(maxSessions), "--max-sessions is a count, 1 to 20000.")
        try check((0.1...86_400 * 7).contains(duration ?? 1), "--duration is in seconds, 0.1 to 604800.")
        try check((0.1...1000).contains(rampUp ?? 1), "--ramp-up is in sessions per second, 0.1 to 1000.")
        try check(
            videoBitrate == 0 || (50_000...50_000_000).contains(videoBitrate),
            "--video-bitrate is in bit/s, 50000 to 50000000, or 0.")
        try check(!audioOnly || video == nil, "Give either --video or --audio-only.")
        try check((0...1).contains(maxLoss), "--max-loss is a ratio, 0 to 1; 0.01 is one packet of a hundred.")
        try check(maxP99 > 0 && maxP99 <= 60_000, "--max-p99 is in milliseconds, up to 60000.")
        try check(
            maxGrowth == nil || (duration ?? 30) >= 120 && !findCapacity && (maxGrowth ?? 0) >= 0,
            "--max-growth is in MiB a minute, and needs a --duration of two minutes.")
        try check((1...64).contains(threads), "--threads is a count, 1 to 64.")
        try check((relayPid ?? 1) > 0, "--relay-pid is the number of a process.")
        try check(
            sdes || srtp != .aesCM128HMACSHA1_32, "--srtp \(srtp.rawValue) is for keys in the SDP only; add --sdes.")
        try check(!noMedia || !findCapacity, "Give either --no-media or --find-capacity: a search needs media.")
        try check(
            isKnownLogLevel(logLevel), "--log-level \(logLevel) is not a level; choose trace to critical.")
    }

    func run() async throws {
        try await runReporting {
            let settings = try settings()
            let found: LoadReport
            if findCapacity {
                found = try await LoadCapacityRun(
                    settings, maximumSessions: maxSessions, probeSeconds: duration ?? 4, show: Self.show
                ).run()
            } else {
                found = try await LoadRun(settings).run()
            }
            if let path = report { try found.write(to: path) }
            print(LoadTable.text(found))
            return found.ok
        }
    }

    /// A line at once, even where the output is a file or a pipe.
    @Sendable private static func show(_ line: String) {
        print(line)
        fflush(nil)
    }

    private func settings() throws -> LoadSettings {
        guard let key = apiKey ?? ProcessInfo.processInfo.environment["LENS_API_KEY"], !key.isEmpty else {
            throw ValidationError("There is no API key; give --api-key or LENS_API_KEY, as lens serve was given it.")
        }
        let clip = audioOnly ? nil : try video ?? fixturePath("customer.ivf", flag: "--video")
        var settings = LoadSettings(
            server: try serverOption.address(), apiKey: key, video: clip,
            audio: try audio ?? fixturePath("customer.ogg", flag: "--audio"))
        settings.sessions = sessions
        settings.durationSeconds = duration ?? 30
        settings.rampUp = rampUp ?? (noMedia || findCapacity ? (sdes ? 500 : 50) : 20)
        settings.videoBitrate = videoBitrate == 0 ? nil : videoBitrate
        settings.hasTalkback = talkback
        settings.sendsMedia = !noMedia
        settings.profile = srtp
        settings.keyExchange = sdes ? .sdes : .dtls
        settings.threads = threads
        settings.limits.maximumLossRate = maxLoss
        settings.limits.maximumP99Milliseconds = maxP99
        settings.limits.maximumGrowth = maxGrowth
        settings.relayProcess = relayPid
        settings.logger = makeLogger(level: logLevel)
        settings.showsProgress = settings.logger.logLevel <= .info
        return settings
    }
}

/// A load's report as a short table for a person.
enum LoadTable {
    static func text(_ report: LoadReport) -> String {
        let latency = report.latencyMicroseconds
        var rows: [(String, String)] = [
            ("sessions", "\(report.established) of \(report.sessions), \(report.failed) failed"),
            ("duration", "\(fixed(report.durationSeconds, 1)) s"),
            (
                "packets",
                "sent \(report.packetsSent), received \(report.packetsReceived), lost \(report.packetsLost) "
                    + "(\(fixed(report.lossRate * 100, 3)) %)"
            ),
            (
                "latency",
                "p50 \(milliseconds(latency.p50)), p90 \(milliseconds(latency.p90)), p99 \(milliseconds(latency.p99)), "
                    + "p99.9 \(milliseconds(latency.p999)), max \(milliseconds(latency.max))"
            ),
        ]
        if let handshakes = report.handshakes {
            rows.append(("handshakes", "\(handshakes.completed) done, \(handshakes.failed) failed"))
        }
        if let time = report.connectMilliseconds { rows.append(("connected", "after " + duration(time))) }
        if let time = report.firstMediaMilliseconds { rows.append(("first RTP", "after " + duration(time))) }
        if report.packetsRequested > 0 {
            rows.append(
                ("repaired", "\(report.packetsRequested) asked for again, \(report.packetsRepeated) sent again"))
        }
        if let relay = report.relay { rows.append(("server", server(relay))) }
        let generator = report.generator
        let cost = generator.cpuNanosecondsPerPacket.map { ", \(fixed($0, 0)) ns a packet" } ?? ""
        rows.append(
            (
                "generator",
                "\(fixed(generator.cores * 100, 1)) % of a core\(cost); frames late by p50 "
                    + "\(milliseconds(generator.latenessMicroseconds.p50)), p99 "
                    + "\(milliseconds(generator.latenessMicroseconds.p99)); \(generator.socketDrops) datagrams dropped"
            ))
        if let limit = report.limitedBy { rows.append(("limit", limit)) }
        rows.append(("verdict", report.ok ? "within the limits" : "not within the limits"))
        let table = rows.map { name, value in name + String(repeating: " ", count: 12 - name.count) + value }
        return (table + report.failures.map { "  failed: \($0)" }).joined(separator: "\n")
    }

    private static func server(_ relay: LoadReport.Relay) -> String {
        var parts = [
            "\(fixed(relay.cpuSeconds, 2)) s of CPU, \(fixed(relay.cores * 100, 1)) % of a core",
            relay.cpuNanosecondsPerPacket.map { "\(fixed($0, 0)) ns a packet" },
            relay.sessionsPerCore.map { "by that \(fixed($0, 0)) sessions a core" },
        ].compactMap(\.self).joined(separator: ", ")
        parts += "; \(relay.residentBytes / 1_048_576) MiB"
        if let bytes = relay.bytesPerSession { parts += ", \(fixed(bytes / 1024, 1)) KiB a session" }
        if let slope = relay.residentBytesPerMinute {
            parts += ", \(fixed(slope / 1_048_576, 3)) MiB more a minute after the first one"
        }
        return parts
    }

    private static func duration(_ time: LoadReport.Duration) -> String {
        func text(_ value: Double?) -> String { milliseconds(value.map { $0 * 1000 }) }
        return "p50 \(text(time.p50)), p95 \(text(time.p95)), max \(text(time.max))"
    }

    private static func milliseconds(_ microseconds: Double?) -> String {
        microseconds.map { "\(fixed($0 / 1000, 2)) ms" } ?? "–"
    }
}
