import Sessions
import Synchronization
import TestSupport

/// A clock that tests move.
final class TestClock: Sendable {
    private let milliseconds = Mutex<Int64>(1_767_225_600_000)

    var now: WallTime { WallTime(milliseconds: milliseconds.withLock { $0 }) }

    func advance(seconds: Int64) { milliseconds.withLock { $0 += seconds * 1000 } }

    private let pauses = Mutex<Int64>(0)

    /// What callers were made to wait in all, in ms.
    var paused: Int64 { pauses.withLock { $0 } }

    /// Whoever waits moves the clock.
    var waiting: WaitingClock {
        WaitingClock(
            milliseconds: { self.milliseconds.withLock { $0 } },
            pause: { duration in
                self.milliseconds.withLock { $0 += duration }
                self.pauses.withLock { $0 += duration }
            })
    }
}

/// A service with all that stands around it.
struct Bench {
    let clock = TestClock()
    let media = MemoryMediaGateway()
    let store: any SessionStore & RegistryStore
    let accounts: AccountService
    let service: SessionService
    let key = Principal.apiKey("bench")

    init(
        seed: UInt64 = 1, store: any SessionStore & RegistryStore = MemorySessionStore(),
        settings: SessionSettings = .init()
    ) {
        self.store = store
        var accounting = AccountService.Settings()
        // As dear as in service would make tests slow, and prove nothing more.
        accounting.passwordCost = PasswordHash.Cost(logN: 4, r: 8, p: 1)
        accounts = AccountService(
            store: store, settings: accounting, now: { [clock] in clock.now }, waiting: clock.waiting,
            generator: SeededGenerator(seed: seed &+ 1_000_000))
        service = SessionService(
            store: store, media: media, accounts: accounts, settings: settings, now: { [clock] in clock.now },
            waiting: clock.waiting, generator: SeededGenerator(seed: seed))
    }

    func create(_ name: String = "Ada") async throws -> LensSession {
        try await service.create(Samples.request(name), by: key)
    }

    func join(_ session: LensSession) async throws -> SessionService.Joined {
        try await service.join(pin: session.pin.digits, returning: nil, client: Samples.client)
    }

    /// A session with all gates open.
    func waiting() async throws -> LensSession {
        let session = try await create()
        let joined = try await join(session)
        let customer = Principal.customer(session.id)
        _ = try await service.answerDevices(DeviceConsent(camera: true, microphone: true), by: customer)
        return try await service.answerEULA(version: joined.eula.version, accepted: true, by: customer)
    }

    func accept(_ session: SessionID, _ flow: MediaFlow, by principal: Principal) async throws -> MediaAnswer {
        try await service.accept(
            sdp: "v=0\r\n", flow: flow, session: session, by: principal, clientAddress: "127.0.0.1",
            requestIsPrivate: true)
    }
}

enum Samples {
    static let actor = Actor(name: "bench")
    static let client = SessionService.Client(address: "192.0.2.7", userAgent: "bench/1")
    static let start = WallTime(milliseconds: 1_767_225_600_000)

    static func request(_ name: String = "Ada", kind: SessionKind = .lens) throws -> NewSession {
        try NewSession(kind: kind, name: name, method: .pin)
    }

    static func pin(_ digits: String) throws -> PIN {
        guard let pin = PIN(typed: digits) else { throw SessionError.pin(.invalid) }
        return pin
    }

    static func session(pin: String = "000001", seed: UInt64 = 1, kind: SessionKind = .lens) throws -> LensSession {
        var generator = SeededGenerator(seed: seed)
        return try LensSession(
            id: SessionID(using: &generator), request: request(kind: kind), owner: .apiKey("bench"),
            pin: Samples.pin(pin), pinExpiresAt: start.advanced(byMinutes: 20), createdAt: start)
    }

    static func claim(seed: UInt64 = 9) -> CustomerClaim {
        var generator = SeededGenerator(seed: seed)
        return CustomerClaim(
            proof: TokenProof(TokenSecret(using: &generator)), address: client.address, userAgent: client.userAgent)
    }

    static func technician(_ name: String) throws -> TechnicianID {
        guard let technician = TechnicianID(name) else { throw SessionError.invalid(field: "technician", name) }
        return technician
    }
}
