import Foundation
import TestSupport
import Testing

/// Whole calls with the server, the customer and the technician in processes of their own.
extension LensTests {
    @Suite("calls") struct CallTests {
        @Test func S54_S55_S56_aLiveCallIsSeenAndHeardOnBothSides() async throws {
            let server = try await TestServer.start()
            let folder = try TemporaryFolder()
            let (id, pin) = try server.invite()
            let technician = try technician(
                server, id, duration: 6, folder,
                [
                    "--source", Fixtures.path("customer.ivf"), "--capture-log", folder.file("capture.jsonl"), "--voice",
                    Fixtures.path("technician.ogg"),
                ])
            let customer = try customer(
                server, pin, duration: 20,
                ["--capture-log", folder.file("capture.jsonl"), "--report", folder.file("customer.json")])
            #expect(await technician.exitStatus() == 0, "\(technician.printed)")
            _ = try server.call("POST", "/api/v1/sessions/\(id)/end")
            #expect(await customer.exitStatus() == 0, "\(customer.printed)")

            let report = try json(folder.file("report.json"))
            #expect(report["schema"] as? String == "lens.feed/1")
            #expect(report["srtpProfile"] as? String == "AEAD_AES_128_GCM")
            let video = try #require(report["video"] as? [String: Any])
            #expect((video["framesDecoded"] as? Int ?? 0) > 60)
            #expect(video["packetsLost"] as? Int == 0)
            let psnr = try #require(video["psnrY"] as? [String: Any])
            #expect((psnr["mean"] as? Double ?? 0) >= 32)
            let audio = try #require(report["audio"] as? [String: Any])
            #expect((audio["packetsReceived"] as? Int ?? 0) > 100)
            #expect(FileManager.default.fileExists(atPath: folder.file("snapshot.png")))
            #expect(await server.stop() == 0)
        }

        @Test func aServerThatIsGoneInMidCallIsAClearError() async throws {
            let server = try await TestServer.start()
            let folder = try TemporaryFolder()
            let (id, pin) = try server.invite()
            let technician = try technician(server, id, duration: 120, folder)
            let customer = try customer(server, pin, duration: 120)
            try await waitUntil { try server.session(id)["status"] == "Active" }
            try await waitUntil {
                ((try server.session(id).json["media"] as? [String: Any])?["packetsForwarded"] as? Int ?? 0) > 20
            }
            server.process.kill()
            #expect(await technician.exitStatus() == 1)
            #expect(await customer.exitStatus() == 1)
            #expect(technician.printed.contains("server"))
            #expect(customer.printed.contains("server"))
        }

        @Test func aCallEndedByTheTechnicianEndsTheCustomerCleanly() async throws {
            let server = try await TestServer.start()
            let folder = try TemporaryFolder()
            let (id, pin) = try server.invite()
            let customer = try customer(server, pin, duration: 120)
            let technician = try technician(server, id, duration: 3, folder)
            #expect(await technician.exitStatus() == 0, "\(technician.printed)")
            _ = try server.call("POST", "/api/v1/sessions/\(id)/end")
            #expect(await customer.exitStatus() == 0, "\(customer.printed)")
            #expect(try server.session(id)["status"] == "Closed")
            #expect(await server.stop() == 0)
        }

        @Test func S35_S53_aTechnicianLogsInWithTheirOwnPassword() async throws {
            let server = try await TestServer.start()
            let folder = try TemporaryFolder()
            let made = try server.call(
                "POST", "/api/v1/technicians", body: #"{"email":"tess@example.org","name":"Tess","group":"support"}"#)
            let drawn = try #require(made["password"])
            func login(_ password: String) throws -> String {
                let answer = try server.call(
                    "POST", "/api/v1/login", token: "",
                    body: #"{"email":"tess@example.org","password":"\#(password)"}"#)
                return try #require(answer["token"])
            }
            let password = "a password of her own"
            let changed = try server.call(
                "PUT", "/api/v1/me/password", token: login(drawn),
                body: #"{"old":"\#(drawn)","new":"\#(password)"}"#)
            #expect(changed.status == 204)
            let session = try server.call(
                "POST", "/api/v1/sessions", token: login(password),
                body: #"{"type":"lens","name":"Ada","method":"pin"}"#)
            let (id, pin) = (try #require(session["id"]), try #require(session["pin"]))
            let arguments = ["technician", "--server", server.url, "--email", "tess@example.org", "--session", id]
            let refused = try LensProcess(arguments, environment: ["LENS_PASSWORD": "wrong"])
            #expect(await refused.exitStatus() == 1)
            #expect(refused.printed.contains("LOGIN_REFUSED") || refused.printed.contains("password"))
            let customer = try customer(server, pin, duration: 60)
            let technician = try LensProcess(
                arguments + ["--duration", "3", "--output", folder.path], environment: ["LENS_PASSWORD": password])
            #expect(await technician.exitStatus() == 0, "\(technician.printed)")
            #expect(try server.session(id)["technician"] == "tess")
            #expect(!technician.printed.contains(password))
            #expect(await customer.exitStatus() == 0, "\(customer.printed)")
            #expect(await server.stop() == 0)
        }

        @Test func whatIsMissingOrBrokenIsOneClearLine() async throws {
            let server = try await TestServer.start()
            let folder = try TemporaryFolder()
            let (_, pin) = try server.invite()
            func fails(_ arguments: [String], naming expected: String) throws {
                let result = try runProcess(LensProcess.path, arguments)
                #expect(result.status != 0)
                #expect(result.stderr.contains(expected), "\(result.stderr)")
            }
            let broken = folder.file("broken.ivf")
            try Data("DKIF but not really".utf8).write(to: URL(fileURLWithPath: broken))
            try fails(["customer", "--server", server.url, "--join", pin, "--video", broken], naming: "broken.ivf")
            try fails(
                ["customer", "--server", server.url, "--join", pin, "--video", folder.file("none.ivf")],
                naming: "none.ivf")
            let video = ["--video", Fixtures.path("small.ivf")]
            try fails(["customer", "--server", server.url, "--join", "000000"] + video, naming: "PIN")
            try fails(["customer", "--server", "http://127.0.0.1:9", "--join", pin] + video, naming: "127.0.0.1:9")
            try fails(
                [
                    "technician", "--server", server.url, "--api-key", "wrong", "--session", "nothing", "--duration",
                    "1",
                ],
                naming: "401")
            try fails(
                [
                    "technician", "--server", server.url, "--api-key", TestServer.apiKey, "--session", "nothing",
                    "--duration",
                    "1",
                ], naming: "404")
            #expect(await server.stop() == 0)
        }

        /// Nine replayed sessions and one live one, all decoded; one of them ends half way. The replayed clip is small, since
        /// nineteen other processes share the machine with the live call.
        @Test func tenSessionsAtOnceLoseNothingAndDoNotNoticeOneAnothersEnd() async throws {
            let server = try await TestServer.start()
            let seconds = 30
            let folders = try (0..<10).map { _ in try TemporaryFolder() }
            var technicians: [LensProcess] = []
            var customers: [LensProcess] = []
            var identifiers: [String] = []
            for index in 0..<10 {
                let (id, pin) = try server.invite()
                identifiers.append(id)
                let replay = ["--replay", "--video", Fixtures.path("small.ivf")]
                let live = ["--video", Fixtures.path("customer.ivf")]
                customers.append(try customer(server, pin, duration: seconds * 4, index == 0 ? live : replay))
                // The ninth is to be ended from outside.
                let duration = index == 9 ? seconds * 4 : seconds
                technicians.append(try technician(server, id, duration: duration, folders[index]))
            }
            try await waitUntil { try server.session(identifiers[9])["status"] == "Active" }
            try await Task.sleep(for: .seconds(seconds / 2))
            #expect(try server.call("POST", "/api/v1/sessions/\(identifiers[9])/end").status == 200)
            _ = await technicians[9].exitStatus()
            for index in 0..<9 {
                #expect(await technicians[index].exitStatus() == 0, "\(technicians[index].printed)")
                let report = try json(folders[index].file("report.json"))
                let video = try #require(report["video"] as? [String: Any])
                #expect((video["framesDecoded"] as? Int ?? 0) > seconds * 20, "session \(index)")
                #expect(video["packetsLost"] as? Int == 0, "session \(index)")
                #expect((report["audio"] as? [String: Any])?["packetsLost"] as? Int == 0, "session \(index)")
            }
            for customer in customers { customer.terminate() }
            for customer in customers { _ = await customer.exitStatus() }
            #expect(await server.stop() == 0)
        }

        private func customer(
            _ server: TestServer, _ pin: String, duration: Int, _ more: [String] = []
        ) throws -> LensProcess {
            try LensProcess(
                [
                    "customer", "--server", server.url, "--join", pin, "--audio", Fixtures.path("customer.ogg"),
                    "--duration",
                    String(duration),
                ] + (more.contains("--video") ? [] : ["--video", Fixtures.path("customer.ivf")]) + more)
        }

        private func technician(
            _ server: TestServer, _ id: String, duration: Int, _ folder: TemporaryFolder, _ more: [String] = []
        ) throws -> LensProcess {
            try LensProcess(
                [
                    "technician", "--server", server.url, "--api-key", TestServer.apiKey, "--session", id, "--duration",
                    String(duration), "--output", folder.path, "--report", folder.file("report.json"),
                ] + more)
        }
    }
}
