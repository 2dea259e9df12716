import MediaCore
import MediaWire
import Synchronization

/// One side's media of one session: the endpoint on its socket and the WHIP and WHEP resources that belong to it.
final class CallConnection: Sendable {
    let client: LensClient
    let session: String
    let loop: EndpointLoop
    private let resources = Mutex<[MediaResource]>([])

    /// Binds a socket on the address that the server sees.
    init(
        client: LensClient, session: String, keyExchange: KeyExchange, profile: SRTPProfile, publish: [MediaKind],
        play: [MediaKind], clock: CallClock, onEvent: @escaping @Sendable (CallEvent) -> Void
    ) throws(EndpointError) {
        self.client = client
        self.session = session
        let address = try LocalAddress.towards(client.server)
        let name = String(UInt64.random(in: .min ... .max), radix: 36)
        let configuration = CallEndpointConfiguration(
            localAddress: SocketAddress(address, port: 0), cname: name, profile: profile, keyExchange: keyExchange,
            publish: publish, play: play)
        loop = try EndpointLoop(configuration, clock: clock, onEvent: onEvent)
    }

    /// WHEP, if anything is played.
    func play() async throws {
        guard let offer = try await loop.perform({ endpoint, _ in endpoint.playOffer() }) else { return }
        let resource = try await client.whep(session, offer: offer)
        resources.withLock { $0.append(resource) }
        try await accept(.play) { endpoint, now in try endpoint.acceptPlayAnswer(resource.answer, at: now) }
    }

    /// WHIP, if anything is published.
    func publish() async throws {
        guard let offer = try await loop.perform({ endpoint, _ in endpoint.publishOffer() }) else { return }
        let resource = try await client.whip(session, offer: offer)
        resources.withLock { $0.append(resource) }
        try await accept(.publish) { endpoint, now in try endpoint.acceptPublishAnswer(resource.answer, at: now) }
    }

    /// Takes an answer and waits until media can go.
    private func accept(
        _ direction: MediaDirection, _ body: @escaping @Sendable (inout CallEndpoint, Instant) throws -> Void
    ) async throws {
        do {
            try await loop.perform(body)
        } catch let error as CallEndpointError {
            throw EndpointError.negotiation(error.description)
        }
        for _ in 0..<Self.patience {
            let (isConnected, failure) = try await loop.perform { endpoint, _ in
                (endpoint.isConnected(direction), endpoint.transportFailure)
            }
            if let failure { throw EndpointError.unconnected(failure.description) }
            if isConnected { return }
            try await Task.sleep(for: Self.look)
        }
        throw EndpointError.unconnected(CallEndpointError.unreachable.description)
    }

    /// Between two looks at the handshake, and how many there are: 10 s.
    private static let look = Duration.milliseconds(5)
    private static let patience = 2_000

    /// BYE, then DELETE of every resource. Does its work even in a cancelled task, and never fails: the server may be gone.
    func close() async {
        await Task { [self] in
            await loop.close()
            var client = client
            client.timeoutSeconds = 3
            for resource in resources.withLock({ $0 }) { try? await client.delete(resource) }
            resources.withLock { $0.removeAll() }
        }.value
    }
}
