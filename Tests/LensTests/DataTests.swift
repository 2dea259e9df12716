import Foundation
import TestSupport
import Testing

extension LensTests {
    @Suite("lens serve --data") struct DataTests {
        @Test func sessionsOutliveAKilledServer() async throws {
            let folder = try TemporaryFolder()
            let data = folder.file("data")
            let first = try await TestServer.start(["--data", data])
            let waiting = try first.waitingSession()
            let invited = try first.invite()
            #expect(try first.call("POST", "/api/v1/sessions/\(waiting.id)/start").status == 200)
            first.process.kill()
            _ = await first.process.exitStatus()
            let second = try await TestServer.start(["--data", data])
            // Its customer is expected back (D13).
            let status = try second.call("GET", "/api/v1/sessions/\(waiting.id)")["status"]
            #expect(["Active", "Reconnecting"].contains(status))
            // The customer's browser still has its token, and nobody else gets in.
            #expect(try second.call("POST", "/api/v1/join", token: waiting.token).status == 200)
            #expect(
                try second.call("POST", "/api/v1/join", token: "", body: #"{"pin":"\#(invited.pin)"}"#).status == 200)
            #expect(
                try second.call("POST", "/api/v1/join", token: "", body: #"{"pin":"\#(invited.pin)"}"#).status == 409)
            #expect(await second.stop() == 0)
        }

        @Test func oneServerHasADirectoryAtATime() async throws {
            let folder = try TemporaryFolder()
            let server = try await TestServer.start(["--data", folder.file("data")])
            let second = try runProcess(
                LensProcess.path,
                ["serve", "--http", "127.0.0.1:0", "--media-port", "0", "--data", folder.file("data")])
            #expect(second.status == 1)
            #expect(second.stderr.contains("in use by another lens serve"))
            #expect(await server.stop() == 0)
        }

        @Test func aLogWithoutItsKeyIsNotContinued() async throws {
            let folder = try TemporaryFolder()
            let data = folder.file("data")
            #expect(await (try TestServer.start(["--data", data])).stop() == 0)
            try FileManager.default.removeItem(atPath: data + "/audit.key")
            let second = try runProcess(
                LensProcess.path, ["serve", "--http", "127.0.0.1:0", "--media-port", "0", "--data", data])
            #expect(second.status == 1)
            #expect(second.stderr.contains("audit.key is missing"))
        }

        @Test func whatIsKeptIsForItsOwnerOnly() async throws {
            let folder = try TemporaryFolder()
            let data = folder.file("data")
            #expect(await (try TestServer.start(["--data", data])).stop() == 0)
            func mode(_ path: String) throws -> Int? {
                try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
            }
            #expect(try mode(data) == 0o700)
            #expect(try mode(data + "/audit.key") == 0o600)
        }
    }
}
