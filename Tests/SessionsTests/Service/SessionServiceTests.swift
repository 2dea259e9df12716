import Sessions
import Testing

struct SessionServiceTests {
    @Test func D4_theTokensHolderComesBackAndNobodyElse() async throws {
        let bench = Bench()
        let session = try await bench.create()
        let joined = try await bench.join(session)
        let pin = session.pin.digits
        let back = try await bench.service.join(pin: pin, returning: joined.token, client: Samples.client)
        #expect(back.session.id == session.id)
        #expect(back.token.text == joined.token.text)
        let reloaded = try await bench.service.join(pin: nil, returning: joined.token, client: Samples.client)
        #expect(reloaded.session.id == session.id)
        await #expect(throws: SessionError.pin(.alreadyUsed)) {
            try await bench.service.join(pin: pin, returning: nil, client: Samples.client)
        }
        let other = try await bench.join(bench.create("Bob"))
        await #expect(throws: SessionError.pin(.alreadyUsed)) {
            try await bench.service.join(pin: pin, returning: other.token, client: Samples.client)
        }
        #expect(try await bench.service.principal(presenting: joined.token) == .customer(session.id))
        let forged = CustomerToken(session: session.id, secret: other.token.secret)
        #expect(try await bench.service.principal(presenting: forged) == nil)
    }

    @Test func D4_aTokenOpensAnotherSessionByItsPINAndEndsWithItsOwn() async throws {
        let bench = Bench()
        let first = try await bench.join(bench.create())
        let second = try await bench.create("Bob")
        let joined = try await bench.service.join(
            pin: second.pin.digits, returning: first.token, client: Samples.client)
        #expect(joined.session.id == second.id)
        _ = try await bench.service.leave(by: .customer(second.id))
        await #expect(throws: SessionError.pin(.missing)) {
            try await bench.service.join(pin: nil, returning: joined.token, client: Samples.client)
        }
    }

    @Test func D7_missingAndMalformedPINsAreNamed() async throws {
        let bench = Bench()
        for pin in [nil, "", "   "] {
            await #expect(throws: SessionError.pin(.missing)) {
                try await bench.service.join(pin: pin, returning: nil, client: Samples.client)
            }
        }
        for pin in ["12345", "abcdef", "1234567"] {
            await #expect(throws: SessionError.pin(.invalid)) {
                try await bench.service.join(pin: pin, returning: nil, client: Samples.client)
            }
        }
    }

    @Test func D2_thePINLivesAsLongAsTheSettingSays() async throws {
        let settings = try #require(SessionSettings(pinLifetimeMinutes: 1))
        let bench = Bench(settings: settings)
        let session = try await bench.create()
        bench.clock.advance(seconds: 60)
        await #expect(throws: SessionError.pin(.expired)) { try await bench.join(session) }
        let renewed = try await bench.service.replacePIN(of: session.id, by: bench.key)
        bench.clock.advance(seconds: 59)
        _ = try await bench.join(renewed)
    }

    @Test func S11_anotherPINRevokesTheFirst() async throws {
        let bench = Bench()
        let session = try await bench.create()
        let renewed = try await bench.service.replacePIN(of: session.id, by: bench.key)
        #expect(renewed.pin != session.pin)
        await #expect(throws: SessionError.pin(.expired)) { try await bench.join(session) }
        _ = try await bench.join(renewed)
        await #expect(throws: SessionError.pinClaimed) {
            try await bench.service.replacePIN(of: session.id, by: bench.key)
        }
    }

    @Test func S21_theGateOpensOnStartAndClosesOnHoldAndEnd() async throws {
        let bench = Bench()
        let id = try await bench.waiting().id
        _ = try await bench.accept(id, .publish, by: .customer(id))
        #expect(await !bench.media.isOpen(id))
        _ = try await bench.service.start(id, as: nil, by: bench.key)
        #expect(await bench.media.isOpen(id))
        _ = try await bench.service.hold(id, by: bench.key)
        #expect(await !bench.media.isOpen(id))
        _ = try await bench.service.resume(id, by: bench.key)
        #expect(await bench.media.isOpen(id))
        _ = try await bench.service.end(id, notes: nil, by: bench.key)
        #expect(await bench.media.states[id] == nil)
        #expect(
            await bench.media.orders == [
                .accept(.customer, .publish), .openGate, .closeGate, .openGate, .closeGate, .end,
            ])
    }

    @Test func mediaThatComesAfterStartFindsTheGateOpen() async throws {
        let bench = Bench()
        let id = try await bench.waiting().id
        #expect(try await bench.service.start(id, as: nil, by: bench.key).status == .active)
        _ = try await bench.accept(id, .publish, by: .customer(id))
        #expect(await bench.media.isOpen(id))
    }

    @Test func D12_mediaThatComesDuringHoldFindsTheGateClosed() async throws {
        let bench = Bench()
        let id = try await bench.waiting().id
        _ = try await bench.service.start(id, as: nil, by: bench.key)
        _ = try await bench.service.hold(id, by: bench.key)
        _ = try await bench.accept(id, .publish, by: .customer(id))
        #expect(await !bench.media.isOpen(id))
    }

    @Test func aStartThatTheMediaSideRefusesLeavesTheSessionOnHoldAndResumable() async throws {
        let bench = Bench()
        let id = try await bench.waiting().id
        _ = try await bench.accept(id, .publish, by: .customer(id))
        await bench.media.refuseNext(.overloaded(retryAfterSeconds: 3))
        await #expect(throws: SessionError.media(.overloaded(retryAfterSeconds: 3))) {
            try await bench.service.start(id, as: nil, by: bench.key)
        }
        #expect(try await bench.service.session(id, for: bench.key).status == .onHold)
        #expect(await !bench.media.isOpen(id))
        #expect(try await bench.service.resume(id, by: bench.key).status == .active)
        #expect(await bench.media.isOpen(id))
    }

    @Test func D12_aHoldThatTheMediaSideRefusesTakesTheMediaDown() async throws {
        let bench = Bench()
        let id = try await bench.waiting().id
        _ = try await bench.accept(id, .publish, by: .customer(id))
        _ = try await bench.service.start(id, as: nil, by: bench.key)
        await bench.media.refuseNext(.failed("mailbox full"))
        #expect(try await bench.service.hold(id, by: bench.key).status == .onHold)
        #expect(await bench.media.states[id] == nil)
    }

    @Test func theFiguresOutliveTheMedia() async throws {
        let bench = Bench()
        let id = try await bench.waiting().id
        _ = try await bench.accept(id, .publish, by: .customer(id))
        await bench.media.count(id, packets: 7)
        let live = try await bench.service.session(id, for: bench.key)
        #expect(await bench.service.figures(of: live).packetsForwarded == 7)
        _ = try await bench.service.end(id, notes: nil, by: bench.key)
        let ended = try await bench.service.session(id, for: bench.key)
        #expect(ended.finalFigures?.packetsForwarded == 7)
        #expect(await bench.service.figures(of: ended).packetsForwarded == 7)
    }

    @Test func aSecondOfferOfASideReplacesTheFirstWhoseResourceIsGone() async throws {
        let bench = Bench()
        let id = try await bench.waiting().id
        let customer = Principal.customer(id)
        let first = try await bench.accept(id, .publish, by: customer)
        let second = try await bench.accept(id, .publish, by: customer)
        await #expect(throws: SessionError.noSuchResource) {
            try await bench.service.remove(resource: first.resource, flow: .publish, session: id, by: customer)
        }
        await #expect(throws: SessionError.noSuchResource) {
            try await bench.service.remove(resource: second.resource, flow: .play, session: id, by: customer)
        }
        try await bench.service.remove(resource: second.resource, flow: .publish, session: id, by: customer)
        await #expect(throws: SessionError.noSuchResource) {
            try await bench.service.remove(resource: second.resource, flow: .publish, session: id, by: customer)
        }
    }

    @Test func aCustomerStopsOnlyTheirOwnMedia() async throws {
        let bench = Bench()
        let id = try await bench.waiting().id
        let voice = try await bench.accept(id, .publish, by: bench.key)
        await #expect(throws: SessionError.notYours) {
            try await bench.service.remove(
                resource: voice.resource, flow: .publish, session: id, by: .customer(id))
        }
        try await bench.service.remove(resource: voice.resource, flow: .publish, session: id, by: bench.key)
    }

    @Test func customersCannotDoWhatTechniciansDo() async throws {
        let bench = Bench()
        let id = try await bench.waiting().id
        let customer = Principal.customer(id)
        let service = bench.service
        await #expect(throws: SessionError.technicianOnly) { try await service.start(id, as: nil, by: customer) }
        await #expect(throws: SessionError.technicianOnly) { try await service.end(id, notes: nil, by: customer) }
        await #expect(throws: SessionError.technicianOnly) { try await service.hold(id, by: customer) }
        await #expect(throws: SessionError.technicianOnly) { try await service.replacePIN(of: id, by: customer) }
        await #expect(throws: SessionError.technicianOnly) { try await service.list(SessionQuery(viewer: customer)) }
        await #expect(throws: SessionError.technicianOnly) { try await service.create(Samples.request(), by: customer) }
        await #expect(throws: SessionError.customerOnly) { try await service.leave(by: bench.key) }
        let other = try await bench.create("Bob")
        await #expect(throws: SessionError.notYours) { try await service.session(other.id, for: customer) }
        await #expect(throws: SessionError.notYours) { try await bench.accept(other.id, .publish, by: customer) }
    }

    @Test func theMediaSideNeverGetsTwoOrdersForOneSessionAtOnce() async throws {
        let bench = Bench()
        let id = try await bench.waiting().id
        _ = try await bench.service.start(id, as: nil, by: bench.key)
        await withTaskGroup(of: Void.self) { group in
            for number in 0..<200 {
                group.addTask {
                    // Refusals are part of the game here; what counts is the order that the media side sees.
                    switch number % 4 {
                    case 0: _ = try? await bench.service.hold(id, by: bench.key)
                    case 1: _ = try? await bench.service.resume(id, by: bench.key)
                    case 2: _ = try? await bench.accept(id, .publish, by: .customer(id))
                    default: _ = try? await bench.accept(id, .play, by: bench.key)
                    }
                }
            }
        }
        #expect(await bench.media.mostAtOnce == 1)
        let session = try await bench.service.session(id, for: bench.key)
        #expect(await bench.media.isOpen(id) == session.gateIsOpen)
    }

    @Test func aFullMediaSideTakesNoNewSessionsButKeepsThoseThatItHas() async throws {
        let bench = Bench()
        let full = SessionError.media(.overloaded(retryAfterSeconds: 7))
        let placed = try await bench.waiting()
        let customer = Principal.customer(placed.id)
        _ = try await bench.accept(placed.id, .publish, by: customer)
        let unplaced = try await bench.waiting()
        let invited = try await bench.create("invited")
        let returning = try await bench.create("returning")
        let token = try await bench.join(returning).token

        await bench.media.setFull(true)
        await #expect(throws: full) { try await bench.create("one more") }
        await #expect(throws: full) { try await bench.join(invited) }
        await #expect(throws: full) { try await bench.accept(unplaced.id, .play, by: bench.key) }
        // What is wrong with the request itself comes first.
        await #expect(throws: SessionError.pin(.missing)) {
            try await bench.service.join(pin: nil, returning: nil, client: Samples.client)
        }
        let back = try await bench.service.join(pin: nil, returning: token, client: Samples.client)
        #expect(back.session.id == returning.id)
        _ = try await bench.accept(placed.id, .publish, by: customer)
        _ = try await bench.accept(placed.id, .play, by: bench.key)
        #expect(try await bench.service.start(placed.id, as: nil, by: bench.key).status == .active)

        await bench.media.setFull(false)
        #expect(try await bench.join(invited).session.id == invited.id)
        _ = try await bench.accept(unplaced.id, .play, by: bench.key)
        _ = try await bench.create("one more")
    }

    @Test func aServiceWithoutAFreePINSaysSo() async throws {
        let bench = Bench(store: MemorySessionStore(limit: 1))
        _ = try await bench.create()
        await #expect(throws: SessionError.full) { try await bench.create() }
    }

    @Test func notesAndUserAgentsHaveLimits() async throws {
        let bench = Bench()
        let session = try await bench.create()
        let long = String(repeating: "n", count: SessionService.notesLimit + 1)
        await #expect(throws: SessionError.self) { try await bench.service.end(session.id, notes: long, by: bench.key) }
        let client = SessionService.Client(address: "", userAgent: String(repeating: "a\r\n", count: 1000))
        #expect(client.userAgent.count <= 256)
        #expect(client.userAgent.allSatisfy { $0 == "a" })
    }

    @Test func D19_changesAtTheSameTimeAreAllKept() async throws {
        for seed in UInt64(1)...20 {
            let bench = Bench(seed: seed)
            let session = try await bench.waiting()
            let customer = Principal.customer(session.id)
            async let paused = bench.service.changeMedia(camera: .paused, microphone: nil, by: customer)
            async let muted = bench.service.changeMedia(camera: nil, microphone: .muted, by: customer)
            _ = try await (paused, muted)
            let media = try await bench.service.session(session.id, for: bench.key).customerMedia
            #expect(media == CustomerMedia(camera: .paused, microphone: .muted))
        }
    }

    @Test func D4_aCustomersTokenLivesAsLongAsTheSession() async throws {
        let bench = Bench()
        let session = try await bench.waiting()
        let customer = Principal.customer(session.id)
        _ = try await bench.service.say("hello", in: session.id, by: customer)
        _ = try await bench.service.end(session.id, notes: nil, by: bench.key)
        await #expect(throws: SessionError.ended) { try await bench.service.session(session.id, for: customer) }
        await #expect(throws: SessionError.ended) {
            try await bench.service.conversation(of: session.id, for: customer)
        }
        await #expect(throws: SessionError.ended) { try await bench.service.photos(of: session.id, for: customer) }
        #expect(try await bench.service.conversation(of: session.id, for: bench.key).count == 1)
    }
}
