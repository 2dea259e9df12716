import Foundation
import Logging
import MediaCore
import MediaIO
import MediaWire
import ServiceLifecycle
import Sessions
import WebAPI

/// A server that is up.
struct RunningServer: Sendable {
    /// Where its HTTP calls go, without a slash at the end.
    let url: String
    let apiKey: String
    let shards: [ShardThread]

    /// From the kernel's receive stamp to the return of the send, over all shards.
    var relayLatency: LatencyHistogram {
        var all = LatencyHistogram()
        for shard in shards { all.merge(shard.currentMeasurements.relayLatency) }
        return all
    }
}

/// Relay, session service and HTTP in one process.
struct Server: Sendable {
    let settings: ServeSettings
    let logger: Logger
    /// Told when this start has made the first account.
    var onFirstAdministrator: @Sendable (AccountService.FirstAdministrator) -> Void = { _ in }

    /// Runs until the surrounding service group shuts down or the task is cancelled, then stops the relay: peers get BYE.
    ///
    /// - Parameter onReady: called once when calls are accepted.
    /// - Throws: `WebServerError`, `UDPSocketError` or `SettingsError`, each one line with the next step.
    func run(onReady: @escaping @Sendable (RunningServer) async -> Void) async throws {
        let shards = try startShards()
        do {
            try await serve(shards, onReady: onReady)
        } catch {
            for shard in shards { await shard.stop() }
            throw error
        }
        for shard in shards { await shard.stop() }
        logger.info("stopped")
    }

    private func startShards() throws -> [ShardThread] {
        let address = settings.mediaBindAddress
        var shards: [ShardThread] = []
        for index in 0..<max(1, settings.shards) {
            let port = settings.mediaPort == 0 ? 0 : Int(settings.mediaPort) + index
            guard let port = UInt16(exactly: port) else {
                throw SettingsError(description: "port \(port) does not exist; choose a lower --media-port")
            }
            var generator = SystemRandomNumberGenerator()
            var configuration = RelayConfiguration(seed: UInt64.random(in: .min ... .max, using: &generator))
            configuration.srtpBackend = settings.srtpBackend
            configuration.certificateTime = Int64(clamping: WallClock.unixNanoseconds / 1_000_000_000)
            configuration.retransmissionMemory = settings.retransmissionMemory << 20
            do {
                shards.append(
                    try ShardThread(
                        index: index, bindingTo: SocketAddress(address, port: port),
                        streams: try streamAddress(index),
                        configuration: configuration, offload: settings.udpOffload))
            } catch let error as UDPSocketError {
                throw SettingsError(
                    description: "\(error); choose another with --media-port, --media-tcp-port or --media-address")
            }
        }
        // The same for all of them.
        if let shard = shards.first { warnAboutBuffers(shard) }
        return shards
    }

    private func streamAddress(_ index: Int) throws -> SocketAddress? {
        guard let number = settings.streamPort(index) else { return nil }
        guard let port = UInt16(exactly: number) else {
            throw SettingsError(description: "port \(number) does not exist; choose a lower --media-tcp-port")
        }
        return SocketAddress(settings.mediaBindAddress, port: port)
    }

    private func warnAboutBuffers(_ shard: ShardThread) {
        let wanted = UDPSocket.wantedBufferSize
        for (name, granted, setting) in [
            ("receive", shard.receiveBufferSize / 2, "net.core.rmem_max"),
            ("send", shard.sendBufferSize / 2, "net.core.wmem_max"),
        ] where granted < wanted {
            logger.warning(
                "the kernel grants a small \(name) buffer; bursts may be lost",
                metadata: ["granted": "\(granted)", "wanted": "\(wanted)", "remedy": "sysctl -w \(setting)=\(wanted)"])
        }
    }

    private func serve(
        _ shards: [ShardThread], onReady: @escaping @Sendable (RunningServer) async -> Void
    ) async throws {
        // A shard takes its first command when its memory is at hand.
        for shard in shards { try await shard.perform { _, _ in } }
        let announced = settings.announcedAddresses
        let gateway = RelayGateway(shards: shards, announced: announced, sdesPeers: settings.sdesPeers)
        // Alive, and the directory with it, until the server has ended.
        let directory = try settings.data.map { try DataDirectory($0) }
        let keepsNotices = settings.webhook != nil
        let store: any SessionStore & RegistryStore & NoticeStore =
            try directory?.openStore(keepsNotices: keepsNotices) ?? MemorySessionStore(keepsNotices: keepsNotices)
        let accounts = AccountService(store: store, now: SystemTime.now, waiting: SystemTime.waiting)
        if let first = try await accounts.prepare() { onFirstAdministrator(first) }
        var sessionSettings = SessionSettings()
        sessionSettings.sendsMail = settings.mail != nil
        sessionSettings.language = settings.language
        let sessions = SessionService(
            store: store, media: gateway, accounts: accounts, settings: sessionSettings, now: SystemTime.now,
            waiting: SystemTime.waiting, observer: SessionLog(logger: logger).note)
        let key = settings.apiKey ?? Self.randomKey()
        guard let apiKey = APIKey(name: APIKeyName.configured, key: key) else {
            throw SettingsError(description: "the API key is empty or over 512 bytes; give another by --api-key")
        }
        var configuration = WebServer.Configuration(
            host: settings.httpHost, port: settings.httpPort, publicURL: settings.publicURL, apiKeys: [apiKey])
        configuration.iceServers = settings.iceServers
        configuration.servesDevPages = settings.servesDevPages
        configuration.callsPerSecond = settings.callsPerSecond
        let certificate = try settings.tlsCertificate.map {
            try ServerCertificate(certificate: $0, key: settings.tlsKey ?? "")
        }
        configuration.certificate = certificate
        let proxies = settings.trustedProxies
        configuration.isTrustedProxy = { text in
            IPAddress(text).map { address in proxies.contains { $0.contains(address) } } ?? false
        }
        let web = WebServer(
            configuration: configuration, sessions: sessions,
            metrics: {
                var text = MetricsText()
                await SessionMetrics.add(sessions, to: &text)
                ProcessMetrics.add(to: &text)
                return await RelayMetrics.text(shards: shards, gateway: gateway) + text.text
            }, logger: logger)
        // Leaving this scope cancels the watch and waits for it.
        async let _: Void = ShardWatch(shards: shards, gateway: gateway, sessions: sessions, logger: logger).run()
        async let _: Void = noteAuditHeads(of: store)
        let mailer = settings.mail.map {
            InviteMailer($0, language: { await sessions.language }, publicURL: { web.publicURL })
        }
        async let _: Void = watch(certificate)
        let dispatcher = settings.webhook.map {
            WebhookDispatcher($0, store: store, publicURL: { web.publicURL }, logger: logger)
        }
        async let _: Void? = dispatcher?.run()
        async let _: Void = SessionHousekeeping(
            sessions: sessions, mailer: mailer, logger: logger
        ).run()
        try await web.run { port in
            let host = settings.httpHost.contains(":") ? "[\(settings.httpHost)]" : settings.httpHost
            logger.info(
                "ready",
                metadata: [
                    "http": "\(host):\(port)",
                    "media": "\(announced.map(\.description).joined(separator: ","))",
                    "srtp": "\(settings.srtpBackend)",
                    "tcp": "\(shards.compactMap { $0.streamAddress?.port }.map { String($0) }.joined(separator: ","))",
                    "ports": "\(shards.map { String($0.localAddress.port) }.joined(separator: ","))",
                ])
            let scheme = certificate == nil ? "http" : "https"
            await onReady(RunningServer(url: "\(scheme)://\(host):\(port)", apiKey: key, shards: shards))
        }
    }

    /// Takes a renewed certificate within ten seconds.
    private func watch(_ certificate: ServerCertificate?) async {
        guard let certificate else { return }
        while !Task.isCancelled {
            try? await Task.sleep(for: .seconds(10))
            do {
                if try certificate.reload() { logger.notice("the TLS certificate was renewed") }
            } catch {
                logger.warning("the TLS certificate cannot be renewed", metadata: ["reason": "\(error)"])
            }
        }
    }

    private func noteAuditHeads(of store: any SessionStore) async {
        guard let data = settings.data else { return }
        let standard = AuditHeadsFile.standard(URL(filePath: data, directoryHint: .isDirectory))
        let file = settings.auditHeads.map { AuditHeadsFile(URL(filePath: $0)) } ?? AuditHeadsFile(standard)
        await AuditHeadsTask(store: store, file: file, logger: logger).run()
    }

    /// 192 random bits.
    private static func randomKey() -> String {
        var generator = SystemRandomNumberGenerator()
        return (0..<6).map { _ in
            let word = String(UInt32.random(in: .min ... .max, using: &generator), radix: 16)
            return String(repeating: "0", count: 8 - word.count) + word
        }.joined()
    }
}
