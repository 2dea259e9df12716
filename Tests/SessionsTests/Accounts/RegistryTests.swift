import Sessions
import TestSupport
import Testing

/// The registry's own rules, without a store.
struct RegistryTests {
    private let support = GroupID("support")
    private let password: PasswordHash?

    init() {
        var generator = SeededGenerator(seed: 3)
        password = PasswordHash("a long password", cost: .init(logN: 1, r: 1, p: 1), using: &generator)
    }

    private func technician(
        _ id: String, email: String? = nil, role: Technician.Role = .technician, group: String = "support"
    ) throws -> TechnicianAccount {
        TechnicianAccount(
            technician: try Technician(
                id: #require(TechnicianID(id)), email: #require(EmailAddress(email ?? "\(id)@example.org")), name: id,
                group: #require(GroupID(group)), role: role),
            password: try #require(password), mustChangePassword: false)
    }

    private func group(_ id: String, _ name: String? = nil) throws -> Group {
        try Group(id: #require(GroupID(id)), name: name ?? id, permissions: [.lens])
    }

    /// One group, one administrator.
    private func registry() throws -> Registry {
        var registry = Registry()
        _ = try registry.apply(.addGroup(group("support")))
        _ = try registry.apply(.addTechnician(technician("ada", role: .administrator)))
        return registry
    }

    private func expectRefusal(
        _ change: RegistryChange, _ error: SessionError, of registry: Registry,
        _ location: SourceLocation = #_sourceLocation
    ) {
        var after = registry
        #expect(throws: error, sourceLocation: location) { try after.apply(change) }
        #expect(after == registry, "a refusal changes nothing", sourceLocation: location)
    }

    @Test func namesAreGivenOnce() throws {
        var registry = try registry()
        try expectRefusal(.addGroup(group("support", "other")), .nameTaken(field: "id"), of: registry)
        try expectRefusal(.addGroup(group("other", "support")), .nameTaken(field: "name"), of: registry)
        try expectRefusal(.addTechnician(technician("ada")), .nameTaken(field: "id"), of: registry)
        try expectRefusal(
            .addTechnician(technician("bob", email: "ADA@Example.org")), .nameTaken(field: "email"), of: registry)
        var generator = SeededGenerator(seed: 1)
        let key = StoredAPIKey(
            name: try #require(APIKeyName("crm")), secret: TokenSecret(using: &generator), createdAt: Samples.start)
        _ = try registry.apply(.addKey(key))
        expectRefusal(.addKey(key), .nameTaken(field: "name"), of: registry)
    }

    @Test func whatIsNotThereIsNamed() throws {
        let registry = try registry()
        let password = try #require(password)
        let nobody = try #require(TechnicianID("nobody"))
        try expectRefusal(.changeGroup(group("other")), .noSuchGroup, of: registry)
        try expectRefusal(.removeGroup(#require(GroupID("other"))), .noSuchGroup, of: registry)
        try expectRefusal(.addTechnician(technician("bob", group: "other")), .noSuchGroup, of: registry)
        try expectRefusal(.changeTechnician(technician("nobody").technician), .noSuchTechnician, of: registry)
        expectRefusal(.setPassword(nobody, password, mustChange: true), .noSuchTechnician, of: registry)
        try expectRefusal(.removeKey(#require(APIKeyName("crm"))), .noSuchKey, of: registry)
    }

    @Test func aGroupWithTechniciansStays() throws {
        var registry = try registry()
        let support = try #require(support)
        expectRefusal(.removeGroup(support), .groupInUse, of: registry)
        _ = try registry.apply(.addGroup(group("other")))
        let other = try #require(GroupID("other"))
        #expect(try registry.apply(.removeGroup(other)) == .removed(.group(other)))
    }

    @Test func someoneCanAlwaysAdminister() throws {
        var registry = try registry()
        var ada = try technician("ada", role: .administrator).technician
        ada.isDisabled = true
        expectRefusal(.changeTechnician(ada), .lastAdministrator, of: registry)
        ada.isDisabled = false
        ada.role = .supervisor
        expectRefusal(.changeTechnician(ada), .lastAdministrator, of: registry)
        _ = try registry.apply(.addTechnician(technician("bob", role: .administrator)))
        _ = try registry.apply(.changeTechnician(ada))
        #expect(registry.access(of: ada.id)?.isAdministrator == false)
    }

    @Test func disablingAndNewPasswordsEndLogins() throws {
        var registry = try registry()
        _ = try registry.apply(.addTechnician(technician("bob")))
        var bob = try technician("bob").technician
        #expect(registry.accounts[bob.id]?.epoch == 1)
        bob.name = "Robert"
        _ = try registry.apply(.changeTechnician(bob))
        #expect(registry.accounts[bob.id]?.epoch == 1, "another name is no reason")
        bob.isDisabled = true
        _ = try registry.apply(.changeTechnician(bob))
        #expect(registry.accounts[bob.id]?.epoch == 2)
        #expect(registry.access(of: bob.id) == nil)
        _ = try registry.apply(.setPassword(bob.id, #require(password), mustChange: true))
        #expect(registry.accounts[bob.id]?.epoch == 3)
        #expect(registry.accounts[bob.id]?.mustChangePassword == true)
    }

    @Test func anAdministratorNeedsNoPermissionOfTheGroup() throws {
        var registry = try registry()
        _ = try registry.apply(.addTechnician(technician("bob")))
        let (ada, bob) = try (#require(TechnicianID("ada")), #require(TechnicianID("bob")))
        #expect(registry.access(of: ada)?.permissions == Set(Permission.allCases))
        #expect(registry.access(of: bob)?.permissions == [.lens])
    }

    @Test func itIsTheSameFromItsEntries() throws {
        var entries: [String: RegistryEntry] = [:]
        var registry = Registry()
        var generator = SeededGenerator(seed: 2)
        let key = StoredAPIKey(
            name: try #require(APIKeyName("crm")), secret: TokenSecret(using: &generator), createdAt: Samples.start)
        for change: RegistryChange in [
            .addGroup(try group("support")), .addGroup(try group("other")), .addKey(key),
            .addTechnician(try technician("ada", role: .administrator)), .addTechnician(try technician("bob")),
            .removeGroup(try #require(GroupID("other"))), .changeGroup(try group("support", "Help desk")),
        ] {
            switch try registry.apply(change) {
            case .written(let entry): entries[entry.place.text] = entry
            case .removed(let place): entries[place.text] = nil
            }
        }
        #expect(Registry(entries.values) == registry)
    }
}
