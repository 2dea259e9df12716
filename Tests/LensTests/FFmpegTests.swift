import Foundation
import MediaFiles
import TestSupport
import Testing

/// Debian's ffmpeg, which knows SRTP and SDES but neither ICE nor our code, on either side of a call.
extension LensTests {
    @Suite("ffmpeg") struct FFmpegTests {
        private static let suite = "AES_CM_128_HMAC_SHA1_80"

        /// An offer or a session file with one VP8 stream.
        private func description(_ direction: String, port: Int, key: String, ssrc: Int? = nil) -> String {
            var lines = [
                "v=0", "o=- 1 1 IN IP4 127.0.0.1", "s=ffmpeg", "c=IN IP4 127.0.0.1", "t=0 0",
                "m=video \(port) RTP/SAVP 96",
                "a=rtpmap:96 VP8/90000", "a=\(direction)", "a=crypto:1 \(Self.suite) inline:\(key)",
            ]
            if let ssrc { lines.append("a=ssrc:\(ssrc) cname:ffmpeg") }
            return lines.joined(separator: "\r\n") + "\r\n"
        }

        private func freshKey() -> String {
            Data((0..<30).map { _ in UInt8.random(in: 0...255) }).base64EncodedString()
        }

        @Test func ffmpegAsCustomerIsReceivedAndDecodedByOurTechnician() async throws {
            let server = try await TestServer.start()
            let folder = try TemporaryFolder()
            let (id, token) = try server.waitingSession(microphone: false)
            let key = freshKey()
            let answer = try server.call(
                "POST", "/whip/\(id)", token: token, body: description("sendonly", port: 5004, key: key, ssrc: 4711),
                type: "application/sdp")
            #expect(answer.status == 201)
            let port = try #require(answer.body.firstMatch(of: /m=video (\d+)/)).1

            let technician = try LensProcess([
                "technician", "--server", server.url, "--api-key", TestServer.apiKey, "--session", id, "--duration",
                "8",
                "--output", folder.path, "--report", folder.file("report.json"),
            ])
            try await waitUntilActive(server, id)
            let camera = try startFFmpeg([
                "-re", "-t", "20", "-i", Fixtures.path("customer.ivf"), "-vf", "scale=320:240", "-c:v", "libvpx",
                "-deadline",
                "realtime", "-cpu-used", "8", "-b:v", "300k", "-g", "30", "-ssrc", "4711", "-payload_type", "96", "-f",
                "rtp",
                "-srtp_out_suite", Self.suite, "-srtp_out_params", key, "srtp://127.0.0.1:\(port)?rtcpport=\(port)",
            ])
            let status = await technician.exitStatus()
            camera.terminate()
            camera.waitUntilExit()
            #expect(status == 0, "\(technician.printed)")

            let report = try json(folder.file("report.json"))
            let video = try #require(report["video"] as? [String: Any])
            #expect(video["width"] as? Int == 320)
            #expect(video["height"] as? Int == 240)
            #expect((video["framesDecoded"] as? Int ?? 0) > 30)
            #expect(video["packetsLost"] as? Int == 0)
            #expect((video["psnrY"] as? [String: Any])?["mean"] is NSNull)
            let media = try #require(try server.session(id).json["media"] as? [String: Any])
            #expect(media["mediaBytesForwardedBeforeStart"] as? Int == 0)
            #expect(await server.stop() == 0)
        }

        @Test func ffmpegAsTechnicianPlaysWhatOurCustomerSends() async throws {
            let server = try await TestServer.start()
            let folder = try TemporaryFolder()
            let (id, pin) = try server.invite()
            let customer = try LensProcess([
                "customer", "--server", server.url, "--join", pin, "--video", Fixtures.path("customer.ivf"), "--audio",
                Fixtures.path("customer.ogg"), "--duration", "25", "--srtp", Self.suite,
            ])
            try await waitUntil { try server.session(id)["status"] == "Waiting" }

            let answer = try server.call(
                "POST", "/whep/\(id)", body: description("recvonly", port: 5300, key: freshKey()),
                type: "application/sdp")
            #expect(answer.status == 201, "\(answer.body)")
            let relayKey = try #require(answer.body.firstMatch(of: /inline:([A-Za-z0-9+\/=]+)/)).1
            try description("recvonly", port: 5300, key: String(relayKey))
                .write(toFile: folder.file("play.sdp"), atomically: true, encoding: .utf8)
            let player = try startFFmpeg([
                "-protocol_whitelist", "file,crypto,data,rtp,srtp,udp", "-i", folder.file("play.sdp"), "-frames:v",
                "60", "-c",
                "copy", folder.file("seen.ivf"),
            ])
            #expect(try server.call("POST", "/api/v1/sessions/\(id)/start").status == 200)
            player.waitUntilExit()
            #expect(player.terminationStatus == 0)
            _ = try server.call("POST", "/api/v1/sessions/\(id)/end")
            #expect(await customer.exitStatus() == 0, "\(customer.printed)")

            let probe = try runProcess(
                "ffprobe",
                [
                    "-loglevel", "error", "-count_frames", "-show_entries", "stream=width,height,nb_read_frames", "-of",
                    "csv=p=0",
                    folder.file("seen.ivf"),
                ])
            #expect(String(decoding: probe.stdout, as: UTF8.self).hasPrefix("640,480,60"))
            #expect(await server.stop() == 0)
        }

        private func waitUntilActive(_ server: TestServer, _ id: String) async throws {
            try await waitUntil { try server.session(id)["status"] == "Active" }
        }

        private func startFFmpeg(_ arguments: [String]) throws -> Process {
            let process = Process()
            process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
            process.arguments = ["ffmpeg", "-nostdin", "-y", "-loglevel", "error"] + arguments
            process.standardInput = FileHandle.nullDevice
            process.standardOutput = FileHandle.nullDevice
            process.standardError = FileHandle.nullDevice
            try process.run()
            return process
        }
    }
}

/// Asks until the answer is yes; the test's own limit ends it if it never is.
func waitUntil(_ condition: () throws -> Bool) async throws {
    while try !condition() { try await Task.sleep(for: .milliseconds(50)) }
}

/// A JSON object from a file.
func json(_ path: String) throws -> [String: Any] {
    let data = try Data(contentsOf: URL(fileURLWithPath: path))
    return try JSONSerialization.jsonObject(with: data) as? [String: Any] ?? [:]
}
