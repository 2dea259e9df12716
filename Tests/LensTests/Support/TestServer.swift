import Foundation
import TestSupport

/// A `lens serve` on free ports, and its HTTP calls as a script would make them, through curl.
struct TestServer: Sendable {
    static let apiKey = "test-key"

    let process: LensProcess
    let url: String

    /// Starts a server and waits until it is ready.
    static func start(_ arguments: [String] = []) async throws -> TestServer {
        let process = try LensProcess(
            ["serve", "--http", "127.0.0.1:0", "--media-port", "0"] + arguments,
            environment: ["LENS_API_KEY": apiKey])
        try await process.wait(for: "ready")
        let pattern = /http=(127\.0\.0\.1:\d+)/
        guard let match = process.printed.firstMatch(of: pattern) else {
            throw LensProcess.EndedEarly(needle: "http=", output: process.printed)
        }
        return TestServer(process: process, url: "http://\(match.1)")
    }

    struct Answer {
        var status: Int
        var headers: [String: String]
        var body: String

        /// The body as JSON, empty if it is not an object.
        var json: [String: Any] {
            (try? JSONSerialization.jsonObject(with: Data(body.utf8))) as? [String: Any] ?? [:]
        }
        subscript(_ key: String) -> String { json[key] as? String ?? "" }
    }

    /// Makes a call with curl.
    func call(
        _ method: String, _ path: String, token: String = apiKey, body: String = "{}", type: String = "application/json"
    ) throws -> Answer {
        let folder = try TemporaryFolder()
        try Data(body.utf8).write(to: URL(fileURLWithPath: folder.file("body")))
        let result = try runProcess(
            "curl",
            [
                "-s", "-i", "-X", method, url + path, "-H", "Authorization: Bearer \(token)", "-H",
                "Content-Type: \(type)",
                "--data-binary", "@" + folder.file("body"), "--max-time", "20",
            ])
        guard result.status == 0 else {
            throw SubprocessFailure(description: "curl \(method) \(path) ended with \(result.status): \(result.stderr)")
        }
        let text = String(decoding: result.stdout, as: UTF8.self)
        let parts = text.components(separatedBy: "\r\n\r\n")
        let lines = (parts.first ?? "").components(separatedBy: "\r\n")
        let status = lines.first.flatMap { $0.split(separator: " ").dropFirst().first }.flatMap { Int($0) } ?? 0
        var headers: [String: String] = [:]
        for line in lines.dropFirst() {
            guard let colon = line.firstIndex(of: ":") else { continue }
            headers[line[..<colon].lowercased()] =
                line[line.index(after: colon)...].trimmingCharacters(in: .whitespaces)
        }
        return Answer(status: status, headers: headers, body: parts.dropFirst().joined(separator: "\r\n\r\n"))
    }

    /// A session with its PIN, not claimed yet.
    func invite() throws -> (id: String, pin: String) {
        let session = try call(
            "POST", "/api/v1/sessions", body: #"{"type":"lens","name":"test","method":"pin"}"#)
        guard session.status == 201 else { throw SubprocessFailure(description: session.body) }
        return (session["id"], session["pin"])
    }

    /// A session whose customer has passed every gate: it waits for Start.
    func waitingSession(microphone: Bool = true) throws -> (id: String, token: String) {
        let (id, pin) = try invite()
        let joined = try call("POST", "/api/v1/join", token: "", body: #"{"pin":"\#(pin)"}"#)
        let token = joined["token"]
        let version = (joined.json["eula"] as? [String: Any])?["version"] as? String ?? ""
        _ = try call(
            "POST", "/api/v1/customer/devices", token: token, body: #"{"camera":true,"microphone":\#(microphone)}"#)
        _ = try call(
            "POST", "/api/v1/customer/eula", token: token, body: #"{"version":"\#(version)","accepted":true}"#)
        return (id, token)
    }

    /// The session as the API shows it.
    func session(_ id: String) throws -> Answer { try call("GET", "/api/v1/sessions/\(id)", body: "") }

    /// Ends the server and answers its exit code.
    func stop() async -> Int32 {
        process.terminate()
        return await process.exitStatus()
    }
}

struct SubprocessFailure: Error, CustomStringConvertible {
    let description: String
}

/// A folder that is removed at the end of a test.
final class TemporaryFolder: Sendable {
    let path: String

    init() throws {
        path = NSTemporaryDirectory() + "lens-test-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    func file(_ name: String) -> String { path + "/" + name }
}
