import Sessions
import Testing

/// Who sees, starts, commands and hears what (S32 to S34, D20), through the service.
struct AccessTests {
    private let bench = Bench()

    private func group(_ id: String, _ permissions: Set<Permission> = Set(Permission.allCases)) async throws {
        let group = try Group(id: #require(GroupID(id)), name: id, permissions: permissions)
        try await bench.accounts.change(.addGroup(group), by: bench.key)
    }

    private func technician(
        _ id: String, of group: String, _ role: Technician.Role = .technician
    ) async throws -> Principal {
        let technician = try Technician(
            id: #require(TechnicianID(id)), email: #require(EmailAddress(id + "@example.org")), name: id,
            group: #require(GroupID(group)), role: role)
        _ = try await bench.accounts.addTechnician(technician, password: nil, by: bench.key)
        return .technician(technician.id)
    }

    private func create(
        by principal: Principal, _ visibility: SessionVisibility = .group, kind: SessionKind = .lens,
        method: ConnectionMethod = .pin
    ) async throws -> LensSession {
        let request = try NewSession(kind: kind, name: "Ada", method: method, visibility: visibility)
        return try await bench.service.create(request, by: principal)
    }

    private func makeWait(_ session: LensSession) async throws {
        let joined = try await bench.join(session)
        let customer = Principal.customer(session.id)
        _ = try await bench.service.answerDevices(DeviceConsent(camera: true, microphone: true), by: customer)
        _ = try await bench.service.answerEULA(version: joined.eula.version, accepted: true, by: customer)
    }

    private func refusal(_ body: () async throws -> some Any) async throws -> SessionError? {
        do {
            _ = try await body()
            return nil
        } catch let error as SessionError { return error }
    }

    @Test(arguments: [
        (Permission.lens, SessionKind.lens, SessionVisibility.group, ConnectionMethod.pin),
        (.screen, .screen, .group, .pin), (.privateSessions, .lens, .private, .pin), (.methodPIN, .lens, .group, .pin),
        (.methodLink, .lens, .group, .link), (.methodChat, .lens, .group, .chat), (.methodEmail, .lens, .group, .email),
    ])
    func S32_S33_S34_D7_aMissingPermissionIsNamed(
        _ missing: Permission, _ kind: SessionKind, _ visibility: SessionVisibility, _ method: ConnectionMethod
    ) async throws {
        try await group("few", Set(Permission.allCases).subtracting([missing]))
        let tess = try await technician("tess", of: "few")
        #expect(
            try await refusal { try await create(by: tess, visibility, kind: kind, method: method) }
                == .permissionMissing(missing))
        let ada = try await technician("ada", of: "few", .administrator)
        #expect(
            try await refusal { try await create(by: ada, visibility, kind: kind, method: method) }
                != .permissionMissing(missing), "an administrator needs none")
    }

    @Test func D20_aGroupSessionIsTheGroupsAndAPrivateOneItsCreators() async throws {
        for name in ["one", "other"] { try await group(name) }
        let creator = try await technician("creator", of: "one")
        let colleague = try await technician("colleague", of: "one")
        let supervisor = try await technician("supervisor", of: "one", .supervisor)
        let stranger = try await technician("stranger", of: "other", .supervisor)
        let administrator = try await technician("administrator", of: "other", .administrator)
        let shared = try await create(by: creator)
        let own = try await create(by: creator, .private)
        for session in [shared, own] { try await makeWait(session) }
        for (viewer, seen) in [
            (creator, [own, shared]), (colleague, [shared]), (supervisor, [own, shared]), (stranger, []),
            (administrator, [own, shared]), (bench.key, [own, shared]),
        ] {
            for statuses in [nil, Set([SessionStatus.waiting])] {
                let page = try await bench.service.list(SessionQuery(statuses: statuses, viewer: viewer))
                #expect(page.sessions.map(\.id) == seen.map(\.id), "\(viewer)")
            }
            for session in [shared, own] {
                let isSeen = seen.contains { $0.id == session.id }
                #expect(
                    try await refusal { try await bench.service.session(session.id, for: viewer) }
                        == (isSeen ? nil : .notYours))
                if !isSeen {
                    #expect(
                        try await refusal { try await bench.service.start(session.id, as: nil, by: viewer) }
                            == .notYours)
                    #expect(
                        try await refusal { try await bench.service.end(session.id, notes: nil, by: viewer) }
                            == .notYours)
                    #expect(try await refusal { try await bench.accept(session.id, .play, by: viewer) } == .notYours)
                }
            }
        }
    }

    @Test func S14_D20_invitesAndPINsAreTheirCreators() async throws {
        try await group("one")
        let creator = try await technician("creator", of: "one")
        let supervisor = try await technician("supervisor", of: "one", .supervisor)
        let session = try await create(by: creator)
        let invites = { (viewer: Principal) in
            try await bench.service.list(SessionQuery(statuses: [.connecting], viewer: viewer)).sessions.map(\.id)
        }
        #expect(try await invites(creator) == [session.id])
        #expect(try await invites(supervisor) == [])
        #expect(try await refusal { try await bench.service.replacePIN(of: session.id, by: supervisor) } == .notYours)
        #expect(try await bench.service.replacePIN(of: session.id, by: creator).pin != session.pin)
    }

    @Test func D10_aTechnicianStartsForThemselves() async throws {
        try await group("one")
        let tess = try await technician("tess", of: "one")
        let other = try #require(TechnicianID("other"))
        let sessions = [try await create(by: tess), try await create(by: tess)]
        for session in sessions { try await makeWait(session) }
        #expect(
            try await refusal { try await bench.service.start(sessions[0].id, as: other, by: tess) } == .notYours)
        #expect(
            try await bench.service.start(sessions[0].id, as: nil, by: tess).technician == TechnicianID("tess"))
        #expect(
            try await refusal { try await bench.service.start(sessions[1].id, as: nil, by: tess) } == .technicianBusy)
    }

    @Test func D14_whoStartedHearsAndNobodyElseOfTheGroup() async throws {
        try await group("one")
        let tess = try await technician("tess", of: "one")
        let colleague = try await technician("colleague", of: "one")
        let supervisor = try await technician("supervisor", of: "one", .supervisor)
        let session = try await create(by: tess)
        try await makeWait(session)
        for principal in [tess, colleague] { _ = try await bench.accept(session.id, .play, by: principal) }
        _ = try await bench.service.start(session.id, as: nil, by: tess)
        let removals = await bench.media.orders.filter { if case .remove = $0 { true } else { false } }
        #expect(removals == [.remove("r2")], "the colleague's ear is taken away before the gate opens")
        #expect(await bench.media.orders.last == .openGate)
        for principal in [colleague, supervisor] {
            #expect(try await refusal { try await bench.accept(session.id, .play, by: principal) } == .notYours)
            #expect(try await refusal { try await bench.accept(session.id, .publish, by: principal) } == .notYours)
        }
        _ = try await bench.accept(session.id, .play, by: tess)
        #expect(try await refusal { try await bench.service.hold(session.id, by: colleague) } == .notYours)
        #expect(try await refusal { try await bench.service.end(session.id, notes: nil, by: colleague) } == .notYours)
        #expect(try await bench.service.end(session.id, notes: nil, by: supervisor).hasEnded)
    }

    @Test func whomAnAutomationNamesHasTheSession() async throws {
        try await group("one")
        let tess = try await technician("tess", of: "one")
        let colleague = try await technician("colleague", of: "one")
        let session = try await bench.waiting()
        #expect(try await refusal { try await bench.service.session(session.id, for: tess) } == .notYours)
        _ = try await bench.service.start(session.id, as: TechnicianID("tess"), by: bench.key)
        _ = try await bench.accept(session.id, .play, by: tess)
        for statuses in [nil, Set([SessionStatus.active])] {
            let list = try await bench.service.list(SessionQuery(statuses: statuses, viewer: tess)).sessions
            #expect(list.map(\.id) == [session.id])
        }
        #expect(try await refusal { try await bench.service.session(session.id, for: colleague) } == .notYours)
        #expect(try await bench.service.end(session.id, notes: nil, by: tess).hasEnded)
    }

    @Test func S32_startNeedsThePermissionToo() async throws {
        try await group("few", Set(Permission.allCases).subtracting([.lens]))
        let tess = try await technician("tess", of: "few")
        let request = try NewSession(kind: .screen, name: "Ada", method: .pin, visibility: .group)
        let screen = try await bench.service.create(request, by: tess)
        try await makeWait(screen)
        #expect(try await bench.service.start(screen.id, as: nil, by: tess).status == .active)
        try await group("all")
        let ada = try await technician("ada", of: "all")
        let lens = try await create(by: ada)
        try await makeWait(lens)
        var account = try #require(try await bench.accounts.registry().groups.values.first { $0.id.text == "all" })
        account.permissions.remove(.lens)
        try await bench.accounts.change(.changeGroup(account), by: bench.key)
        #expect(
            try await refusal { try await bench.service.start(lens.id, as: nil, by: ada) } == .permissionMissing(.lens))
    }

    @Test func D14_ifOthersMediaCannotBeTakenAwayTheGateStaysClosed() async throws {
        try await group("one")
        let tess = try await technician("tess", of: "one")
        let colleague = try await technician("colleague", of: "one")
        let session = try await create(by: tess)
        try await makeWait(session)
        _ = try await bench.accept(session.id, .publish, by: .customer(session.id))
        _ = try await bench.accept(session.id, .play, by: colleague)
        await bench.media.refuseNext(.overloaded(retryAfterSeconds: 1))
        #expect(
            try await refusal { try await bench.service.start(session.id, as: nil, by: tess) }
                == .media(.overloaded(retryAfterSeconds: 1)))
        #expect(await !bench.media.isOpen(session.id))
        #expect(try await bench.service.session(session.id, for: tess).status == .onHold)
        #expect(try await bench.service.resume(session.id, by: tess).status == .active)
        #expect(await bench.media.isOpen(session.id))
        let removals = await bench.media.orders.filter { if case .remove = $0 { true } else { false } }
        #expect(removals == [.remove("r2")])
    }

    @Test func D12_holdNeedsItsPermission() async throws {
        try await group("few", Set(Permission.allCases).subtracting([.hold]))
        let tess = try await technician("tess", of: "few")
        let session = try await create(by: tess)
        try await makeWait(session)
        _ = try await bench.service.start(session.id, as: nil, by: tess)
        #expect(
            try await refusal { try await bench.service.hold(session.id, by: tess) } == .permissionMissing(.hold))
    }

    @Test func aDisabledTechnicianDoesNothing() async throws {
        try await group("one")
        let tess = try await technician("tess", of: "one")
        let session = try await create(by: tess)
        let id = try #require(TechnicianID("tess"))
        var account = try #require(try await bench.accounts.registry().accounts[id])
        account.technician.isDisabled = true
        try await bench.accounts.change(.changeTechnician(account.technician), by: bench.key)
        #expect(try await refusal { try await create(by: tess) } == .loginEnded)
        #expect(try await refusal { try await bench.service.session(session.id, for: tess) } == .loginEnded)
        #expect(try await refusal { try await bench.service.list(SessionQuery(viewer: tess)) } == .loginEnded)
    }
}
