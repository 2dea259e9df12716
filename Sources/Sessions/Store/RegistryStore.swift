/// Where the registry and the logins are kept. Each operation is one transaction, with its entry in the audit log.
public protocol RegistryStore: Sendable {
    /// Grows with each change, whoever makes it.
    func registryVersion() async throws(SessionError) -> Int64

    /// The registry and its version.
    func registry() async throws(SessionError) -> (registry: Registry, version: Int64)

    /// Makes one change to the registry as it is now. Decides and writes in one transaction, so that nothing that others change meanwhile
    /// is lost.
    /// - Parameter decide: the change, from the registry as it is; called once, and may refuse.
    /// - Returns: the registry with the change.
    /// - Throws: the refusal.
    func change(
        by actor: Actor, at now: WallTime,
        _ decide: @escaping @Sendable (Registry) throws(SessionError) -> RegistryChange
    ) async throws(SessionError) -> Registry

    /// Keeps a login until it expires, and forgets those that have.
    func add(_ login: Login, from address: String, at now: WallTime) async throws(SessionError)

    func login(_ id: LoginID) async throws(SessionError) -> Login?

    /// Forgets a login; one that is not there is ignored.
    func remove(_ id: LoginID, at now: WallTime) async throws(SessionError)

    /// Notes an attempt that failed.
    func noteRefusedLogin(
        of technician: TechnicianID?, from address: String, at now: WallTime
    ) async throws(SessionError)
}

extension RegistryStore {
    /// Makes a change that goes by nothing that was read before.
    public func change(_ change: RegistryChange, by actor: Actor, at now: WallTime) async throws(SessionError) {
        _ = try await self.change(by: actor, at: now) { _ in change }
    }
}
