import Sessions
import Testing

struct LensSessionTests {
    @Test func S52_theSessionIsListedOnlyOnceAllGatesAreOpenInAnyOrder() throws {
        let devices = SessionEvent.devicesAnswered(DeviceConsent(camera: true, microphone: true))
        let eula = SessionEvent.eulaAnswered(version: "1", accepted: true, currentVersion: "1")
        for order in [[devices, eula], [eula, devices]] {
            var session = try Samples.session()
            #expect(!session.isListed)
            _ = try session.handle(.pinClaimed(session.pin, Samples.claim()), at: Samples.start)
            #expect(!session.isListed)
            _ = try session.handle(order[0], at: Samples.start)
            #expect(!session.isListed)
            _ = try session.handle(order[1], at: Samples.start.advanced(bySeconds: 5))
            #expect(session.isListed)
            #expect(session.status == .waiting)
            #expect(session.waitingSince == Samples.start.advanced(bySeconds: 5))
        }
    }

    @Test func S14_progressOnlyGrows() throws {
        var session = try Samples.session()
        var seen = [session.progress]
        let events: [SessionEvent] = [
            .pinClaimed(session.pin, Samples.claim()), .customerAdvanced(.opened), .customerAdvanced(.introduced),
            .customerAdvanced(.opened), .devicesAnswered(DeviceConsent(camera: true, microphone: false)),
            .eulaAnswered(version: "1", accepted: true, currentVersion: "1"), .started(by: nil),
        ]
        for event in events {
            _ = try session.handle(event, at: Samples.start)
            seen.append(session.progress)
        }
        #expect(seen == [.invited, .claimed, .opened, .introduced, .introduced, .devices, .waiting, .started])
    }

    @Test func D2_aPINLivesUpToItsLastMillisecondAndNotLonger() throws {
        let session = try Samples.session()
        let last = WallTime(milliseconds: session.pinExpiresAt.milliseconds - 1)
        var early = session
        _ = try early.handle(.pinClaimed(session.pin, Samples.claim()), at: last)
        #expect(early.claimedAt == last)
        #expect(session.livePIN(at: last) == session.pin)
        #expect(session.livePIN(at: session.pinExpiresAt) == nil)
        var late = session
        #expect(throws: SessionError.pin(.expired)) {
            try late.handle(.pinClaimed(session.pin, Samples.claim()), at: session.pinExpiresAt)
        }
    }

    @Test func D2_theClockStopsWhenThePINIsClaimed() throws {
        var session = try Samples.session()
        _ = try session.handle(.pinClaimed(session.pin, Samples.claim()), at: Samples.start)
        let later = session.pinExpiresAt.advanced(byMinutes: 60)
        _ = try session.handle(.devicesAnswered(DeviceConsent(camera: false, microphone: true)), at: later)
        _ = try session.handle(.eulaAnswered(version: "1", accepted: true, currentVersion: "1"), at: later)
        #expect(session.status == .waiting)
    }

    @Test func D5_aReplacedPINIsRefusedAndTheNewOneClaims() throws {
        var session = try Samples.session(pin: "111111")
        let new = try Samples.pin("222222")
        _ = try session.handle(.pinReplaced(new, expiresAt: Samples.start.advanced(byMinutes: 20)), at: Samples.start)
        #expect(throws: SessionError.pin(.expired)) {
            try session.handle(.pinClaimed(Samples.pin("111111"), Samples.claim()), at: Samples.start)
        }
        _ = try session.handle(.pinClaimed(new, Samples.claim()), at: Samples.start)
        #expect(session.gates.pinClaimed)
    }

    @Test func D6_endRevokesAnUnclaimedPIN() throws {
        var session = try Samples.session()
        _ = try session.handle(.endedByTechnician(notes: "wrong number"), at: Samples.start)
        #expect(session.livePIN(at: Samples.start) == nil)
        #expect(session.notes == "wrong number")
        #expect(throws: SessionError.pin(.expired)) {
            try session.handle(.pinClaimed(session.pin, Samples.claim()), at: Samples.start)
        }
    }

    @Test func D15_withOneOfTheTwoDevicesTheCustomerGoesOnAndTheRowShowsWhich() throws {
        for consent in [DeviceConsent(camera: true, microphone: false), DeviceConsent(camera: false, microphone: true)]
        {
            var session = try Samples.session()
            _ = try session.handle(.pinClaimed(session.pin, Samples.claim()), at: Samples.start)
            _ = try session.handle(.devicesAnswered(consent), at: Samples.start)
            _ = try session.handle(.eulaAnswered(version: "1", accepted: true, currentVersion: "1"), at: Samples.start)
            #expect(session.status == .waiting)
            #expect(session.devices == consent)
        }
    }

    @Test func D15_refusingBothAndGivingUpIsDeclinedAndNeverListed() throws {
        var session = try Samples.session()
        _ = try session.handle(.pinClaimed(session.pin, Samples.claim()), at: Samples.start)
        _ = try session.handle(.eulaAnswered(version: "1", accepted: true, currentVersion: "1"), at: Samples.start)
        let none = SessionEvent.devicesAnswered(DeviceConsent(camera: false, microphone: false))
        #expect(try session.handle(none, at: Samples.start) == [])
        #expect(session.status == .connecting, "the customer may still change their mind")
        #expect(try session.handle(.customerLeft, at: Samples.start) == [.endMedia])
        #expect(session.endReason == .declined)
        #expect(!session.isListed)
    }

    @Test func D15_refusingTheLicenceIsDeclinedAndNeverListed() throws {
        var session = try TransitionTableTests.session(in: .devicesGranted)
        _ = try session.handle(.eulaAnswered(version: "1", accepted: false, currentVersion: "1"), at: Samples.start)
        #expect(session.status == .declined)
        #expect(!session.isListed)
        #expect(session.eula == nil)
    }

    @Test func D14_mediaOfTheCustomerNeedsTheLicenceAndOfTheTechnicianNeedsWaiting() throws {
        func outcome(_ state: TransitionTableTests.State, _ side: MediaSide) throws -> SessionError? {
            let session = try TransitionTableTests.session(in: state)
            do throws(SessionError) {
                try session.permitMedia(of: side)
                return nil
            } catch {
                return error
            }
        }
        for state in TransitionTableTests.State.allCases {
            let customer: SessionError? =
                switch state {
                case .invited, .claimed, .devicesRefused, .devicesGranted: .eulaNeeded
                case .eulaAccepted, .waiting, .active, .onHold, .reconnecting, .offline: nil
                case .closed, .timedOut, .declined, .aborted: .ended
                }
            let technician: SessionError? =
                switch state {
                case .invited, .claimed, .devicesRefused, .devicesGranted, .eulaAccepted: .mediaTooEarly
                case .waiting, .active, .onHold, .reconnecting, .offline: nil
                case .closed, .timedOut, .declined, .aborted: .ended
                }
            #expect(try outcome(state, .customer) == customer, "\(state)")
            #expect(try outcome(state, .technician) == technician, "\(state)")
        }
    }

    @Test func D13_theGateStaysAsItWasWhileTheConnectionIsLost() throws {
        for (state, isOpen) in [
            (TransitionTableTests.State.waiting, false), (.active, true), (.reconnecting, true), (.offline, true),
            (.onHold, false), (.closed, false),
        ] {
            #expect(try TransitionTableTests.session(in: state).gateIsOpen == isOpen, "\(state)")
        }
    }

    @Test func D12_holdFreesTheTechniciansPlaceAndResumingTakesIt() throws {
        var session = try TransitionTableTests.session(in: .waiting)
        let technician = try Samples.technician("tess")
        #expect(session.occupiedTechnician == nil)
        _ = try session.handle(.started(by: technician), at: Samples.start)
        #expect(session.occupiedTechnician == technician)
        _ = try session.handle(.held, at: Samples.start)
        #expect(session.occupiedTechnician == nil)
        _ = try session.handle(.resumed, at: Samples.start)
        #expect(session.occupiedTechnician == technician)
    }

    @Test(arguments: ["", String(repeating: "x", count: 201), "a\nb", "a\u{0}b", "a\u{7F}"])
    func S38_namesThatCannotBeShownAreRefused(name: String) {
        #expect(throws: SessionError.self) { try NewSession(kind: .lens, name: name, method: .pin) }
        #expect(throws: SessionError.self) { try NewSession(kind: .lens, name: "a", method: .pin, reference: name) }
    }

    @Test(arguments: ["Ada", "Zoë 🦊", "<b>", "مرحبا", String(repeating: "x", count: 200)])
    func S38_anyOtherNameIsKeptAsItIs(name: String) throws {
        #expect(try NewSession(kind: .lens, name: name, method: .link).name == name)
    }

    @Test(arguments: [0, 1000, -1, Int.max]) func D2_lifetimesOutsideOneTo999AreRefused(minutes: Int) {
        #expect(SessionSettings(pinLifetimeMinutes: minutes) == nil)
    }
}
