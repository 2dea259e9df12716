import Foundation
import Testing

@testable import Endpoints

@Suite struct ClientErrorTests {
    @Test(
        arguments: [
            ("PINCODE_MISSING", 400, "--join"), ("PINCODE_INVALID", 404, "six digits"),
            ("PINCODE_EXPIRED", 410, "new PIN"), ("PINCODE_ALREADYUSED", 409, "new PIN"), (nil, 401, "--api-key"),
            (nil, 403, "allow"), (nil, 409, "active"), (nil, 500, "log"), (nil, 503, "later"), (nil, 418, "options"),
        ] as [(String?, Int, String)])
    func refusalIsOneLineWithItsCodeAndTheNextStep(code: String?, status: Int, step: String) {
        let problem = Problem(status: status, code: code, title: "The reason,\nin two lines. ")
        let text = LensClientError.refused(call: "joining", problem).description
        #expect(!text.contains("\n"))
        #expect(text.contains("joining was refused: The reason, in two lines ("))
        #expect(text.contains("\(status)") && text.contains(code ?? "refused") && text.contains(step))
    }

    @Test func detailOfTheServerIsNotFollowedByAnotherNextStep() {
        let detail = "This PIN is not known. Check the six digits."
        let problem = Problem(status: 404, code: "PINCODE_INVALID", title: "Not Found", detail: detail)
        #expect("\(problem)" == "This PIN is not known. Check the six digits (PINCODE_INVALID, 404)")
        #expect("\(Problem(status: 401, detail: "Unknown token."))".hasSuffix("--api-key or LENS_API_KEY"))
    }

    @Test func waitingTimeIsSaid() {
        #expect("\(Problem(status: 429, retryAfterSeconds: 17))".contains("wait 17 s"))
        #expect("\(Problem(status: 429))".contains("wait a little"))
    }

    @Test func textFromOutsideCannotBreakTheLineOrTheTerminal() {
        let hostile = "a\u{1B}[2J\r\nb\u{202E}c" + String(repeating: "x", count: 5000)
        let text = LensClientError.refused(call: "x", Problem(status: 400, code: hostile, detail: hostile)).description
        #expect(text.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x202E })
        #expect(text.count < 1000)
    }

    @Test func serverThatIsNotThereIsNamedWithTheNextStep() async throws {
        // Port 9 (discard) of loopback: nothing listens there.
        let client = LensClient(server: try ServerAddress("http://127.0.0.1:9"))
        let error = await #expect(throws: LensClientError.self) { try await client.session("abc") }
        let text = try #require(error?.description)
        #expect(
            text.contains("http://127.0.0.1:9") && text.contains("connection refused") && text.contains("lens serve"))
        #expect(await client.isAlive() == false)
    }

    @Test func idThatWouldLeadElsewhereIsNotSent() async throws {
        let client = LensClient(server: try ServerAddress("http://127.0.0.1:9"))
        for id in ["", "../admin", "a/b", "a?b", "a b", "ä", String(repeating: "a", count: 129)] {
            await #expect(throws: LensClientError.self, "\(id)") { try await client.start(id) }
        }
    }
}

@Suite struct InvitationTests {
    @Test func pinAndBothLinksAreTaken() throws {
        #expect(try Invitation("012345").pin == "012345")
        #expect(try Invitation(" 012 345 ").pin == "012345")
        #expect(try Invitation("012345").server == nil)
        let desktop = try Invitation("https://lens.example:8443/?code=123456")
        #expect(desktop.pin == "123456")
        #expect(desktop.server?.description == "https://lens.example:8443")
        let mobile = try Invitation("http://[::1]:8080/654321")
        #expect(mobile.pin == "654321")
        #expect(mobile.server?.host == "::1")
        #expect(mobile.server?.description == "http://[::1]:8080")
    }

    @Test(arguments: ["", "12345", "1234567", "abcdef", "http://host/", "http://host/?code=12", "१२३४५६", "http://"])
    func everythingElseIsRefused(text: String) {
        #expect(throws: LensClientError.self) { try Invitation(text) }
    }

    @Test(arguments: ["", "localhost", "ftp://host", "http://", "http://host:99999", "http://user@host", "host:80"])
    func whatIsNoServerIsRefused(text: String) {
        #expect(throws: LensClientError.self) { try ServerAddress(text) }
    }

    @Test func serverHasItsUsualPortAndOnlyItsOwnLocations() throws {
        let server = try ServerAddress("https://lens.example/ignored")
        #expect(server.port == 443)
        #expect(server.url("/whip/a/b") == "https://lens.example:443/whip/a/b")
        #expect(server.url("https://lens.example:443/whip/a") == "https://lens.example:443/whip/a")
        #expect(server.url("https://evil.example/whip") == nil)
        #expect(server.url("//evil.example/whip") == nil)
    }
}

@Suite struct SessionInfoTests {
    @Test func joiningIsReadWithTheSessionAsObjectOrAsID() throws {
        let texts = [
            #"{"session":{"id":"s1","status":"Connecting"},"token":"t","eula":{"version":"3","text":"…"}}"#,
            #"{"session":"s1","token":"t","eula":{"version":"3","text":"…"}}"#,
        ]
        for text in texts {
            let joined = try JSONDecoder().decode(Joined.self, from: Data(text.utf8))
            #expect(joined.session == "s1" && joined.token == "t" && joined.eulaVersion == "3")
        }
    }

    @Test func statusSaysWhetherItIsOver() throws {
        for (status, isOver) in [
            ("Connecting", false), ("Waiting", false), ("Active", false), ("OnHold", false), ("Reconnecting", false),
            ("Offline", false), ("Closed", true), ("TimedOut", true), ("Declined", true), ("Aborted", true),
        ] {
            let text = #"{"id":"x","status":"\#(status)","unknown":[1]}"#
            #expect(try JSONDecoder().decode(SessionInfo.self, from: Data(text.utf8)).isOver == isOver)
        }
    }
}
