import Foundation
import TestSupport
import Testing

extension LensTests {
    @Suite("lens admin") struct AdminTests {
        private typealias ProcessResult = (status: Int32, stdout: [UInt8], stderr: String)

        private func admin(_ arguments: [String], data: String) throws -> ProcessResult {
            try runProcess(LensProcess.path, ["admin"] + arguments + ["--data", data])
        }

        private func text(_ result: ProcessResult) -> String { String(decoding: result.stdout, as: UTF8.self) }

        @Test func theFirstStartPrintsAnAdministratorWhoCanLogIn() async throws {
            let folder = try TemporaryFolder()
            let server = try await TestServer.start(["--data", folder.file("data")])
            try await server.process.wait(for: "one-time password: ")
            let match = try #require(server.process.printed.firstMatch(of: /one-time password: (\S+)/))
            let body = #"{"email":"admin@localhost","password":"\#(match.1)"}"#
            let login = try server.call("POST", "/api/v1/login", token: "", body: body)
            #expect(login.status == 200)
            #expect(login.json["mustChangePassword"] as? Bool == true)
            #expect(await server.stop() == 0)
            let second = try await TestServer.start(["--data", folder.file("data")])
            #expect(!second.process.printed.contains("one-time password"))
            #expect(await second.stop() == 0)
        }

        @Test func changesReachTheRunningServerAtOnce() async throws {
            let folder = try TemporaryFolder()
            let data = folder.file("data")
            let server = try await TestServer.start(["--data", data])
            let group = try admin(
                ["groups", "add", "second", "--permission", "lens", "--permission", "methodPIN"], data: data)
            #expect(group.status == 0, "\(group.stderr)")
            let made = try admin(
                ["technicians", "add", "tess@example.org", "--name", "Tess", "--group", "second"], data: data)
            let password = try #require(text(made).firstMatch(of: /one-time password: (\S+)/)).1
            let login = try server.call(
                "POST", "/api/v1/login", token: "", body: #"{"email":"tess@example.org","password":"\#(password)"}"#)
            #expect(login.status == 200)
            let key = text(try admin(["keys", "add", "crm"], data: data)).trimmingCharacters(in: .newlines)
            #expect(try server.call("GET", "/api/v1/me", token: key, body: "")["name"] == "crm")
            #expect(try admin(["keys", "remove", "crm"], data: data).status == 0)
            #expect(try server.call("GET", "/api/v1/me", token: key, body: "").status == 401)
            #expect(try admin(["technicians", "change", "tess", "--disable-login"], data: data).status == 0)
            #expect(try server.call("GET", "/api/v1/me", token: login["token"], body: "").status == 401)
            #expect(text(try admin(["technicians"], data: data)).contains("disabled"))
            #expect(await server.stop() == 0)
        }

        @Test func refusalsNameTheNextStep() async throws {
            let folder = try TemporaryFolder()
            let data = folder.file("data")
            let absent = try admin(["groups"], data: data)
            #expect(absent.status == 1)
            #expect(absent.stderr.contains("lens serve --data makes one"))
            #expect(await (try TestServer.start(["--data", data])).stop() == 0)
            for (arguments, words) in [
                (["groups", "remove", "support"], "move them to another one first"),
                (["technicians", "change", "admin", "--role", "technician"], "last administrator"),
                (["technicians", "add", "x@example.org", "--name", "x", "--group", "none"], "no such group"),
                (["keys", "remove", "none"], "no such API key"),
            ] {
                let result = try admin(arguments, data: data)
                #expect(result.status == 1)
                #expect(result.stderr.contains(words), "\(result.stderr)")
            }
        }

        @Test func D18_theLogVerifiesAndTamperingIsFound() async throws {
            let folder = try TemporaryFolder()
            let data = folder.file("data")
            let server = try await TestServer.start(["--data", data])
            _ = try server.waitingSession()
            // Its end notes the head.
            #expect(await server.stop() == 0)
            let good = try admin(["audit", "verify"], data: data)
            #expect(good.status == 0, "\(good.stderr)")
            #expect(text(good).contains("1 noted heads fit"))
            let lines = text(try admin(["audit", "export"], data: data)).split(separator: "\n")
            #expect(lines.contains { $0.contains("\"step\":\"eula.accepted\"") })
            func sql(_ statements: String) throws {
                let result = try runProcess("sqlite3", [data + "/lens.sqlite", statements])
                #expect(result.status == 0, "\(result.stderr)")
            }
            let last = lines.count
            try sql("DROP TRIGGER auditIsNotDeleted; DELETE FROM audit WHERE number = \(last);")
            let cut = try admin(["audit", "verify"], data: data)
            #expect(cut.status == 1)
            #expect(cut.stderr.contains("ends with entry \(last - 1) and had \(last)"), "\(cut.stderr)")
            try sql("DROP TRIGGER auditIsNotChanged; UPDATE audit SET actor = 'nobody' WHERE number = 3;")
            let changed = try admin(["audit", "verify"], data: data)
            #expect(changed.status == 1)
            #expect(changed.stderr.contains("entry 3 does not fit"), "\(changed.stderr)")
        }

        @Test func settingsReachTheRunningServerAndTheLog() async throws {
            let folder = try TemporaryFolder()
            let data = folder.file("data")
            let server = try await TestServer.start(["--data", data])
            #expect(text(try admin(["settings"], data: data)).contains("as lens serve has it"))
            let terms = folder.file("terms.txt")
            try Data("Be kind.".utf8).write(to: URL(filePath: terms))
            let changed = try admin(
                [
                    "settings", "change", "--pin-lifetime", "30", "--waiting-limit", "0", "--language", "de",
                    "--eula-version", "2", "--eula-file", terms,
                ], data: data)
            #expect(changed.status == 0, "\(changed.stderr)")
            let settings = try server.call("GET", "/api/v1/settings", body: "").json
            #expect(settings["pinLifetimeMinutes"] as? Int == 30)
            #expect(settings["waitingLimitMinutes"] as? Int == 0)
            #expect(settings["language"] as? String == "de")
            #expect((settings["eula"] as? [String: String])?["text"] == "Be kind.")
            for wrong in [
                ["--pin-lifetime", "0"], ["--pin-lifetime", "1000"], ["--retention", "-1"], ["--language", "fr"],
            ] {
                #expect(try admin(["settings", "change"] + wrong, data: data).status != 0, "\(wrong)")
            }
            #expect(text(try admin(["audit", "export"], data: data)).contains("settings.changed"))
            #expect(await server.stop() == 0)
        }

        @Test func aConfigurationIsCheckedWithoutStarting() throws {
            let folder = try TemporaryFolder()
            let file = folder.file("lens.yaml")
            func check(_ text: String) throws -> ProcessResult {
                try Data(text.utf8).write(to: URL(filePath: file))
                return try runProcess(LensProcess.path, ["admin", "check", "--config", file])
            }
            let good = try check("http: 127.0.0.1:9090\ndata: \(folder.file("data"))\n")
            #expect(good.status == 0, "\(good.stderr)")
            #expect(text(good).contains("http: 127.0.0.1:9090"))
            for (bad, word) in [
                ("htp: x\n", "unknown setting"), ("tls-certificate: a.pem\n", "TLS needs both"),
                ("tls-certificate: a.pem\ntls-key: b.pem\n", "a.pem"), ("data: /proc/version\n", "no directory"),
            ] {
                let result = try check(bad)
                #expect(result.status == 1, "\(bad)")
                #expect(result.stderr.contains(word), "\(result.stderr)")
            }
        }
    }
}
