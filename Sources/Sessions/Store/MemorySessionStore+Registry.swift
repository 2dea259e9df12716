extension MemorySessionStore: RegistryStore {
    public func registryVersion() throws(SessionError) -> Int64 { version }

    public func registry() throws(SessionError) -> (registry: Registry, version: Int64) { (registryNow, version) }

    public func change(
        by actor: Actor, at now: WallTime, _ decide: @Sendable (Registry) throws(SessionError) -> RegistryChange
    ) throws(SessionError) -> Registry {
        let change = try decide(registryNow)
        _ = try registryNow.apply(change)
        version += 1
        note(.changed(change, by: actor, at: now))
        return registryNow
    }

    public func add(_ login: Login, from address: String, at now: WallTime) throws(SessionError) {
        logins = logins.filter { now < $0.value.expiresAt }
        logins[login.id] = login
        note(.loggedIn(login.technician, from: address, at: now))
    }

    public func login(_ id: LoginID) throws(SessionError) -> Login? { logins[id] }

    public func remove(_ id: LoginID, at now: WallTime) throws(SessionError) {
        guard let login = logins.removeValue(forKey: id) else { return }
        note(.loggedOut(login.technician, at: now))
    }

    public func noteRefusedLogin(
        of technician: TechnicianID?, from address: String, at now: WallTime
    ) throws(SessionError) {
        note(.loginRefused(technician, from: address, at: now))
    }
}
