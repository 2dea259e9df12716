import Foundation
import SQLiteStore
import Sessions
import Testing

/// Logins and administration, against every store.
final class AccountServiceTests {
    enum Kind: CaseIterable { case memory, sqlite }

    private let directory = FileManager.default.temporaryDirectory.appending(path: "lens-accounts-\(UUID().uuidString)")
    private let key = AuditKey(Array(repeating: 3, count: AuditKey.length))
    private let address = "192.0.2.9"

    deinit { try? FileManager.default.removeItem(at: directory) }

    private func bench(_ kind: Kind) throws -> Bench {
        let key = try #require(key)
        switch kind {
        case .memory: return Bench(store: MemorySessionStore(auditKey: key))
        case .sqlite:
            try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
            return Bench(
                store: try SQLiteSessionStore(file: directory.appending(path: "lens.sqlite").path, auditKey: key))
        }
    }

    /// Logs the first administrator in, with a password of their own.
    private func administrator(_ bench: Bench) async throws -> Principal {
        let first = try #require(try await bench.accounts.prepare())
        let login = try await bench.accounts.login(email: first.email.text, password: first.password, address: address)
        #expect(login.mustChangePassword)
        let principal = try #require(
            try await bench.accounts.principal(presenting: login.token, withOneTimePassword: true))
        try await bench.accounts.changePassword(
            of: principal, from: first.password, to: "correct horse battery", address: address)
        let again = try await bench.accounts.login(
            email: "ADMIN@localhost", password: "correct horse battery", address: address)
        #expect(!again.mustChangePassword)
        return try #require(try await bench.accounts.principal(presenting: again.token))
    }

    @Test(arguments: Kind.allCases) func theFirstAdministratorHasAOneTimePassword(kind: Kind) async throws {
        let bench = try bench(kind)
        let first = try #require(try await bench.accounts.prepare())
        #expect(try await bench.accounts.prepare() == nil, "only while there is no account")
        let login = try await bench.accounts.login(email: first.email.text, password: first.password, address: address)
        await #expect(throws: SessionError.passwordChangeNeeded) {
            try await bench.accounts.principal(presenting: login.token)
        }
        let principal = try #require(
            try await bench.accounts.principal(presenting: login.token, withOneTimePassword: true))
        await #expect(throws: SessionError.loginRefused) {
            try await bench.accounts.changePassword(
                of: principal, from: "wrong", to: "correct horse battery", address: address)
        }
        for password in ["short", first.password, String(repeating: "x", count: 2000)] {
            await #expect(throws: SessionError.self) {
                try await bench.accounts.changePassword(
                    of: principal, from: first.password, to: password, address: address)
            }
        }
        try await bench.accounts.changePassword(
            of: principal, from: first.password, to: "correct horse battery", address: address)
        #expect(
            try await bench.accounts.principal(presenting: login.token, withOneTimePassword: true) == nil,
            "a new password ends every login")
    }

    @Test(arguments: Kind.allCases) func S35_aLoginLastsAsLongAsItSays(kind: Kind) async throws {
        let bench = try bench(kind)
        let principal = try await administrator(bench)
        let login = try await bench.accounts.login(
            email: "admin@localhost", password: "correct horse battery", address: address)
        #expect(try await bench.accounts.principal(presenting: login.token) == principal)
        let forged = LoginToken(login: login.token.login, secret: strangersSecret())
        #expect(try await bench.accounts.principal(presenting: forged) == nil)
        bench.clock.advance(seconds: 12 * 3600 - 1)
        #expect(try await bench.accounts.principal(presenting: login.token) == principal)
        bench.clock.advance(seconds: 1)
        #expect(try await bench.accounts.principal(presenting: login.token) == nil)
    }

    @Test(arguments: Kind.allCases) func aLogoutEndsThisLoginOnly(kind: Kind) async throws {
        let bench = try bench(kind)
        _ = try await administrator(bench)
        let accounts = bench.accounts
        let one = try await accounts.login(
            email: "admin@localhost", password: "correct horse battery", address: address)
        let other = try await accounts.login(
            email: "admin@localhost", password: "correct horse battery", address: address)
        try await accounts.logout(LoginToken(login: other.token.login, secret: one.token.secret))
        #expect(try await accounts.principal(presenting: other.token) != nil, "the secret is needed")
        try await accounts.logout(one.token)
        #expect(try await accounts.principal(presenting: one.token) == nil)
        #expect(try await accounts.principal(presenting: other.token) != nil)
    }

    @Test(arguments: Kind.allCases) func wrongPasswordsAreSlowedDownByNetwork(kind: Kind) async throws {
        let bench = try bench(kind)
        _ = try await administrator(bench)
        for email in ["admin@localhost", "nobody@example.org", "no address", "", "admin@localhost"] {
            await #expect(throws: SessionError.loginRefused) {
                try await bench.accounts.login(email: email, password: "guess", address: "198.51.100.1")
            }
        }
        await #expect(throws: SessionError.loginThrottled(retryAfterSeconds: 60)) {
            try await bench.accounts.login(
                email: "admin@localhost", password: "correct horse battery", address: "198.51.100.1")
        }
        _ = try await bench.accounts.login(
            email: "admin@localhost", password: "correct horse battery", address: "198.51.100.2")
        bench.clock.advance(seconds: 60)
        _ = try await bench.accounts.login(
            email: "admin@localhost", password: "correct horse battery", address: "198.51.100.1")
    }

    @Test(arguments: Kind.allCases) func onlyAdministratorsAdminister(kind: Kind) async throws {
        let bench = try bench(kind)
        let administrator = try await administrator(bench)
        let group = try Group(id: #require(GroupID("second")), name: "Second line", permissions: [.lens])
        try await bench.accounts.change(.addGroup(group), by: administrator)
        let tess = try Technician(
            id: #require(TechnicianID("tess")), email: #require(EmailAddress("tess@example.org")), name: "Tess",
            group: group.id)
        let password = try #require(try await bench.accounts.addTechnician(tess, password: nil, by: administrator))
        let login = try await bench.accounts.login(email: "tess@example.org", password: password, address: address)
        #expect(login.mustChangePassword)
        for principal in [Principal.technician(tess.id), .customer(try Samples.session().id)] {
            await #expect(throws: SessionError.self) {
                try await bench.accounts.change(.removeGroup(group.id), by: principal)
            }
            await #expect(throws: SessionError.self) { try await bench.accounts.registry(for: principal) }
            await #expect(throws: SessionError.self) {
                try await bench.accounts.resetPassword(of: tess.id, by: principal)
            }
            await #expect(throws: SessionError.self) {
                try await bench.accounts.addKey(#require(APIKeyName("mine")), by: principal)
            }
        }
        var disabled = tess
        disabled.isDisabled = true
        try await bench.accounts.change(.changeTechnician(disabled), by: administrator)
        #expect(try await bench.accounts.principal(presenting: login.token, withOneTimePassword: true) == nil)
        await #expect(throws: SessionError.loginRefused) {
            try await bench.accounts.login(email: "tess@example.org", password: password, address: address)
        }
        await #expect(throws: SessionError.loginEnded) { try await bench.accounts.access(of: tess.id) }
    }

    @Test(arguments: Kind.allCases) func aKeyIsKnownUntilItIsRemoved(kind: Kind) async throws {
        let bench = try bench(kind)
        let administrator = try await administrator(bench)
        let name = try #require(APIKeyName("crm"))
        let text = try await bench.accounts.addKey(name, by: administrator).text
        let key = try #require(APIKeyText(text))
        #expect(try await bench.accounts.principal(presenting: key) == .apiKey("crm"))
        let other = APIKeyText(secret: strangersSecret())
        #expect(try await bench.accounts.principal(presenting: other) == nil)
        try await bench.accounts.change(.removeKey(name), by: administrator)
        #expect(try await bench.accounts.principal(presenting: key) == nil)
    }

    @Test(arguments: Kind.allCases) func D18_everyStepIsInTheLogAndNoSecretIs(kind: Kind) async throws {
        let bench = try bench(kind)
        let administrator = try await administrator(bench)
        let text = try await bench.accounts.addKey(#require(APIKeyName("crm")), by: administrator).text
        _ = try? await bench.accounts.login(email: "admin@localhost", password: "my secret", address: address)
        let entries = try await bench.store.auditLog(from: 1, limit: 100)
        #expect(
            entries.map(\.record.step) == [
                .groupAdded, .technicianAdded, .loggedIn, .passwordSet, .loggedIn, .keyAdded, .loginRefused,
            ])
        #expect(entries.map(\.record.actor) == ["service", "service", "admin", "admin", "admin", "admin", "service"])
        let kept = entries.flatMap { $0.record.details.values }.joined(separator: " ")
        for secret in ["correct horse battery", "my secret", text, "scrypt"] { #expect(!kept.contains(secret)) }
        var verifier = AuditVerifier(key: try #require(key), heads: [try await bench.store.auditHead()])
        for entry in entries { try verifier.read(entry) }
        try verifier.finish()
    }

    @Test func whatOneConnectionChangesTheOtherSees() async throws {
        let one = try bench(.sqlite)
        let administrator = try await administrator(one)
        let other = try bench(.sqlite)
        #expect(try await other.accounts.registry().groups.count == 1)
        let group = try Group(id: #require(GroupID("second")), name: "Second line", permissions: [])
        try await one.accounts.change(.addGroup(group), by: administrator)
        #expect(try await other.accounts.registry().groups[group.id] == group)
    }

    /// One that nobody was given.
    private func strangersSecret() -> TokenSecret {
        var generator = SystemRandomNumberGenerator()
        return TokenSecret(using: &generator)
    }

    @Test(arguments: Kind.allCases) func changesAtTheSameTimeAreAllKept(kind: Kind) async throws {
        let bench = try bench(kind)
        let principal = try await administrator(bench)
        let id = try #require(TechnicianID("admin"))
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<20 {
                group.addTask {
                    _ = try await bench.accounts.change(by: principal) { (registry) throws(SessionError) in
                        guard let before = registry.accounts[id]?.technician else { throw .noSuchTechnician }
                        let changes = TechnicianChanges(name: before.name + "\(number % 10)")
                        return .changeTechnician(try changes.applied(to: before))
                    }
                }
            }
            try await group.waitForAll()
        }
        #expect(try await bench.accounts.registry().accounts[id]?.technician.name.count == "Administrator".count + 20)
    }

    @Test(arguments: Kind.allCases) func aPasswordThatWasResetMeanwhileIsNotOverwritten(kind: Kind) async throws {
        let bench = try bench(kind)
        let principal = try await administrator(bench)
        let (id, address) = (try #require(TechnicianID("admin")), address)
        // Both begin with the old password; whoever comes second is refused, or comes before the other.
        let old = "correct horse battery"
        async let own: Void = bench.accounts.changePassword(
            of: principal, from: old, to: "another good password", address: address)
        let drawn = try await bench.accounts.resetPassword(of: id, by: principal)
        let refusal: SessionError?
        do {
            try await own
            refusal = nil
        } catch let error as SessionError { refusal = error }
        #expect(refusal == nil || refusal == .loginRefused)
        _ = try await bench.accounts.login(email: "admin@localhost", password: drawn, address: address)
    }

    @Test(arguments: Kind.allCases) func D8_guessingTheOldPasswordIsSlowedDownToo(kind: Kind) async throws {
        let bench = try bench(kind)
        let principal = try await administrator(bench)
        for _ in 0..<5 {
            await #expect(throws: SessionError.loginRefused) {
                try await bench.accounts.changePassword(
                    of: principal, from: "wrong", to: "another good password", address: self.address)
            }
        }
        await #expect(throws: SessionError.loginThrottled(retryAfterSeconds: 60)) {
            try await bench.accounts.changePassword(
                of: principal, from: "correct horse battery", to: "another good password", address: self.address)
        }
    }
}
