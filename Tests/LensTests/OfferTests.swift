import Foundation
import TestSupport
import Testing

extension LensTests {
    /// Offers and calls that are wrong, made to a real server with its real relay.
    @Suite("offers") struct OfferTests {
        private static let key = Data((0..<28).map { UInt8($0) }).base64EncodedString()

        /// An offer as equipment would write it; the arguments put one thing wrong.
        private func offer(
            _ direction: String, address: String = "127.0.0.1", port: Int = 5004, transport: String = "RTP/SAVPF",
            codec: String = "VP8/90000", crypto: String = "1 AEAD_AES_128_GCM inline:\(key)",
            ssrc: String? = "a=ssrc:99 cname:x"
        ) -> String {
            let lines = [
                "v=0", "o=- 1 1 IN IP4 127.0.0.1", "s=-", "c=IN IP4 \(address)", "t=0 0",
                "m=video \(port) \(transport) 96",
                "a=rtpmap:96 \(codec)", "a=rtcp-mux", "a=\(direction)", "a=crypto:\(crypto)",
            ]
            return (lines + [ssrc].compactMap { $0 }).joined(separator: "\r\n") + "\r\n"
        }

        @Test func wrongOffersAreRefusedByNameAndTheSessionGoesOn() async throws {
            let server = try await TestServer.start()
            let (id, token) = try server.waitingSession()
            func whip(_ sdp: String) throws -> TestServer.Answer {
                try server.call("POST", "/whip/\(id)", token: token, body: sdp, type: "application/sdp")
            }
            let headOnly = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n"
            let cases: [(String, Int)] = [
                ("", 400),
                ("this is not SDP", 400),
                (headOnly, 422),
                (offer("sendonly", codec: "H264/90000"), 406),
                (offer("sendonly", crypto: "1 AEAD_AES_128_GCM inline:notbase64!"), 400),
                (offer("sendonly", crypto: "1 AEAD_AES_128_GCM inline:AAAA"), 400),
                (offer("sendonly", crypto: "1 NULL_CIPHER inline:\(Self.key)"), 406),
                (offer("sendonly", transport: "RTP/AVP"), 406),
                (offer("recvonly"), 422),
                (offer("sendonly", address: "0.0.0.0", port: 9, ssrc: nil), 422),
                (headOnly + String(repeating: "a=x:y\r\n", count: 20_000), 413),
            ]
            for (sdp, status) in cases {
                let answer = try whip(sdp)
                #expect(answer.status == status, "\(sdp.prefix(300))\n\(answer.body)")
                #expect(answer.headers["content-type"]?.hasPrefix("application/problem+json") == true)
                #expect(!(answer["title"].isEmpty && answer["detail"].isEmpty))
            }
            let good = try whip(offer("sendonly"))
            #expect(good.status == 201)
            #expect(good.headers["location"]?.hasPrefix("/whip/\(id)/") == true)
            #expect(good.headers["etag"] != nil)
            #expect(await server.stop() == 0)
        }

        @Test func aPlayerIsOnlySentMediaWhereTheCallerIsOrWherePeersAreAllowed() async throws {
            let closed = try await TestServer.start()
            let (id, _) = try closed.waitingSession()
            func whep(_ server: TestServer, _ id: String, _ address: String) throws -> TestServer.Answer {
                try server.call(
                    "POST", "/whep/\(id)", body: offer("recvonly", address: address, ssrc: nil), type: "application/sdp"
                )
            }
            #expect(try whep(closed, id, "192.0.2.7").status == 403)
            #expect(try whep(closed, id, "127.0.0.2").status == 403)
            #expect(try whep(closed, id, "127.0.0.1").status == 201)
            #expect(await closed.stop() == 0)

            let open = try await TestServer.start(["--sdes-peers", "127.0.0.2/32"])
            let (second, _) = try open.waitingSession()
            #expect(try whep(open, second, "127.0.0.2").status == 201)
            #expect(try whep(open, second, "192.0.2.7").status == 403)
            #expect(await open.stop() == 0)
        }

        @Test func callsForTheWrongSessionOrInTheWrongPhaseAreRefused() async throws {
            let server = try await TestServer.start()
            let (first, firstToken) = try server.waitingSession()
            let (second, secondToken) = try server.waitingSession()
            func whip(_ id: String, _ token: String) throws -> TestServer.Answer {
                try server.call("POST", "/whip/\(id)", token: token, body: offer("sendonly"), type: "application/sdp")
            }
            #expect(try whip("nothing", TestServer.apiKey).status == 404)
            #expect(try whip(first, secondToken).status == 403)
            #expect(try whip(first, "rubbish").status == 401)
            #expect(try whip(first, firstToken).status == 201)

            let (unready, pin) = try server.invite()
            let joined = try server.call("POST", "/api/v1/join", token: "", body: #"{"pin":"\#(pin)"}"#)
            let early = try whip(unready, joined["token"])
            #expect(early.status == 403)
            #expect(!early["code"].isEmpty)

            #expect(try server.call("POST", "/api/v1/sessions/\(first)/start").status == 200)
            #expect(try server.call("POST", "/api/v1/sessions/\(first)/start").status == 409)
            #expect(try server.call("POST", "/api/v1/sessions/\(first)/end").status == 200)
            #expect([403, 404, 409, 410].contains(try whip(first, firstToken).status))
            #expect(try whip(second, secondToken).status == 201)
            #expect(await server.stop() == 0)
        }

        @Test func aSecondOfferReplacesTheFirstWhoseResourceIsGone() async throws {
            let server = try await TestServer.start()
            let (id, token) = try server.waitingSession()
            func whip() throws -> String {
                let answer = try server.call(
                    "POST", "/whip/\(id)", token: token, body: offer("sendonly"), type: "application/sdp")
                #expect(answer.status == 201)
                return answer.headers["location"] ?? ""
            }
            let old = try whip()
            let new = try whip()
            #expect(old != new)
            #expect(try server.call("DELETE", old, token: token, body: "").status == 404)
            #expect(try server.call("DELETE", new, token: token, body: "").status == 200)
            #expect(try server.call("DELETE", new, token: token, body: "").status == 404)
            #expect(await server.stop() == 0)
        }
    }
}
