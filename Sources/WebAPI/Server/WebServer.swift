import Hummingbird
import HummingbirdCore
import HummingbirdHTTP2
public import Logging
import NIOCore
public import ServiceLifecycle
public import Sessions

/// The HTTP side of the service: session calls, WHIP and WHEP, health.
///
/// Runs until its task is cancelled or its service group shuts down; on a graceful shutdown it turns unready, takes no
/// new connections and lets running requests finish.
public struct WebServer: Service {
    /// What the operator sets.
    public struct Configuration: Sendable {
        /// An IP address or a host name.
        public var host: String
        /// 0 picks a free one.
        public var port: Int
        /// What links start with, such as `https://lens.example.org`; nil is the listening address.
        public var publicURL: String?
        public var apiKeys: [APIKey]
        /// Nil: plain HTTP. With it HTTP/2 and HTTP/1.1 over TLS.
        public var certificate: ServerCertificate?
        /// Whether an address is that of a proxy of the operator's own, whose word on where a request came from counts.
        public var isTrustedProxy: @Sendable (String) -> Bool = { _ in false }
        /// Calls that one network may make, each second in the long run; nil is without a limit.
        public var callsPerSecond: Int? = 300
        /// Named in answers to WHIP and WHEP.
        public var iceServers: [ICEServer] = []
        /// Serves pages for trying media under `/dev`.
        public var servesDevPages = false
        /// Largest JSON body, in bytes.
        public var jsonLimit = 64 * 1024
        /// Largest SDP body, in bytes.
        public var sdpLimit = 64 * 1024
        /// Seconds after which a connection without a request is closed.
        public var idleSeconds = 60
        /// Seconds after which a request that is not all there is ended, and a TLS handshake that is not done; a large body has longer.
        public var requestSeconds = 15

        public init(
            host: String = "127.0.0.1", port: Int = 8080, publicURL: String? = nil, apiKeys: [APIKey] = []
        ) {
            self.host = host
            self.port = port
            self.publicURL = publicURL
            self.apiKeys = apiKeys
        }
    }

    /// Turned to draining by a graceful shutdown, or earlier by whoever runs the server.
    public let readiness = Readiness()

    let configuration: Configuration
    let address: PublicAddress
    private let sessions: SessionService
    private let metrics: (@Sendable () async -> String)?
    private let logger: Logger

    /// - Parameter metrics: what `GET /metrics` answers, such as a `MetricsText`; nil leaves that path out.
    public init(
        configuration: Configuration, sessions: SessionService, metrics: (@Sendable () async -> String)? = nil,
        logger: Logger
    ) {
        self.configuration = configuration
        self.sessions = sessions
        self.metrics = metrics
        self.logger = logger
        address = PublicAddress(
            configured: configuration.publicURL, host: configuration.host, port: configuration.port,
            isEncrypted: configuration.certificate != nil)
    }

    /// What links start with, once the server listens.
    public var publicURL: String { address.url }

    /// All routes, as served by `run`.
    func router() -> Router<LensRequestContext> {
        let router = Router(context: LensRequestContext.self, options: [.autoGenerateHeadEndpoints])
        let paths = PathTable()
        router.add(
            middleware: ClientMiddleware(
                isEncrypted: configuration.certificate != nil, isTrusted: configuration.isTrustedProxy))
        router.add(middleware: MediaCORSMiddleware())
        router.add(middleware: ProblemMiddleware(paths: paths, metrics: sessions.metrics))
        if let rate = configuration.callsPerSecond {
            router.add(
                middleware: RateMiddleware(RateLimit(perSecond: rate, burst: 2 * rate), clock: sessions.waiting))
        }
        let call = CallReader(
            sessions: sessions, apiKeys: configuration.apiKeys, jsonLimit: configuration.jsonLimit,
            sdpLimit: configuration.sdpLimit)
        let routes = RouteBuilder(router: router, paths: paths)
        HealthRoutes(readiness: readiness, metrics: metrics).add(to: routes)
        SessionRoutes(call: call, sessions: sessions, address: address).add(to: routes)
        CustomerRoutes(call: call, sessions: sessions, address: address).add(to: routes)
        OpenAPIRoutes().add(to: routes)
        ChatRoutes(call: call, sessions: sessions).add(to: routes)
        DrawingRoutes(call: call, sessions: sessions).add(to: routes)
        PhotoRoutes(call: call, sessions: sessions).add(to: routes)
        HistoryRoutes(call: call, sessions: sessions).add(to: routes)
        EventRoutes(call: call, sessions: sessions, address: address).add(to: routes)
        LoginRoutes(call: call, accounts: sessions.accounts, address: address).add(to: routes)
        SettingsRoutes(call: call, sessions: sessions).add(to: routes)
        RegistryRoutes(call: call, accounts: sessions.accounts).add(to: routes)
        MediaRoutes(call: call, sessions: sessions, iceServers: configuration.iceServers).add(to: routes)
        if configuration.servesDevPages { DevRoutes().add(to: routes) }
        return router
    }

    /// The server as Hummingbird runs it.
    func application(
        onReady: @escaping @Sendable (_ port: Int) async -> Void
    ) throws -> Application<RouterResponder<LensRequestContext>> {
        let decoder = HTTP1Channel.Configuration.DecoderConfiguration(
            maxHeaderFieldSize: 16 * 1024, maxHeaderListSize: 32 * 1024, maxHeaderFieldCount: 100)
        let idle = Duration.seconds(Int64(configuration.idleSeconds))
        let patience = TimeAmount.seconds(Int64(configuration.requestSeconds))
        let plain = HTTP1Channel.Configuration(
            additionalChannelHandlers: [RequestDeadline(patience: patience)],
            idleTimeout: .seconds(Int64(configuration.idleSeconds)), httpDecoderConfiguration: decoder)
        let builder: HTTPServerBuilder =
            if let certificate = configuration.certificate {
                .init { [configuration] responder in
                    let channel = try HTTP2UpgradeChannel(
                        tlsConfiguration: certificate.configuration,
                        configuration: .init(idleTimeout: idle, streamConfiguration: plain), responder: responder)
                    return TLSChannel(
                        channel, patience: patience, silence: .seconds(2 * Int64(configuration.idleSeconds)))
                }
            } else {
                .http1(configuration: plain)
            }
        return Application(
            router: router(), server: builder,
            configuration: ApplicationConfiguration(address: .hostname(configuration.host, port: configuration.port)),
            onServerRunning: { [address, configuration] channel in
                let port = channel.localAddress?.port ?? configuration.port
                address.bound(to: port)
                await onReady(port)
            },
            logger: logger)
    }

    public func run() async throws {
        try await run(onReady: { _ in })
    }

    /// - Parameter onReady: called once with the port, when connections are accepted.
    /// - Throws: `WebServerError` if it cannot listen.
    public func run(onReady: @escaping @Sendable (_ port: Int) async -> Void) async throws {
        let application = try application(onReady: onReady)
        do {
            try await withGracefulShutdownHandler {
                try await application.run()
            } onGracefulShutdown: { [readiness, sessions] in
                readiness.startDraining()
                // Streams of events would keep their connections, and with them the server.
                sessions.feed.finish()
            }
        } catch {
            throw WebServerError(error, host: configuration.host, port: configuration.port) ?? error
        }
    }
}
