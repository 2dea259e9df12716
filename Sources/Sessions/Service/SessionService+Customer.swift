/// The customer's calls.
extension SessionService {
    /// What a customer gets for a right PIN.
    public struct Joined: Sendable {
        public let session: LensSession
        public let token: CustomerToken
        public let eula: EULA
    }

    /// The browser or program that joins.
    public struct Client: Sendable {
        /// IP address as text.
        public var address: String
        public var userAgent: String

        public static let userAgentLimit = 256

        /// Cuts the user agent to its limit and drops control characters.
        public init(address: String, userAgent: String) {
            self.address = address
            let kept = userAgent.unicodeScalars.prefix(Self.userAgentLimit).filter {
                $0.properties.generalCategory != .control
            }
            self.userAgent = String(String.UnicodeScalarView(kept))
        }
    }

    /// Claims a PIN (D3). Whoever holds the token of the session that this PIN opened comes back to it (D4), also
    /// without typing the PIN again.
    ///
    /// - Throws: `pin` with the refusal (D7); `throttled` for a network with too many wrong PINs (D8); `media` with `overloaded` while the media side has no room for another
    ///   session, which leaves the PIN as it was and never concerns one who comes back.
    public func join(
        pin text: String?, returning token: CustomerToken?, client: Client
    ) async throws(SessionError) -> Joined {
        let typed = text.map { $0.unicodeScalars.contains { !$0.properties.isWhitespace } } ?? false
        let pin = text.flatMap { PIN(typed: $0) }
        if let token, let session = try await session(presenting: token), !session.hasEnded,
            !typed || pin == session.pin
        {
            return Joined(session: session, token: token, eula: try await currentSettings().eula)
        }
        guard typed else { throw .pin(.missing) }
        guard let pin else { throw .pin(.invalid) }
        try await requireRoom()
        // Read before the claim: a PIN is not to be used up by an answer that cannot be given.
        let eula = try await currentSettings().eula
        let secret = drawSecret()
        let claim = CustomerClaim(proof: TokenProof(secret), address: client.address, userAgent: client.userAgent)
        let session = try await withThrottle(client) { () async throws(SessionError) in
            let session = try await store.claim(pin: pin, by: claim, at: now()).session
            metrics.joined()
            observer(session, .pinClaimed(pin, claim))
            return session
        }
        // In the session's turn: what has happened since is not to be told before.
        await inTurn(of: session.id) {
            if let latest = try? await store.find(session.id) { feed.publish(.session(latest), of: session.id) }
        }
        return Joined(
            session: session, token: CustomerToken(session: session.id, secret: secret),
            eula: eula)
    }

    /// Tries a PIN as soon as the throttle lets it. A network's attempts come one after the other, so that each knows what became of
    /// those before it. Only PINs that lead nowhere count as mistakes (D8): one that was used is a right one that came too late.
    private func withThrottle<T: Sendable>(
        _ client: Client, _ claim: () async throws(SessionError) -> T
    ) async throws(SessionError) -> T {
        let network = ClientNetwork(client.address)
        return try await exclusively(network) { () async throws(SessionError) in
            switch throttle.attempt(from: network, at: waiting.milliseconds()) {
            case .refused(let milliseconds): throw .throttled(retryAfterSeconds: Int(milliseconds + 999) / 1000)
            case .allowed(let delay): if delay > 0 { await waiting.pause(delay) }
            }
            do throws(SessionError) {
                let claimed = try await claim()
                throttle.forgive(network, at: waiting.milliseconds())
                return claimed
            } catch {
                switch error {
                case .pin(.invalid), .pin(.expired): break
                default: throttle.forgive(network, at: waiting.milliseconds())
                }
                throw error
            }
        }
    }

    /// Who presents this token; nil if nobody was given it.
    public func principal(presenting token: CustomerToken) async throws(SessionError) -> Principal? {
        try await session(presenting: token).map { .customer($0.id) }
    }

    public func customerAdvanced(
        to step: CustomerProgress, by principal: Principal
    ) async throws(SessionError) -> LensSession {
        try await apply(.customerAdvanced(step), to: Self.requireCustomer(principal), by: .customer)
    }

    public func answerDevices(
        _ consent: DeviceConsent, by principal: Principal
    ) async throws(SessionError) -> LensSession {
        try await apply(.devicesAnswered(consent), to: Self.requireCustomer(principal), by: .customer)
    }

    public func answerEULA(
        version: String, accepted: Bool, by principal: Principal
    ) async throws(SessionError) -> LensSession {
        let event = SessionEvent.eulaAnswered(
            version: version, accepted: accepted, currentVersion: try await currentSettings().eula.version)
        return try await apply(event, to: Self.requireCustomer(principal), by: .customer)
    }

    /// The customer pauses or mutes, or goes on; what is nil stays as it is (D19).
    public func changeMedia(
        camera: CustomerMedia.Camera?, microphone: CustomerMedia.Microphone?, by principal: Principal
    ) async throws(SessionError) -> LensSession {
        let change = CustomerMediaChange(camera: camera, microphone: microphone)
        return try await apply(.customerMediaChanged(change), to: Self.requireCustomer(principal), by: .customer)
    }

    public func leave(by principal: Principal) async throws(SessionError) -> LensSession {
        try await apply(.customerLeft, to: Self.requireCustomer(principal), by: .customer)
    }

    private func session(presenting token: CustomerToken) async throws(SessionError) -> LensSession? {
        guard let session = try await store.find(token.session), let claim = session.claim,
            claim.proof.matches(token.secret)
        else { return nil }
        return session
    }

    private static func requireCustomer(_ principal: Principal) throws(SessionError) -> SessionID {
        guard case .customer(let id) = principal else { throw .customerOnly }
        return id
    }
}
