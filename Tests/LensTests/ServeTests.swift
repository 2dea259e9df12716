import Foundation
import TestSupport
import Testing

extension LensTests {
    @Suite("lens serve") struct ServeTests {
        @Test func helpTeachesByExample() throws {
            let help = try runProcess(LensProcess.path, ["serve", "--help"])
            #expect(help.status == 0)
            let text = String(decoding: help.stdout, as: UTF8.self)
            #expect(text.contains("EXAMPLES"))
            #expect(text.contains("--media-address"))
        }

        @Test func flagsWinOverEnvironmentAndThatOverTheFile() throws {
            let folder = try TemporaryFolder()
            try "http: 127.0.0.1:1111\nmedia-port: 2222\nshards: 3\nsdes-peers: [192.0.2.0/24]\n"
                .write(toFile: folder.file("lens.yaml"), atomically: true, encoding: .utf8)
            let printed = try run(
                ["serve", "--config", folder.file("lens.yaml"), "--http", "127.0.0.1:3333", "--print-config"],
                environment: ["LENS_MEDIA_PORT": "4444"])
            #expect(printed.status == 0)
            #expect(printed.output.contains("http: 127.0.0.1:3333"))
            #expect(printed.output.contains("media-port: 4444"))
            #expect(printed.output.contains("shards: 3"))
            #expect(printed.output.contains("192.0.2.0/24"))
        }

        @Test func printedSettingsNeverShowTheKey() throws {
            let printed = try run(["serve", "--api-key", "very-secret", "--print-config"])
            #expect(printed.status == 0)
            #expect(!printed.output.contains("very-secret"))
        }

        @Test(arguments: [
            (["--http", "nonsense"], "--http nonsense"),
            (["--media-port", "70000"], "--media-port 70000"),
            (["--media-address", "example"], "--media-address example"),
            (["--sdes-peers", "10.0.0.0/64"], "--sdes-peers 10.0.0.0/64"),
            (["--retransmission-memory", "0"], "--retransmission-memory 0"),
            (["--shards", "0"], "--shards 0"),
            (["--log-level", "loud"], "--log-level loud"),
            (["--srtp-backend", "rot13"], "--srtp-backend rot13"),
            (["--udp-offload", "all"], "--udp-offload all"),
            (["--config", "/does/not/exist"], "/does/not/exist"),
            (["--public-url", "ftp://x"], "--public-url"),
        ])
        func aBadSettingIsOneLineThatNamesIt(arguments: [String], named: String) throws {
            let result = try run(["serve"] + arguments)
            #expect(result.status == 1)
            let lines = result.output.split(separator: "\n")
            #expect(lines.count == 1)
            #expect(result.output.contains(named))
        }

        @Test func anUnknownSettingInTheFileIsNamed() throws {
            let folder = try TemporaryFolder()
            try "htp: 127.0.0.1:1\n".write(toFile: folder.file("lens.yaml"), atomically: true, encoding: .utf8)
            let result = try run(["serve", "--config", folder.file("lens.yaml")])
            #expect(result.status == 1)
            #expect(result.output.contains("unknown setting htp"))
        }

        @Test func terminationEndsItCleanlyWithCodeZero() async throws {
            let server = try await TestServer.start()
            #expect(try server.call("GET", "/healthz", body: "").status == 200)
            _ = try server.waitingSession()
            #expect(await server.stop() == 0)
        }

        @Test func theLogNeverShowsTheKey() async throws {
            let server = try await TestServer.start(["--log-level", "trace"])
            _ = try server.invite()
            #expect(await server.stop() == 0)
            #expect(server.process.printed.contains("stopped"))
            #expect(!server.process.printed.contains(TestServer.apiKey))
        }

        /// A whole session at the lowest level: ids and statuses are there, and nothing of people.
        @Test func D8_theLogShowsNoPINAndNothingOfPeople() async throws {
            let folder = try TemporaryFolder()
            let server = try await TestServer.start(["--log-level", "trace", "--data", folder.file("data")])
            let made = try server.call(
                "POST", "/api/v1/sessions",
                body: #"{"type":"lens","name":"Zerbinetta Quux","method":"email","reference":"ref-zyx-77"}"#)
            let (id, pin) = (try #require(made["id"]), try #require(made["pin"]))
            _ = try server.call("GET", "/\(pin)", token: "", body: "")
            _ = try server.call("GET", "/?code=\(pin)", token: "", body: "")
            let joined = try server.call("POST", "/api/v1/join", token: "", body: #"{"pin":"\#(pin)"}"#)
            let token = try #require(joined["token"])
            _ = try server.call(
                "POST", "/api/v1/customer/devices", token: token, body: #"{"camera":true,"microphone":true}"#)
            _ = try server.call(
                "POST", "/api/v1/customer/eula", token: token, body: #"{"version":"1","accepted":true}"#)
            _ = try server.call(
                "POST", "/api/v1/sessions/\(id)/chat", token: token, body: #"{"text":"my secret sentence"}"#)
            _ = try server.call("POST", "/api/v1/sessions/\(id)/start")
            _ = try server.call("POST", "/api/v1/sessions/\(id)/notes", body: #"{"notes":"about the boiler"}"#)
            _ = try server.call(
                "POST", "/api/v1/login", token: "", body: #"{"email":"who@example.org","password":"hunter2hunter2"}"#)
            _ = try server.call("POST", "/api/v1/sessions/\(id)/end")
            #expect(await server.stop() == 0)
            let log = server.process.printed
            for line in ["session: PIN claimed", "session: started", "session: ended"] { #expect(log.contains(line)) }
            #expect(log.contains("session=\(id)"))
            let secret = token.split(separator: ".").last.map { String($0) } ?? token
            for text in [
                pin, secret, "Zerbinetta", "ref-zyx-77", "my secret sentence", "about the boiler", "who@example.org",
                "hunter2",
                TestServer.apiKey,
            ] { #expect(!log.contains(text), "\(text)") }
        }

        @Test func metricsTellHowManySessionsEachShardHolds() async throws {
            let server = try await TestServer.start(["--shards", "2"])
            for _ in 0..<4 {
                let (id, _) = try server.waitingSession()
                let offer = """
                    v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r
                    m=audio 5300 RTP/SAVPF 111\r\na=rtpmap:111 opus/48000/2\r\na=rtcp-mux\r\na=recvonly\r
                    a=crypto:1 AEAD_AES_128_GCM inline:\(Data(0..<28).base64EncodedString())\r\n
                    """
                let answer = try server.call("POST", "/whep/\(id)", body: offer, type: "application/sdp")
                #expect(answer.status == 201, "\(answer.body)")
            }
            let metrics = try server.call("GET", "/metrics", token: "", body: "").body
            for line in [
                "lens_relay_sessions{shard=\"0\"} 2", "lens_relay_sessions{shard=\"1\"} 2",
                "lens_relay_overloaded{shard=\"0\"} 0", "lens_relay_kernel_receive_drops_total{shard=\"1\"} 0",
                "lens_relay_dropped_total{shard=\"1\",reason=\"gate\"} 0",
            ] {
                #expect(metrics.contains(line + "\n"), "\(metrics)")
            }
            #expect(await server.stop() == 0)
        }

        @Test func aPortInUseIsNamedWithTheNextStep() async throws {
            let server = try await TestServer.start()
            let address = server.url.dropFirst("http://".count)
            let second = try run(["serve", "--http", String(address), "--media-port", "0"])
            #expect(second.status == 1)
            #expect(second.output.contains("address already in use"))
            #expect(second.output.contains("--http"))

            let match = try #require(server.process.printed.firstMatch(of: /ports=(\d+)/))
            let third = try run(["serve", "--http", "127.0.0.1:0", "--media-port", String(match.1), "--shards", "1"])
            #expect(third.status == 1)
            #expect(third.output.contains("address already in use"))
            #expect(third.output.contains("--media-port"))
            #expect(await server.stop() == 0)
        }

        /// Runs a command to its end with output and errors together.
        private func run(
            _ arguments: [String], environment: [String: String] = [:]
        ) throws -> (status: Int32, output: String) {
            let assignments = environment.map { "\($0.key)=\($0.value)" }
            let result = try runProcess("/usr/bin/env", assignments + [LensProcess.path] + arguments)
            return (result.status, String(decoding: result.stdout, as: UTF8.self) + result.stderr)
        }
    }
}
