import TestSupport
import Testing

@testable import Endpoints

/// What goes wrong before a call is up.
@Suite struct RunErrorTests {
    /// Port 9 (discard) of loopback: nothing listens there.
    private func nobody() throws -> ServerAddress { try ServerAddress("http://127.0.0.1:9") }

    @Test func unusableFilesShowBeforeAnybodyIsCalled() async throws {
        var customer = CustomerSettings(server: try nobody(), pin: "123456")
        for (video, audio, isReplay) in [
            ("/no/such.ivf", nil, false), (nil, Fixtures.path("small.ivf"), false),
            (Fixtures.path("customer.ogg"), nil, true),
        ] as [(String?, String?, Bool)] {
            customer.video = video
            customer.audio = audio
            customer.isReplay = isReplay
            let customerRun = CustomerRun(customer)
            await #expect(throws: EndpointError.self) { try await customerRun.run() }
        }
        var technician = TechnicianSettings(server: try nobody(), identity: .apiKey("key"), target: .anyWaiting)
        technician.voice = "/no/such.ogg"
        let technicianRun = TechnicianRun(technician)
        await #expect(throws: EndpointError.self) { try await technicianRun.run() }
    }

    @Test func serverThatIsNotThereIsNamed() async throws {
        var customer = CustomerSettings(server: try nobody(), pin: "123456")
        customer.video = Fixtures.path("small.ivf")
        let customerRun = CustomerRun(customer)
        await #expect(throws: LensClientError.unreachable(server: "http://127.0.0.1:9", reason: "connection refused")) {
            try await customerRun.run()
        }
        let technician = TechnicianSettings(server: try nobody(), identity: .apiKey("key"), target: .session("x"))
        await #expect(throws: LensClientError.self) { try await TechnicianRun(technician).run() }
    }
}
