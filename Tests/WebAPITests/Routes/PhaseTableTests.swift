import HTTPTypes
import Testing

@testable import WebAPI

/// The whole table of where a session is and what is called: each cell is a success or a named refusal.
struct PhaseTableTests {
    private enum State: Int, CaseIterable {
        case invited, claimed, accepted, waiting, active, onHold, ended, declined
    }

    private struct Made {
        let id: String
        let pin: String
        /// Nobody's, as long as no customer has joined.
        let token: String
    }

    private struct Call: Sendable {
        let name: String
        /// By state; a status in digits, or a code.
        let answers: [String]
        let make: @Sendable (Caller, Made) async throws -> Reply

        init(
            _ name: String, _ answers: String, _ make: @escaping @Sendable (Caller, Made) async throws -> Reply
        ) {
            self.name = name
            self.answers = answers.split(separator: " ").map { String($0) }
            self.make = make
        }
    }

    private static func technician(_ verb: String, _ body: String = "{}")
        -> @Sendable (Caller, Made) async throws -> Reply
    {
        { call, session in try await call.post("/api/v1/sessions/\(session.id)/\(verb)", body) }
    }

    private static func customer(_ verb: String, _ body: String = "{}")
        -> @Sendable (Caller, Made) async throws -> Reply
    {
        { call, session in try await call.post("/api/v1/customer/\(verb)", token: session.token, body) }
    }

    // Columns: invited, claimed, licence accepted, Waiting, Active, OnHold, ended, declined.
    private static let table = [
        Call("read", "200 200 200 200 200 200 200 200") { try await $0.get("/api/v1/sessions/\($1.id)") },
        Call(
            "pin", "200 PIN_CLAIMED PIN_CLAIMED PIN_CLAIMED PIN_CLAIMED PIN_CLAIMED SESSION_ENDED SESSION_ENDED",
            technician("pin")),
        Call(
            "start",
            "SESSION_NOT_READY SESSION_NOT_READY SESSION_NOT_READY 200 SESSION_ALREADY_STARTED SESSION_ALREADY_STARTED SESSION_ENDED SESSION_ENDED",
            technician("start")),
        Call(
            "hold",
            "SESSION_NOT_STARTED SESSION_NOT_STARTED SESSION_NOT_STARTED SESSION_NOT_STARTED 200 SESSION_ON_HOLD SESSION_ENDED SESSION_ENDED",
            technician("hold")),
        Call(
            "resume",
            "SESSION_NOT_STARTED SESSION_NOT_STARTED SESSION_NOT_STARTED SESSION_NOT_STARTED SESSION_NOT_ON_HOLD 200 SESSION_ENDED SESSION_ENDED",
            technician("resume")),
        Call(
            "snapshot",
            "SESSION_NOT_STARTED SESSION_NOT_STARTED SESSION_NOT_STARTED SESSION_NOT_STARTED 200 SESSION_ON_HOLD SESSION_ENDED SESSION_ENDED",
            technician("snapshot")),
        Call(
            "draw",
            "SESSION_NOT_STARTED SESSION_NOT_STARTED SESSION_NOT_STARTED SESSION_NOT_STARTED 204 SESSION_ON_HOLD SESSION_ENDED SESSION_ENDED",
            technician("drawing", #"{"marks":[1]}"#)),
        Call("trail", "200 200 200 200 200 200 200 200") { try await $0.get("/api/v1/sessions/\($1.id)/trail") },
        Call("list photos", "200 200 200 200 200 200 200 200") {
            try await $0.get("/api/v1/sessions/\($1.id)/photos")
        },
        Call(
            "photo",
            "401 SESSION_NOT_STARTED SESSION_NOT_STARTED SESSION_NOT_STARTED 201 SESSION_ON_HOLD SESSION_ENDED SESSION_ENDED"
        ) {
            try await $0.send(
                .post, "/api/v1/customer/photos", token: $1.token, type: "image/jpeg", body: [0xFF, 0xD8, 0xFF, 0xE0])
        },
        Call("end", "200 200 200 200 200 200 SESSION_ENDED SESSION_ENDED", technician("end")),
        Call("notes", "200 200 200 200 200 200 200 200", technician("notes", #"{"notes":"x"}"#)),
        Call(
            "say", "PIN_NOT_CLAIMED 201 201 201 201 201 SESSION_ENDED SESSION_ENDED",
            technician("chat", #"{"text":"x"}"#)),
        Call("read chat", "200 200 200 200 200 200 200 200") { try await $0.get("/api/v1/sessions/\($1.id)/chat") },
        Call(
            "technician's WHIP",
            "SESSION_NOT_WAITING SESSION_NOT_WAITING SESSION_NOT_WAITING 201 201 201 SESSION_ENDED SESSION_ENDED"
        ) {
            try await $0.offer("/whip/\($1.id)", token: WebBench.key)
        },
        Call(
            "technician's WHEP",
            "SESSION_NOT_WAITING SESSION_NOT_WAITING SESSION_NOT_WAITING 201 201 201 SESSION_ENDED SESSION_ENDED"
        ) {
            try await $0.offer("/whep/\($1.id)", token: WebBench.key)
        },
        Call(
            "join",
            "200 PINCODE_ALREADYUSED PINCODE_ALREADYUSED PINCODE_ALREADYUSED PINCODE_ALREADYUSED PINCODE_ALREADYUSED PINCODE_ALREADYUSED PINCODE_ALREADYUSED"
        ) {
            try await $0.post("/api/v1/join", token: nil, #"{"pin":"\#($1.pin)"}"#)
        },
        Call("come back", "PINCODE_MISSING 200 200 200 200 200 PINCODE_MISSING PINCODE_MISSING") {
            try await $0.post("/api/v1/join", token: $1.token, "{}")
        },
        Call(
            "progress", "401 200 200 200 200 200 SESSION_ENDED SESSION_ENDED",
            customer("progress", #"{"step":"opened"}"#)),
        Call(
            "devices", "401 200 200 200 200 200 SESSION_ENDED SESSION_ENDED",
            customer("devices", #"{"camera":true,"microphone":true}"#)),
        Call(
            "no device", "401 200 200 DEVICE_NEEDED DEVICE_NEEDED DEVICE_NEEDED SESSION_ENDED SESSION_ENDED",
            customer("devices", #"{"camera":false,"microphone":false}"#)),
        Call(
            "accept", "401 200 200 200 200 200 SESSION_ENDED SESSION_ENDED",
            customer("eula", #"{"version":"1","accepted":true}"#)),
        Call(
            "refuse",
            "401 200 EULA_ALREADY_ACCEPTED EULA_ALREADY_ACCEPTED EULA_ALREADY_ACCEPTED EULA_ALREADY_ACCEPTED SESSION_ENDED SESSION_ENDED",
            customer("eula", #"{"version":"1","accepted":false}"#)),
        Call(
            "another licence",
            "401 EULA_VERSION EULA_ALREADY_ACCEPTED EULA_ALREADY_ACCEPTED EULA_ALREADY_ACCEPTED EULA_ALREADY_ACCEPTED SESSION_ENDED SESSION_ENDED",
            customer("eula", #"{"version":"0","accepted":true}"#)),
        Call("customer reads", "401 200 200 200 200 200 SESSION_ENDED SESSION_ENDED") {
            try await $0.get("/api/v1/sessions/\($1.id)", token: $1.token)
        },
        Call("customer reads chat", "401 200 200 200 200 200 SESSION_ENDED SESSION_ENDED") {
            try await $0.get("/api/v1/sessions/\($1.id)/chat", token: $1.token)
        },
        Call("customer lists photos", "401 200 200 200 200 200 SESSION_ENDED SESSION_ENDED") {
            try await $0.get("/api/v1/sessions/\($1.id)/photos", token: $1.token)
        },
        Call(
            "media", "401 200 200 200 200 200 SESSION_ENDED SESSION_ENDED", customer("media", #"{"camera":"paused"}"#)),
        Call("leave", "401 200 200 200 200 200 SESSION_ENDED SESSION_ENDED", customer("leave")),
        Call("customer says", "401 201 201 201 201 201 SESSION_ENDED SESSION_ENDED") {
            try await $0.post("/api/v1/sessions/\($1.id)/chat", token: $1.token, #"{"text":"x"}"#)
        },
        Call("customer's WHIP", "401 EULA_NEEDED 201 201 201 201 SESSION_ENDED SESSION_ENDED") {
            try await $0.offer("/whip/\($1.id)", token: $1.token)
        },
        Call("customer's WHEP", "401 EULA_NEEDED 201 201 201 201 SESSION_ENDED SESSION_ENDED") {
            try await $0.offer("/whep/\($1.id)", token: $1.token)
        },
        Call(
            "customer's start",
            "401 TECHNICIAN_ONLY TECHNICIAN_ONLY TECHNICIAN_ONLY TECHNICIAN_ONLY TECHNICIAN_ONLY TECHNICIAN_ONLY TECHNICIAN_ONLY"
        ) {
            try await $0.post("/api/v1/sessions/\($1.id)/start", token: $1.token, "{}")
        },
        Call(
            "automation as customer",
            "CUSTOMER_ONLY CUSTOMER_ONLY CUSTOMER_ONLY CUSTOMER_ONLY CUSTOMER_ONLY CUSTOMER_ONLY CUSTOMER_ONLY CUSTOMER_ONLY"
        ) { call, _ in
            try await call.post("/api/v1/customer/leave", "{}")
        },
    ]

    @Test func D7_D9_eachCallInEachPhaseAnswersAsTheTableSays() async throws {
        for state in State.allCases {
            for call in Self.table {
                try await WebBench().calls { caller in
                    let session = try await Self.session(in: state, caller)
                    let reply = try await call.make(caller, session)
                    let answer = reply.status < 400 ? "\(reply.status)" : reply.code ?? "\(reply.status)"
                    #expect(answer == call.answers[state.rawValue], "\(call.name), \(state): \(reply.text)")
                }
            }
        }
    }

    private static func session(in state: State, _ call: Caller) async throws -> Made {
        let (id, pin) = try await call.create()
        guard state != .invited else { return Made(id: id, pin: pin, token: "nobody") }
        let session = Made(id: id, pin: pin, token: try await call.join(pin))
        if state == .declined {
            _ = try await customer("eula", #"{"version":"1","accepted":false}"#)(call, session)
        }
        guard state != .claimed, state != .declined else { return session }
        _ = try await call.acceptLicence(session.token)
        guard state != .accepted else { return session }
        _ = try await call.grantDevices(session.token)
        guard state != .waiting else { return session }
        _ = try await technician("start")(call, session)
        if state == .onHold { _ = try await technician("hold")(call, session) }
        if state == .ended { _ = try await technician("end")(call, session) }
        return session
    }
}
