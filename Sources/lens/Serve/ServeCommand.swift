import ArgumentParser
import Foundation
import Logging
import ServiceLifecycle
import Sessions
import UnixSignals

/// `lens serve`.
struct ServeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve",
        abstract: "Run the relay and the session service.",
        discussion: """
            Works without any setting: HTTP on 127.0.0.1:8080, media on UDP 7000, one shard per core. Without an API key \
            one is made for this run and printed.

            Settings come from flags, then the environment (LENS_HTTP, LENS_MEDIA_ADDRESS, …: the flag's name in capitals), \
            then the file that --config or LENS_CONFIG names (YAML, the flags' names as keys).

            A first start makes the group Support and an administrator, whose one-time password is printed; lens admin makes \
            the others.

            EXAMPLES
              lens serve
              lens serve --api-key SECRET --http 0.0.0.0:8080 --public-url https://lens.example.org
              lens serve --config lens.yaml --print-config
              curl -s -X POST http://127.0.0.1:8080/api/v1/sessions -H "Authorization: Bearer SECRET" \\
                --json '{"type":"lens","name":"Mrs Example","method":"pin"}'
            """)

    @Option(help: ArgumentHelp("Where HTTP listens (default: 127.0.0.1:8080).", valueName: "host:port"))
    var http: String?

    @Option(
        help: ArgumentHelp(
            "An IP address that answers announce; repeatable. Default: loopback if HTTP is on loopback, else every interface address.",
            valueName: "ip"))
    var mediaAddress: [String] = []

    @Option(
        help: ArgumentHelp(
            "UDP port for media; shard i listens on this + i (default: 7000; 0: free ones).", valueName: "n"))
    var mediaPort: Int?

    @Option(
        help: ArgumentHelp(
            "TCP port for media where UDP is blocked, such as 443; shard i listens on this + i (default: as --media-port; off: none).",
            valueName: "n"))
    var mediaTCPPort: String?

    @Option(help: ArgumentHelp("Relay threads, each with its own port (default: one per core).", valueName: "n"))
    var shards: Int?

    @Option(
        help: ArgumentHelp(
            "The key that automations present as a bearer token. Better by LENS_API_KEY.", valueName: "key"))
    var apiKey: String?

    @Option(
        help: ArgumentHelp(
            "Keeps sessions and the audit log there across restarts (default: in memory, gone with the process).",
            valueName: "directory"))
    var data: String?

    @Option(
        help: ArgumentHelp(
            "Notes there where the audit log ends, so that one that was cut off is found; best where nobody who may change the data can write (default: audit.heads in the data directory).",
            valueName: "file"))
    var auditHeads: String?

    @Option(help: ArgumentHelp("What links start with (default: the HTTP address).", valueName: "url"))
    var publicURL: String?

    @Option(
        help: ArgumentHelp(
            "The certificate (PEM) for HTTPS, with HTTP/2; read again when it changes (default: plain HTTP).",
            valueName: "file"))
    var tlsCertificate: String?

    @Option(help: ArgumentHelp("The certificate's key (PEM).", valueName: "file"))
    var tlsKey: String?

    @Option(
        help: ArgumentHelp(
            "A network of proxies in front, whose X-Forwarded-For and X-Forwarded-Proto count; repeatable.",
            valueName: "cidr"))
    var trustedProxy: [String] = []

    @Option(
        help: ArgumentHelp(
            "Calls that one network may make, each second in the long run; this machine's own are not counted (default: 300; 0: no limit).",
            valueName: "n"))
    var rateLimit: Int?

    @Option(
        help: ArgumentHelp(
            "A network that SDES players may have media sent to, beside their own address; repeatable.",
            valueName: "cidr"))
    var sdesPeers: [String] = []

    @Option(
        help: ArgumentHelp(
            "A STUN or TURN server that clients are told of: stun:HOST, or \"turn:HOST USERNAME CREDENTIAL\"; repeatable.",
            valueName: "server"))
    var iceServer: [String] = []

    @Option(
        help: ArgumentHelp(
            "The mail server for invites: smtp://HOST:PORT (STARTTLS), smtps://HOST:PORT, or smtp-plain://localhost:25 (default: none; technicians use their own mail programs).",
            valueName: "url"))
    var smtp: String?

    @Option(
        help: ArgumentHelp(
            "The name to log in to the mail server with; the password by LENS_SMTP_PASSWORD or the file.",
            valueName: "name"))
    var smtpUser: String?

    @Option(
        help: ArgumentHelp(
            "Certificates that the mail server's is checked against (default: the system's).", valueName: "file"))
    var smtpCA: String?

    @Option(help: ArgumentHelp("The sender of invites.", valueName: "address"))
    var mailFrom: String?

    @Option(help: ArgumentHelp("What stands beside that address (default: Lens Relay).", valueName: "text"))
    var mailFromName: String?

    @Option(
        help: ArgumentHelp(
            "Is told of each change of a session's status by a POST, signed with the secret in LENS_WEBHOOK_SECRET or the file.",
            valueName: "url"))
    var webhook: String?

    @Option(help: ArgumentHelp("Of invites that ask for none: en or de (default: en).", valueName: "code"))
    var language: String?

    @Option(
        help: ArgumentHelp(
            "libsrtp, openssl, ipsecmb or vector (default: the fastest that this machine has).", valueName: "name"))
    var srtpBackend: String?

    @Option(
        help: ArgumentHelp(
            "What the kernel does for runs of datagrams: none, send (UDP_SEGMENT) or full (and UDP_GRO; default).",
            valueName: "name"))
    var udpOffload: String?

    @Option(
        help: ArgumentHelp(
            "Memory of each shard for packets that players may ask for again, in MiB (default: 64).", valueName: "mib"))
    var retransmissionMemory: Int?

    @Flag(help: "Serve pages for trying media under /dev.")
    var dev = false

    @Option(help: ArgumentHelp("A YAML file with settings.", valueName: "file"))
    var config: String?

    @Flag(help: "Print the settings that would be used, and exit.")
    var printConfig = false

    @Option(help: "trace, debug, info, notice, warning, error or critical (default: info).")
    var logLevel: String?

    func run() async throws {
        let settings: ServeSettings
        do {
            settings = try resolve(environment: ProcessInfo.processInfo.environment)
        } catch {
            throw CleanExit.failure(error)
        }
        if printConfig {
            print(settings.yaml, terminator: "")
            return
        }
        let logger = makeLogger(level: settings.logLevel)
        // The password is printed at once: it is not to be had again, even if the server then finds its port taken.
        let server = Server(settings: settings, logger: logger) { first in
            printError("First administrator: \(first.email), one-time password: \(first.password)")
        }
        let madeKey = settings.apiKey == nil
        var configuration = ServiceGroupConfiguration(
            services: [
                .init(
                    service: ServerService(server: server) { running in
                        // Printed, not logged: it is for the person at the terminal only.
                        if madeKey { printError("API key of this run: \(running.apiKey)") }
                    },
                    successTerminationBehavior: .gracefullyShutdownGroup)
            ],
            gracefulShutdownSignals: [.sigterm, .sigint],
            logger: logger)
        // Whoever does not read what we send must not keep us from ending.
        configuration.maximumGracefulShutdownDuration = .seconds(10)
        let group = ServiceGroup(configuration: configuration)
        do {
            try await group.run()
        } catch {
            throw CleanExit.failure(error)
        }
    }

    /// Flags before environment before file.
    func resolve(environment: [String: String]) throws -> ServeSettings {
        var sources = SettingSources(environment: environment, file: [:])
        if let path = config ?? environment["LENS_CONFIG"] { sources.file = try SettingsFile.read(path) }
        return try ServeSettings(
            SettingValues(
                http: sources.one("http", http),
                mediaAddresses: sources.many("media-address", mediaAddress),
                mediaPort: sources.one("media-port", mediaPort.map(String.init)),
                mediaTCPPort: sources.one("media-tcp-port", mediaTCPPort),
                shards: sources.one("shards", shards.map(String.init)),
                data: sources.one("data", data),
                auditHeads: sources.one("audit-heads", auditHeads),
                apiKey: sources.one("api-key", apiKey),
                publicURL: sources.one("public-url", publicURL),
                sdesPeers: sources.many("sdes-peers", sdesPeers),
                iceServers: sources.many("ice-server", iceServer),
                tlsCertificate: sources.one("tls-certificate", tlsCertificate),
                tlsKey: sources.one("tls-key", tlsKey),
                trustedProxies: sources.many("trusted-proxy", trustedProxy),
                rateLimit: sources.one("rate-limit", rateLimit.map(String.init)),
                mail: MailValues(
                    smtp: sources.one("smtp", smtp), user: sources.one("smtp-user", smtpUser),
                    password: sources.one("smtp-password", nil),
                    certificateAuthority: sources.one("smtp-ca", smtpCA), from: sources.one("mail-from", mailFrom),
                    fromName: sources.one("mail-from-name", mailFromName)),
                language: sources.one("language", language),
                webhook: sources.one("webhook", webhook),
                webhookSecret: sources.one("webhook-secret", nil),
                srtpBackend: sources.one("srtp-backend", srtpBackend),
                udpOffload: sources.one("udp-offload", udpOffload),
                retransmissionMemory: sources.one("retransmission-memory", retransmissionMemory.map(String.init)),
                dev: sources.one("dev", dev ? "true" : nil),
                logLevel: sources.one("log-level", logLevel)))
    }
}

/// The server as a part of the process's service group.
private struct ServerService: Service, CustomStringConvertible {
    let server: Server
    let onReady: @Sendable (RunningServer) async -> Void
    /// The service group logs its services at debug; as they are, that would show the API key.
    let description = "server"

    init(server: Server, onReady: @escaping @Sendable (RunningServer) async -> Void) {
        self.server = server
        self.onReady = onReady
    }

    func run() async throws { try await server.run(onReady: onReady) }
}
