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
    /// - Throws: `pin` with the refusal (D7); `media` with `overloaded` while the media side has no room for another
    ///   session, which leaves the PIN as it was and never concerns one who comes back.
    public func join(
        pin text: String?, returning token: CustomerToken?, client: Client
    ) async throws(SessionError) -> Joined {
        let typed = text.map { $0.unicodeScalars.contains { !$0.properties.isWhitespace } } ?? false
        let pin = text.flatMap { PIN(typed: $0) }
        if let token, let session = try await session(presenting: token), !session.hasEnded,
            !typed || pin == session.pin
        {
            return Joined(session: session, token: token, eula: settings.eula)
        }
        guard typed else { throw .pin(.missing) }
        guard let pin else { throw .pin(.invalid) }
        try await requireRoom()
        let secret = drawSecret()
        let claim = CustomerClaim(proof: TokenProof(secret), address: client.address, userAgent: client.userAgent)
        let session = try await store.claim(pin: pin, by: claim, at: now()).session
        return Joined(
            session: session, token: CustomerToken(session: session.id, secret: secret), eula: settings.eula)
    }

    /// Who presents this token; nil if nobody was given it.
    public func principal(presenting token: CustomerToken) async throws(SessionError) -> Principal? {
        try await session(presenting: token).map { .customer($0.id) }
    }

    public func customerAdvanced(
        to step: CustomerProgress, by principal: Principal
    ) async throws(SessionError) -> LensSession {
        try await apply(.customerAdvanced(step), to: Self.requireCustomer(principal))
    }

    public func answerDevices(
        _ consent: DeviceConsent, by principal: Principal
    ) async throws(SessionError) -> LensSession {
        try await apply(.devicesAnswered(consent), to: Self.requireCustomer(principal))
    }

    public func answerEULA(
        version: String, accepted: Bool, by principal: Principal
    ) async throws(SessionError) -> LensSession {
        let event = SessionEvent.eulaAnswered(
            version: version, accepted: accepted, currentVersion: settings.eula.version)
        return try await apply(event, to: Self.requireCustomer(principal))
    }

    public func leave(by principal: Principal) async throws(SessionError) -> LensSession {
        try await apply(.customerLeft, to: Self.requireCustomer(principal))
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
