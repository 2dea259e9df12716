import HTTPTypes
import Sessions
import Testing

@testable import WebAPI

struct MediaCallsTests {
    @Test func anOfferAnswers201WithLocationEntityTagAndSDP() async throws {
        let bench = try WebBench()
        try await bench.calls { call in
            let (id, token) = try await call.active()
            for (path, token, side, flow) in [
                ("whip", token, MediaSide.customer, MediaFlow.publish), ("whep", token, .customer, .play),
                ("whip", WebBench.key, .technician, .publish), ("whep", WebBench.key, .technician, .play),
            ] {
                let reply = try await call.offer("/\(path)/\(id)", token: token)
                #expect(reply.status == 201, "\(reply.text)")
                #expect(reply.headers[.contentType] == "application/sdp")
                #expect(reply.headers[.eTag] == "\"tag-1\"")
                #expect(reply.text.hasPrefix("v=0\r\n") && reply.text.contains("m=audio 7000"))
                let location = try #require(reply.headers[.location])
                #expect(location.hasPrefix("/\(path)/\(id)/resource-"))
                let offer = try #require(await bench.media.lastOffer)
                #expect(
                    offer.side == side && offer.flow == flow && offer.sdp == WebBench.sdp && offer.session.text == id)
                #expect(try await call.send(.delete, location, token: token).status == 200)
                #expect(try await call.send(.delete, location, token: token).status == 404)
            }
        }
    }

    @Test func D14_mediaBeforeItsTimeAnswers403WithACode() async throws {
        try await WebBench().calls { call in
            let (id, pin) = try await call.create()
            let token = try await call.join(pin)
            func refusal(_ path: String, _ token: String) async throws -> String {
                let reply = try await call.offer("/\(path)/\(id)", token: token)
                return "\(reply.status) \(reply.code ?? "none")"
            }
            for path in ["whip", "whep"] {
                #expect(try await refusal(path, token) == "403 EULA_NEEDED")
                #expect(try await refusal(path, WebBench.key) == "403 SESSION_NOT_WAITING")
            }
            _ = try await call.acceptLicence(token)
            #expect(try await call.offer("/whip/\(id)", token: token).status == 201)
            #expect(try await refusal("whep", WebBench.key) == "403 SESSION_NOT_WAITING")
            _ = try await call.grantDevices(token)
            #expect(try await call.offer("/whep/\(id)", token: WebBench.key).status == 201)
        }
    }

    @Test func S21_theGateOpensOnStartOnly() async throws {
        let bench = try WebBench()
        try await bench.calls { call in
            let (id, token) = try await call.waiting()
            _ = try await call.offer("/whip/\(id)", token: token)
            _ = try await call.offer("/whep/\(id)", token: WebBench.key)
            #expect(await bench.media.openGates.isEmpty)
            let started = try await call.post("/api/v1/sessions/\(id)/start", "{}")
            #expect(await bench.media.openGates.map(\.text) == [id])
            #expect(started.object("media")?["packetsDroppedAtGate"] as? Int == 3)
            #expect(started.object("media")?["mediaBytesForwardedBeforeStart"] as? Int == 0)
        }
    }

    @Test func afterTheEndMediaIsGone() async throws {
        try await WebBench().calls { call in
            let (id, token) = try await call.active()
            let location = try #require(try await call.offer("/whip/\(id)", token: token).headers[.location])
            #expect(try await call.post("/api/v1/sessions/\(id)/end").status == 200)
            for path in ["whip", "whep"] {
                for token in [token, WebBench.key] {
                    let reply = try await call.offer("/\(path)/\(id)", token: token)
                    #expect(reply.status == 410 && reply.code == "SESSION_ENDED")
                }
            }
            #expect(try await call.send(.delete, location, token: token).status == 410)
        }
    }

    @Test func aSecondOfferReplacesTheFirstWhoseResourceAnswers404() async throws {
        try await WebBench().calls { call in
            let (id, token) = try await call.active()
            let first = try #require(try await call.offer("/whip/\(id)", token: token).headers[.location])
            let second = try #require(try await call.offer("/whip/\(id)", token: token).headers[.location])
            #expect(first != second)
            let gone = try await call.send(.delete, first, token: token)
            #expect(gone.status == 404 && gone.code == "RESOURCE_NOT_FOUND")
            let crossed = second.replacing("/whip/", with: "/whep/")
            #expect(try await call.send(.delete, crossed, token: token).status == 404)
            #expect(try await call.send(.delete, second, token: token).status == 200)
        }
    }

    @Test func aTokenOfAnotherSessionAnswers403() async throws {
        try await WebBench().calls { call in
            let (id, token) = try await call.active("one")
            let (otherID, otherToken) = try await call.active("two")
            let location = try #require(try await call.offer("/whip/\(id)", token: token).headers[.location])
            for path in ["whip", "whep"] {
                let reply = try await call.offer("/\(path)/\(otherID)", token: token)
                #expect(reply.status == 403 && reply.code == "TOKEN_NOT_FOR_SESSION")
            }
            #expect(try await call.send(.delete, location, token: otherToken).status == 403)
            let voice = try #require(try await call.offer("/whip/\(id)", token: WebBench.key).headers[.location])
            #expect(try await call.send(.delete, voice, token: token).status == 403)
        }
    }

    @Test func whatTheMediaSideRefusesKeepsItsStatus() async throws {
        let bench = try WebBench()
        try await bench.calls { call in
            let (id, token) = try await call.active()
            let cases: [(MediaGatewayError, Int, String)] = [
                (.malformed("x"), 400, "SDP_MALFORMED"), (.unprocessable("x"), 422, "SDP_UNPROCESSABLE"),
                (.unsupported("x"), 406, "SDP_UNSUPPORTED"), (.forbidden(code: "ADDRESS", "x"), 403, "ADDRESS"),
                (.notFound, 404, "RESOURCE_NOT_FOUND"), (.overloaded(retryAfterSeconds: 7), 503, "MEDIA_OVERLOADED"),
                (.failed("x"), 500, "MEDIA_FAILED"),
            ]
            for (error, status, code) in cases {
                await bench.media.refuseNext(error)
                let reply = try await call.offer("/whip/\(id)", token: token)
                #expect(reply.status == status && reply.code == code, "\(error)")
                #expect(reply.headers[.retryAfter] == (status == 503 ? "7" : nil))
                #expect(try await call.offer("/whip/\(id)", token: token).status == 201, "after \(error)")
            }
        }
    }

    @Test func anOverloadedRelayAnswers503ToNewSessionsAndServesTheOthers() async throws {
        let bench = try WebBench()
        try await bench.calls { call in
            let (id, token) = try await call.active()
            #expect(try await call.offer("/whip/\(id)", token: token).status == 201)
            let (unplaced, _) = try await call.active("Bob")
            let invited = try await call.create("Eve")
            let invitation = #"{"type":"lens","name":"Zoe","method":"pin"}"#
            let join = #"{"pin":"\#(invited.pin)"}"#

            await bench.media.setFull(true)
            for reply in [
                try await call.post("/api/v1/sessions", invitation),
                try await call.post("/api/v1/join", token: nil, join),
                try await call.offer("/whep/\(unplaced)", token: WebBench.key),
            ] {
                #expect(reply.status == 503 && reply.code == "MEDIA_OVERLOADED", "\(reply.text)")
                #expect(reply.headers[.retryAfter] == "7")
                #expect(reply["detail"]?.contains("7 seconds") == true)
            }
            #expect(try await call.post("/api/v1/sessions", token: nil, invitation).status == 401)
            #expect(try await call.post("/api/v1/join", token: token, "{}").status == 200)
            #expect(try await call.offer("/whip/\(id)", token: token).status == 201)
            #expect(try await call.offer("/whep/\(id)", token: WebBench.key).status == 201)
            #expect(try await call.get("/readyz", token: nil).status == 200)

            await bench.media.setFull(false)
            #expect(try await call.post("/api/v1/join", token: nil, join).status == 200)
            #expect(try await call.post("/api/v1/sessions", invitation).status == 201)
        }
    }

    @Test func offersThatAreNotSDPAreRefused() async throws {
        try await WebBench().calls { call in
            let (id, token) = try await call.active()
            let path = "/whip/\(id)"
            for type in [nil, "application/json", "text/plain", "application/sdpx", ""] {
                let reply = try await call.send(.post, path, token: token, type: type, body: Array(WebBench.sdp.utf8))
                #expect(reply.status == 415, "\(type ?? "none")")
            }
            #expect(try await call.offer(path, token: token, "").status == 400)
            #expect(try await call.offer(path, token: token, "hello").code == "SDP_MALFORMED")
            let binary = try await call.send(.post, path, token: token, type: "application/sdp", body: [0xFF, 0xFE, 0])
            #expect(binary.status == 400)
            let large = [UInt8](repeating: 0x61, count: 64 * 1024 + 1)
            let tooLarge = try await call.send(.post, path, token: token, type: "application/sdp", body: large)
            #expect(tooLarge.status == 413)
            let fits = Array(WebBench.sdp.utf8) + [UInt8](repeating: 0x0A, count: 64 * 1024 - WebBench.sdp.utf8.count)
            #expect(
                try await call.send(.post, path, token: token, type: "Application/SDP; a=b", body: fits).status == 201)
        }
    }

    @Test func OPTIONSNeedsNoToken() async throws {
        try await WebBench().calls { call in
            let id = String(repeating: "0", count: 32)
            let endpoint = try await call.send(.options, "/whip/\(id)")
            #expect(endpoint.status == 204)
            #expect(endpoint.headers[.allow] == "POST, OPTIONS" && endpoint.headers[.acceptPost] == "application/sdp")
            let resource = try await call.send(.options, "/whep/\(id)/x")
            #expect(resource.headers[.allow] == "PATCH, DELETE, OPTIONS")
            #expect(resource.headers[.acceptPatch] == "application/trickle-ice-sdpfrag")
        }
    }

    @Test func otherMethodsAnswer405() async throws {
        try await WebBench().calls { call in
            let (id, token) = try await call.active()
            let location = try #require(try await call.offer("/whip/\(id)", token: token).headers[.location])
            let put = try await call.send(.put, location, token: token, type: "application/sdp")
            #expect(put.status == 405 && put.headers[.allow] == "PATCH, DELETE, OPTIONS")
            for method in [HTTPRequest.Method.get, .put, .patch, .delete] {
                let reply = try await call.send(method, "/whip/\(id)", token: token)
                #expect(reply.status == 405 && reply.headers[.allow] == "POST, OPTIONS", "\(method)")
            }
        }
    }

    @Test func unknownSessionsAnswer404() async throws {
        try await WebBench().calls { (call) async throws in
            for id in [String(repeating: "0", count: 32), "x"] {
                #expect(try await call.offer("/whip/\(id)", token: WebBench.key).code == "SESSION_NOT_FOUND")
                #expect(try await call.send(.delete, "/whip/\(id)/r", token: WebBench.key).code == "SESSION_NOT_FOUND")
            }
        }
    }
}
