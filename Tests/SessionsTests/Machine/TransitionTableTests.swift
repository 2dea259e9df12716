import Sessions
import Testing

/// Every event in every state: a transition or a named refusal.
struct TransitionTableTests {
    enum State: String, CaseIterable {
        case invited, claimed, devicesRefused, devicesGranted, eulaAccepted
        case waiting, active, onHold, reconnecting, offline
        case closed, timedOut, declined, aborted
    }

    enum Input: String, CaseIterable {
        case newPIN, claim, opened, devices, noDevices, eulaYes, eulaNo, eulaOld
        case start, hold, resume, lost, offline, back, end, leave, timeout, fail
    }

    /// One row for each state, one column for each input in the order of `Input`. Capitals: the status afterwards, with
    /// `+` where the gate is opened, `-` where it is closed, `x` where the media ends. Small letters: the refusal.
    static let table: [(State, String)] = [
        (
            .invited,
            """
            Connecting Connecting notClaimed notClaimed notClaimed notClaimed notClaimed notClaimed \
            notReady notStarted notStarted notStarted notStarted notStarted Closedx notClaimed notWaiting Abortedx
            """
        ),
        (
            .claimed,
            """
            pinClaimed used Connecting Connecting Connecting Connecting Declinedx outdated \
            notReady notStarted notStarted notStarted notStarted notStarted Closedx Closedx notWaiting Abortedx
            """
        ),
        (
            .devicesRefused,
            """
            pinClaimed used Connecting Connecting Connecting Connecting Declinedx outdated \
            notReady notStarted notStarted notStarted notStarted notStarted Closedx Declinedx notWaiting Abortedx
            """
        ),
        (
            .devicesGranted,
            """
            pinClaimed used Connecting Connecting Connecting Waiting Declinedx outdated \
            notReady notStarted notStarted notStarted notStarted notStarted Closedx Closedx notWaiting Abortedx
            """
        ),
        (
            .eulaAccepted,
            """
            pinClaimed used Connecting Waiting Connecting Connecting accepted accepted \
            notReady notStarted notStarted notStarted notStarted notStarted Closedx Closedx notWaiting Abortedx
            """
        ),
        (
            .waiting,
            """
            pinClaimed used Waiting Waiting deviceNeeded Waiting accepted accepted \
            Active+ notStarted notStarted notStarted notStarted notStarted Closedx Closedx TimedOutx Abortedx
            """
        ),
        (
            .active,
            """
            pinClaimed used Active Active deviceNeeded Active accepted accepted \
            alreadyStarted OnHold- notOnHold Reconnecting Offline Active Closedx Closedx notWaiting Abortedx
            """
        ),
        (
            .onHold,
            """
            pinClaimed used OnHold OnHold deviceNeeded OnHold accepted accepted \
            alreadyStarted onHold Active+ OnHold OnHold OnHold Closedx Closedx notWaiting Abortedx
            """
        ),
        (
            .reconnecting,
            """
            pinClaimed used Reconnecting Reconnecting deviceNeeded Reconnecting accepted accepted \
            alreadyStarted OnHold- notOnHold Reconnecting Offline Active Closedx Closedx notWaiting Abortedx
            """
        ),
        (
            .offline,
            """
            pinClaimed used Offline Offline deviceNeeded Offline accepted accepted \
            alreadyStarted OnHold- notOnHold Reconnecting Offline Active Closedx Closedx notWaiting Abortedx
            """
        ),
        (.closed, "ended expired " + String(repeating: "ended ", count: 16)),
        (.timedOut, "ended used " + String(repeating: "ended ", count: 16)),
        (.declined, "ended used " + String(repeating: "ended ", count: 16)),
        (.aborted, "ended used " + String(repeating: "ended ", count: 16)),
    ]

    @Test(arguments: table) func D9_everyEventInEveryStateMovesOnOrIsRefusedByName(state: State, row: String) throws {
        let cells = row.split(separator: " ").map { String($0) }
        try #require(cells.count == Input.allCases.count)
        for (input, expected) in zip(Input.allCases, cells) {
            var session = try Self.session(in: state)
            let before = session
            let event = try Self.event(input)
            let outcome: String
            do throws(SessionError) {
                let actions = try session.handle(event, at: Samples.start.advanced(bySeconds: 60))
                outcome = session.status.rawValue + actions.map(Self.mark).joined()
            } catch {
                outcome = Self.name(error)
                #expect(session == before, "a refusal of \(input) in \(state) changed the session")
            }
            #expect(outcome == expected, "\(input) in \(state)")
        }
    }

    @Test func theTableHasEveryState() {
        #expect(Self.table.map(\.0) == State.allCases)
    }

    static func session(in state: State) throws -> LensSession {
        var session = try Samples.session()
        for input in path(to: state) { _ = try session.handle(event(input), at: Samples.start) }
        return session
    }

    private static func path(to state: State) -> [Input] {
        let waiting: [Input] = [.claim, .devices, .eulaYes]
        return switch state {
        case .invited: []
        case .claimed: [.claim]
        case .devicesRefused: [.claim, .noDevices]
        case .devicesGranted: [.claim, .devices]
        case .eulaAccepted: [.claim, .eulaYes]
        case .waiting: waiting
        case .active: waiting + [.start]
        case .onHold: waiting + [.start, .hold]
        case .reconnecting: waiting + [.start, .lost]
        case .offline: waiting + [.start, .lost, .offline]
        case .closed: [.end]
        case .timedOut: waiting + [.timeout]
        case .declined: [.claim, .eulaNo]
        case .aborted: waiting + [.start, .fail]
        }
    }

    private static func event(_ input: Input) throws -> SessionEvent {
        switch input {
        case .newPIN: try .pinReplaced(Samples.pin("000002"), expiresAt: Samples.start.advanced(byMinutes: 40))
        case .claim: try .pinClaimed(Samples.pin("000001"), Samples.claim())
        case .opened: .customerAdvanced(.opened)
        case .devices: .devicesAnswered(DeviceConsent(camera: true, microphone: false))
        case .noDevices: .devicesAnswered(DeviceConsent(camera: false, microphone: false))
        case .eulaYes: .eulaAnswered(version: "1", accepted: true, currentVersion: "1")
        case .eulaNo: .eulaAnswered(version: "1", accepted: false, currentVersion: "1")
        case .eulaOld: .eulaAnswered(version: "0", accepted: true, currentVersion: "1")
        case .start: .started(by: nil)
        case .hold: .held
        case .resume: .resumed
        case .lost: .connectionChanged(.reconnecting)
        case .offline: .connectionChanged(.offline)
        case .back: .connectionChanged(.connected)
        case .end: .endedByTechnician(notes: nil)
        case .leave: .customerLeft
        case .timeout: .waitingTimedOut
        case .fail: .failed
        }
    }

    private static func mark(_ action: SessionAction) -> String {
        switch action {
        case .openGate: "+"
        case .closeGate: "-"
        case .endMedia: "x"
        }
    }

    private static func name(_ error: SessionError) -> String {
        switch error {
        case .pin(.alreadyUsed): "used"
        case .pin(.expired): "expired"
        case .eulaOutdated: "outdated"
        case .eulaAlreadyAccepted: "accepted"
        default: String(describing: error)
        }
    }
}
