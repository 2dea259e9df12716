/// Who may do what: logins, and the registry of groups, technicians and API keys.
public actor AccountService {
    public struct Settings: Sendable, Hashable {
        /// How long a login lasts, in minutes.
        public var loginLifetimeMinutes: Int64 = 12 * 60
        /// Shortest password, in characters.
        public var shortestPassword = 10
        /// How wrong passwords are slowed down.
        public var limits = MistakeThrottle.Limits()
        /// Of passwords that are set from now on.
        public var passwordCost = PasswordHash.Cost.standard

        public init() {}
    }

    /// A login that succeeded.
    public struct LoggedIn: Sendable {
        public let token: LoginToken
        public let expiresAt: WallTime
        /// The next call has to choose another password.
        public let mustChangePassword: Bool
    }

    public nonisolated let settings: Settings
    private let store: any RegistryStore
    private nonisolated let now: @Sendable () -> WallTime
    private nonisolated let waiting: WaitingClock
    private let passwords = PasswordWorker()
    private var generator: any RandomNumberGenerator & Sendable
    private var throttle: MistakeThrottle
    private var cached: (registry: Registry, version: Int64)?
    /// Takes as long to compare with as a real one, so that the time does not tell who has an account.
    private var nobody: PasswordHash?

    /// - Parameters:
    ///   - now: the wall clock.
    ///   - waiting: the clock that delays go by.
    ///   - generator: where tokens and passwords come from; cryptographic in service.
    public init(
        store: any RegistryStore, settings: Settings = Settings(), now: @escaping @Sendable () -> WallTime,
        waiting: WaitingClock, generator: any RandomNumberGenerator & Sendable = SystemRandomNumberGenerator()
    ) {
        self.store = store
        self.settings = settings
        self.now = now
        self.waiting = waiting
        self.generator = generator
        throttle = MistakeThrottle(settings.limits)
    }

    /// The registry as it is now, whoever changed it last.
    public func registry() async throws(SessionError) -> Registry {
        let version = try await store.registryVersion()
        if let cached, cached.version == version { return cached.registry }
        let read = try await store.registry()
        cached = read
        return read.registry
    }

    /// What a technician may do now.
    /// - Throws: `loginEnded` for one who may not log in any more.
    public func access(of id: TechnicianID) async throws(SessionError) -> Access {
        guard let access = try await registry().access(of: id) else { throw .loginEnded }
        return access
    }

    // MARK: - Logins

    /// Checks a password. Mistakes are slowed down like those with PINs, by the network they come from.
    ///
    /// - Throws: `loginRefused`, whatever was wrong; `loginThrottled`.
    public func login(
        email: String, password: String, address: String
    ) async throws(SessionError) -> LoggedIn {
        let network = try await passThrottle(address)
        let registry = try await registry()
        let account = EmailAddress(email, mayBeLocal: true).flatMap { registry.account(email: $0) }
        let hash = if let account { account.password } else { try await nobodysPassword() }
        let isRight: Bool
        do throws(SessionError) {
            isRight = try await passwords.matches(hash, password)
        } catch {
            // Nobody has looked at it: no mistake.
            throttle.forgive(network, at: waiting.milliseconds())
            throw error
        }
        guard let account, isRight, !account.technician.isDisabled else {
            try await store.noteRefusedLogin(of: account?.technician.id, from: address, at: now())
            throw .loginRefused
        }
        throttle.forgive(network, at: waiting.milliseconds())
        let token = LoginToken(login: LoginID(using: &generator), secret: TokenSecret(using: &generator))
        let login = Login(
            id: token.login, technician: account.technician.id, proof: TokenProof(token.secret), epoch: account.epoch,
            expiresAt: now().advanced(byMinutes: settings.loginLifetimeMinutes))
        try await store.add(login, from: address, at: now())
        return LoggedIn(
            token: token, expiresAt: login.expiresAt, mustChangePassword: account.mustChangePassword)
    }

    /// Who presents this token; nil for nobody, also after a logout, a new password or the end of the account.
    /// - Parameter withOneTimePassword: takes also who still has to choose a password.
    /// - Throws: `passwordChangeNeeded`.
    public func principal(
        presenting token: LoginToken, withOneTimePassword: Bool = false
    ) async throws(SessionError) -> Principal? {
        guard let login = try await store.login(token.login), login.proof.matches(token.secret),
            now() < login.expiresAt, let account = try await registry().accounts[login.technician],
            account.epoch == login.epoch, !account.technician.isDisabled
        else { return nil }
        if account.mustChangePassword, !withOneTimePassword { throw .passwordChangeNeeded }
        return .technician(login.technician)
    }

    /// Who presents this key; nil for nobody.
    public func principal(presenting key: APIKeyText) async throws(SessionError) -> Principal? {
        try await registry().key(with: key.secret).map { .apiKey($0.name.text) }
    }

    public func logout(_ token: LoginToken) async throws(SessionError) {
        guard let login = try await store.login(token.login), login.proof.matches(token.secret) else { return }
        try await store.remove(login.id, at: now())
    }

    /// A technician chooses another password. All logins of the account end.
    /// - Throws: `loginRefused` if the old one is wrong, also where it was changed meanwhile; `loginThrottled`; `invalid`.
    public func changePassword(
        of principal: Principal, from old: String, to new: String, address: String
    ) async throws(SessionError) {
        guard case .technician(let id) = principal, let account = try await registry().accounts[id] else {
            throw .technicianOnly
        }
        let network = try await passThrottle(address)
        guard try await passwords.matches(account.password, old) else { throw .loginRefused }
        throttle.forgive(network, at: waiting.milliseconds())
        guard old != new else { throw .invalid(field: "password", "must differ from the old one") }
        let hash = try await hash(new)
        _ = try await store.change(by: Actor(principal), at: now()) { (registry) throws(SessionError) in
            guard registry.accounts[id]?.password == account.password else { throw .loginRefused }
            return .setPassword(id, hash, mustChange: false)
        }
    }

    /// Waits as long as the throttle says before a password is looked at.
    /// - Returns: the network that the attempt counts for.
    /// - Throws: `loginThrottled`.
    private func passThrottle(_ address: String) async throws(SessionError) -> ClientNetwork {
        let network = ClientNetwork(address)
        switch throttle.attempt(from: network, at: waiting.milliseconds()) {
        case .refused(let milliseconds): throw .loginThrottled(retryAfterSeconds: Int(milliseconds + 999) / 1000)
        case .allowed(let delay): if delay > 0 { await waiting.pause(delay) }
        }
        return network
    }

    // MARK: - Registry

    /// - Throws: `administratorOnly`, the registry's refusal.
    public func change(_ change: RegistryChange, by principal: Principal) async throws(SessionError) {
        _ = try await self.change(by: principal) { _ in change }
    }

    /// Makes a change that goes by what there is: nothing that others change meanwhile is lost.
    /// - Returns: the registry with the change.
    /// - Throws: `administratorOnly`, the refusal of `decide`, the registry's.
    public func change(
        by principal: Principal, _ decide: @escaping @Sendable (Registry) throws(SessionError) -> RegistryChange
    ) async throws(SessionError) -> Registry {
        try await requireAdministrator(principal)
        return try await store.change(by: Actor(principal), at: now()) { (registry) throws(SessionError) in
            // Asked once more, where nothing comes between.
            if case .technician(let id) = principal, !(registry.access(of: id)?.isAdministrator ?? false) {
                throw .administratorOnly
            }
            return try decide(registry)
        }
    }

    /// The registry, for those who may change it.
    public func registry(for principal: Principal) async throws(SessionError) -> Registry {
        try await requireAdministrator(principal)
        return try await registry()
    }

    /// A new account.
    /// - Parameter password: nil draws one, which the technician has to change at the first login.
    /// - Returns: the password that was drawn.
    public func addTechnician(
        _ technician: Technician, password: String?, by principal: Principal
    ) async throws(SessionError) -> String? {
        try await requireAdministrator(principal)
        guard ![Actor.service.name, Actor.customer.name, APIKeyName.configured].contains(technician.id.text) else {
            throw .invalid(field: "id", "means somebody else in the audit log; choose another")
        }
        let drawn = password == nil ? drawPassword() : nil
        let hash = try await hash(password ?? drawn ?? "")
        let account = TechnicianAccount(technician: technician, password: hash, mustChangePassword: true)
        try await store.change(.addTechnician(account), by: Actor(principal), at: now())
        return drawn
    }

    /// Another password in place of a forgotten one. All logins of the account end.
    /// - Returns: the password, which the technician has to change at the next login.
    public func resetPassword(
        of id: TechnicianID, by principal: Principal
    ) async throws(SessionError) -> String {
        try await requireAdministrator(principal)
        let drawn = drawPassword()
        try await store.change(
            .setPassword(id, try await hash(drawn), mustChange: true), by: Actor(principal), at: now())
        return drawn
    }

    /// A new key of an automation. Its text is not to be had again.
    public func addKey(_ name: APIKeyName, by principal: Principal) async throws(SessionError) -> APIKeyText {
        try await requireAdministrator(principal)
        let secret = TokenSecret(using: &generator)
        try await store.change(
            .addKey(StoredAPIKey(name: name, secret: secret, createdAt: now())), by: Actor(principal), at: now())
        return APIKeyText(secret: secret)
    }

    /// What a first start makes.
    public struct FirstAdministrator: Sendable {
        public let email: EmailAddress
        /// To be changed at the first login.
        public let password: String
    }

    /// Makes a group with every permission and an administrator, where there is no account yet.
    /// - Returns: nil if there are accounts.
    public func prepare() async throws(SessionError) -> FirstAdministrator? {
        let registry = try await registry()
        guard registry.accounts.isEmpty, let group = GroupID("support"), let id = TechnicianID("admin"),
            let email = EmailAddress("admin@localhost", mayBeLocal: true)
        else { return nil }
        if registry.groups[group] == nil {
            let support = try Group(id: group, name: "Support", permissions: Set(Permission.allCases))
            try await store.change(.addGroup(support), by: .service, at: now())
        }
        let password = drawPassword()
        let administrator = try Technician(
            id: id, email: email, name: "Administrator", group: group, role: .administrator)
        let account = TechnicianAccount(
            technician: administrator, password: try await hash(password), mustChangePassword: true)
        try await store.change(.addTechnician(account), by: .service, at: now())
        return FirstAdministrator(email: email, password: password)
    }

    private func requireAdministrator(_ principal: Principal) async throws(SessionError) {
        switch principal {
        case .apiKey: break
        case .technician(let id): guard try await access(of: id).isAdministrator else { throw .administratorOnly }
        case .customer: throw .technicianOnly
        }
    }

    /// - Throws: `invalid` for a password that is too short or too long.
    private func hash(_ password: String) async throws(SessionError) -> PasswordHash {
        guard password.count >= settings.shortestPassword else {
            throw .invalid(field: "password", "must have at least \(settings.shortestPassword) characters")
        }
        guard password.utf8.count <= PasswordHash.passwordLimit else {
            throw .invalid(field: "password", "must have at most \(PasswordHash.passwordLimit) bytes")
        }
        guard let hash = try await passwords.hash(password, cost: settings.passwordCost) else {
            throw .store("no password hash could be made")
        }
        return hash
    }

    private func nobodysPassword() async throws(SessionError) -> PasswordHash {
        if let nobody { return nobody }
        let made = try await hash(drawPassword())
        nobody = made
        return made
    }

    /// 79 random bits in four groups that are easily typed: no letter that looks like a digit.
    private func drawPassword() -> String {
        let letters = Array("abcdefghjkmnpqrstuvwxyz23456789")
        return (0..<4).map { _ in
            String((0..<4).map { _ in letters[Int.random(in: 0..<letters.count, using: &generator)] })
        }.joined(separator: "-")
    }
}
