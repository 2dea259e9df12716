import Foundation
import TestSupport
import Testing

@Suite("lens load", .serialized)
struct LoadTests {
    @Test func helpTeachesByExample() throws {
        let help = try runProcess(LensProcess.path, ["load", "--help"])
        #expect(help.status == 0)
        let text = String(decoding: help.stdout, as: UTF8.self)
        for word in [
            "EXAMPLES", "--sdes", "ulimit -n", "--find-capacity", "--video-bitrate", "repeated", "--max-loss",
            "LENS_API_KEY",
        ] {
            #expect(text.contains(word))
        }
    }

    @Test(arguments: [
        (["--sessions", "0"], "--sessions"),
        (["--duration", "0"], "--duration"),
        (["--ramp-up", "0"], "--ramp-up"),
        (["--video-bitrate", "7"], "--video-bitrate"),
        (["--max-loss", "1.5"], "--max-loss"),
        (["--max-p99", "0"], "--max-p99"),
        (["--threads", "0"], "--threads"),
        (["--relay-pid", "0"], "--relay-pid"),
        (["--srtp", "ROT13"], "--srtp"),
        (["--log-level", "loud"], "--log-level loud"),
        (["--audio-only", "--video", "x.ivf"], "--audio-only"),
        (["--no-media", "--find-capacity"], "--no-media"),
        (["--srtp", "AES_CM_128_HMAC_SHA1_32"], "--sdes"),
        (["--max-growth", "1"], "--max-growth"),
        (["--server", "nonsense"], "nonsense"),
        (["--video", "/does/not/exist.ivf"], "/does/not/exist.ivf"),
        (["--audio", Fixtures.path("small.ivf")], "small.ivf"),
        (["--relay-pid", "2147483647"], "--relay-pid"),
    ])
    func aBadArgumentIsNamed(arguments: [String], named: String) throws {
        let result = try load(arguments, url: "http://127.0.0.1:9")
        #expect(result.status != 0)
        #expect(result.output.contains(named))
    }

    @Test func aServerThatIsNotThereIsOneLine() throws {
        let result = try load([], url: "http://127.0.0.1:9")
        #expect(result.status == 1)
        #expect(result.output.split(separator: "\n").count == 1)
        #expect(result.output.contains("lens serve"))
    }

    @Test func aWrongKeyIsOneLine() async throws {
        let server = try await TestServer.start()
        let result = try load(["--sessions", "1"], url: server.url, key: "wrong")
        #expect(result.status == 1)
        #expect(result.output.contains("--api-key"))
        #expect(await server.stop() == 0)
    }

    @Test(arguments: [(1, false), (2, false), (1, true)])
    func wholeSessionsRunWithoutLossAndAreReported(threads: Int, isSDES: Bool) async throws {
        let server = try await TestServer.start()
        let folder = try TemporaryFolder()
        let result = try load(
            [
                "--sessions", "5", "--duration", "3", "--talkback", "--max-p99", "60000", "--threads", "\(threads)",
                "--report", folder.file("load.json"),
            ] + (isSDES ? ["--sdes"] : []), url: server.url)
        #expect(result.status == 0, "\(result.output)")
        let report = try Report(folder.file("load.json"))
        #expect(
            Set(report.json.keys) == [
                "schema", "sessions", "established", "failed", "durationSeconds", "packetsSent", "packetsReceived",
                "packetsLost", "lossRate", "packetsRequested", "packetsRepeated", "latencyMicroseconds", "handshakes",
                "connect_ms", "first_rtp_ms", "relay", "generator", "limitedBy", "ok", "failures",
            ])
        #expect(report.json["schema"] as? String == "lens.load/1")
        #expect(report.json["ok"] as? Bool == true)
        #expect(report.number("sessions") == 5 && report.number("established") == 5 && report.number("failed") == 0)
        #expect(report.number("packetsLost") == 0 && report.number("lossRate") == 0)
        #expect(report.number("packetsReceived") == report.number("packetsSent"))
        // Per session and second: two voices of 50 packets, and 30 frames of video of at least one packet.
        #expect(report.number("packetsSent") >= 5 * 3 * 130 * 0.9)
        #expect(report.number("durationSeconds") >= 3)
        let latency = try #require(report.json["latencyMicroseconds"] as? [String: Double])
        let p50 = try #require(latency["p50"])
        let maximum = try #require(latency["max"])
        #expect(p50 > 0 && p50 <= maximum)
        // The server was found by the port that it listens on.
        let relay = try #require(report.json["relay"] as? [String: Any])
        #expect(try #require(relay["cpuSeconds"] as? Double) > 0)
        #expect(try #require(relay["cpuNanosecondsPerPacket"] as? Double) > 0)
        #expect(try #require(relay["residentBytes"] as? Double) > 1_000_000)
        #expect(try #require(relay["sessionsPerCore"] as? Double) > 0)
        #expect(relay["bytesPerSession"] is Double)
        #expect(relay["residentBytesPerMinute"] is NSNull)
        let generator = try #require(report.json["generator"] as? [String: Any])
        #expect(try #require(generator["cores"] as? Double) > 0)
        let lateness = try #require(generator["latenessMicroseconds"] as? [String: Double])
        #expect(try #require(lateness["p99"]) > 0)
        #expect(report.json["limitedBy"] is NSNull)
        #expect(result.output.contains("frames late by"))
        if isSDES {
            #expect(["handshakes", "connect_ms", "first_rtp_ms"].allSatisfy { report.json[$0] is NSNull })
        } else {
            try expectConnections(report, sessions: 5)
            #expect(result.output.contains("handshakes") && result.output.contains("first RTP"))
        }
        try expectNothingActive(server)
        #expect(await server.stop() == 0)
    }

    @Test func overALimitTheExitCodeSaysSo() async throws {
        let server = try await TestServer.start()
        let folder = try TemporaryFolder()
        let result = try load(
            [
                "--sessions", "1", "--duration", "1", "--audio-only", "--max-p99", "0.000001", "--report",
                folder.file("load.json"), "--relay-pid", "\(server.process.processIdentifier)",
            ], url: server.url)
        #expect(result.status == 1)
        let report = try Report(folder.file("load.json"))
        #expect(report.json["ok"] as? Bool == false)
        let failures = try #require(report.json["failures"] as? [String])
        #expect(failures.contains { $0.contains("99 % of the packets") })
        #expect(report.json["relay"] is [String: Any])
        #expect(await server.stop() == 0)
    }

    @Test func theSearchPrintsItsStepsAndEndsAtTheMaximum() async throws {
        let server = try await TestServer.start()
        let folder = try TemporaryFolder()
        let result = try load(
            [
                "--find-capacity", "--sessions", "1", "--max-sessions", "3", "--duration", "1", "--audio-only",
                "--max-p99", "60000", "--report", folder.file("load.json"),
            ], url: server.url)
        #expect(result.status == 0, "\(result.output)")
        let steps = result.output.split(separator: "\n").filter { $0.contains("packets/s") && $0.hasSuffix("ok") }
        #expect(steps.map { $0.prefix(2) } == ["1 ", "2 ", "3 "])
        #expect(try Report(folder.file("load.json")).number("sessions") == 3)
        try expectNothingActive(server)
        #expect(await server.stop() == 0)
    }

    /// All four legs of each session, and times of the publishing ones, in their order.
    private func expectConnections(_ report: Report, sessions: Int) throws {
        let handshakes = report.json["handshakes"] as? [String: Int]
        #expect(handshakes == ["completed": 4 * sessions, "failed": 0])
        let connect = try #require(report.json["connect_ms"] as? [String: Double])
        let first = try #require(report.json["first_rtp_ms"] as? [String: Double])
        for times in [connect, first] {
            let (p50, p95, maximum) = try (#require(times["p50"]), #require(times["p95"]), #require(times["max"]))
            #expect(p50 > 0 && p50 <= p95 && p95 <= maximum)
        }
        // Nothing is sent before the connection is there.
        #expect(try #require(first["max"]) > #require(connect["p50"]))
    }

    /// Where the relay is not on IPv4's loopback each leg has a socket of its own.
    @Test func legsHaveSocketsOfTheirOwnElsewhere() async throws {
        let server = try await TestServer.start(["--media-address", "::1"])
        let folder = try TemporaryFolder()
        let result = try load(
            [
                "--sessions", "3", "--duration", "2", "--talkback", "--max-p99", "60000", "--report",
                folder.file("load.json"),
            ], url: server.url)
        #expect(result.status == 0, "\(result.output)")
        let report = try Report(folder.file("load.json"))
        try expectConnections(report, sessions: 3)
        #expect(report.number("packetsSent") >= 3 * 2 * 130 * 0.9)
        #expect(report.number("packetsReceived") == report.number("packetsSent"))
        #expect(await server.stop() == 0)
    }

    @Test func whereDescriptorsRunOutItIsSaidHowManyAreNeeded() async throws {
        let server = try await TestServer.start(["--media-address", "::1"])
        let arguments = [
            "load", "--api-key", TestServer.apiKey, "--server", server.url, "--sessions", "40", "--no-media",
            "--duration", "0.1",
        ]
        let result = try runProcess(
            "bash", ["-c", "ulimit -n 400; exec \"$@\"", "limited", LensProcess.path] + arguments + Self.media)
        #expect(result.status == 1)
        let output = String(decoding: result.stdout, as: UTF8.self) + result.stderr
        // Four legs a session, and what a process has besides.
        #expect(output.contains("each of the 160 legs"), "\(output)")
        #expect(output.contains("ulimit -n 416"), "\(output)")
        #expect(await server.stop() == 0)
    }

    @Test func aRelayThatCannotBeReachedFailsTheSessions() async throws {
        // Of a network that nobody has (RFC 5737).
        let server = try await TestServer.start(["--media-address", "203.0.113.7"])
        let folder = try TemporaryFolder()
        let result = try load(
            ["--sessions", "2", "--duration", "1", "--audio-only", "--report", folder.file("load.json")],
            url: server.url)
        #expect(result.status == 1)
        let report = try Report(folder.file("load.json"))
        #expect(report.number("established") == 0 && report.number("failed") == 2)
        let handshakes = try #require(report.json["handshakes"] as? [String: Int])
        #expect(handshakes["completed"] == 0 && (handshakes["failed"] ?? 0) >= 2)
        #expect(result.output.contains("--media-address"), "\(result.output)")
        try expectNothingActive(server)
        #expect(await server.stop() == 0)
    }

    @Test(arguments: [[], ["--sdes"]] as [[String]])
    func sessionsWithoutMediaAreHeldAndEnded(keys: [String]) async throws {
        let server = try await TestServer.start()
        let result = try load(["--sessions", "20", "--duration", "0.5", "--no-media"] + keys, url: server.url)
        #expect(result.status == 0, "\(result.output)")
        #expect(result.output.contains("80 done, 0 failed") == keys.isEmpty)
        #expect(result.output.contains("20 of 20"))
        #expect(result.output.contains("sent 0"))
        #expect(result.output.contains("KiB a session"))
        try expectNothingActive(server)
        #expect(await server.stop() == 0)
    }

    @Test func interruptedItEndsItsSessions() async throws {
        let server = try await TestServer.start()
        let process = try LensProcess(
            ["load", "--server", server.url, "--sessions", "2", "--duration", "600"] + Self.media,
            environment: ["LENS_API_KEY": TestServer.apiKey])
        try await process.wait(for: "2 sessions")
        process.terminate()
        _ = await process.exitStatus()
        try expectNothingActive(server)
        #expect(await server.stop() == 0)
    }

    // MARK: - Support

    private static let media = ["--video", Fixtures.path("customer.ivf"), "--audio", Fixtures.path("customer.ogg")]

    private struct Report {
        let json: [String: Any]

        init(_ path: String) throws {
            let data = try Data(contentsOf: URL(fileURLWithPath: path))
            json = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
        }

        func number(_ key: String) -> Double { (json[key] as? NSNumber)?.doubleValue ?? .nan }
    }

    private func expectNothingActive(_ server: TestServer) throws {
        let list = try server.call("GET", "/api/v1/sessions?status=Active", body: "")
        #expect(list.status == 200)
        #expect((list.json["sessions"] as? [Any])?.count == 0)
    }

    /// Runs the command to its end; fixtures stand in for media that the arguments do not name.
    private func load(
        _ arguments: [String], url: String, key: String = TestServer.apiKey
    ) throws -> (status: Int32, output: String) {
        var all = ["load", "--api-key", key]
        if !arguments.contains("--server") { all += ["--server", url] }
        if !arguments.contains("--video"), !arguments.contains("--audio-only") { all += Self.media.prefix(2) }
        if !arguments.contains("--audio") { all += Self.media.suffix(2) }
        let result = try runProcess(LensProcess.path, all + arguments)
        return (result.status, String(decoding: result.stdout, as: UTF8.self) + result.stderr)
    }
}
