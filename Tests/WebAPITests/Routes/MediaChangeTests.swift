import HTTPTypes
import Sessions
import Testing

@testable import WebAPI

/// PATCH of WHIP and WHEP resources (RFC 9725 section 4.3), links and other origins.
struct MediaChangeTests {
    private static let type = "application/trickle-ice-sdpfrag"
    private static let candidates = "a=candidate:1 1 udp 1 192.0.2.1 5000 typ host\r\n"
    private static let restart = "a=ice-ufrag:abcd\r\na=ice-pwd:0123456789012345678901\r\n"

    private func patch(
        _ call: Caller, _ location: String, _ token: String?, _ fragment: String, ifMatch: [String] = [],
        type: String = type
    ) async throws -> Reply {
        var extra = HTTPFields()
        for value in ifMatch { extra.append(HTTPField(name: .ifMatch, value: value)) }
        return try await call.send(
            .patch, location, token: token, type: type, body: Array(fragment.utf8), extra: extra)
    }

    @Test(arguments: ["whip", "whep"])
    func candidatesNeedTheEntityTagAndAnswer204(_ path: String) async throws {
        let bench = try WebBench()
        try await bench.calls { call in
            let (id, token) = try await call.active()
            let location = try #require(try await call.offer("/\(path)/\(id)", token: token).headers[.location])
            for good in [["\"tag-1\""], ["\"other\", \"tag-1\""], ["\"other\"", "\"tag-1\""], ["*"]] {
                let reply = try await patch(call, location, token, Self.candidates, ifMatch: good)
                #expect(reply.status == 204 && reply.text.isEmpty, "\(good): \(reply.text)")
            }
            #expect(await bench.media.lastChange?.fragment == Self.candidates)
            let none = try await patch(call, location, token, Self.candidates)
            #expect(none.status == 428 && none.code == "IF_MATCH_NEEDED")
            for bad in [["\"tag-2\""], ["W/\"tag-1\""]] {
                let reply = try await patch(call, location, token, Self.candidates, ifMatch: bad)
                #expect(reply.status == 412 && reply.code == "ETAG_OUTDATED", "\(bad)")
            }
            #expect(try await patch(call, location, token, Self.candidates, ifMatch: ["tag-1"]).status == 400)
        }
    }

    @Test func aRestartAnswersWithAnotherEntityTag() async throws {
        try await WebBench().calls { call in
            let (id, token) = try await call.active()
            let location = try #require(try await call.offer("/whip/\(id)", token: token).headers[.location])
            let reply = try await patch(call, location, token, Self.restart, ifMatch: ["*"])
            #expect(reply.status == 200 && reply.text == "a=ice-lite\r\n")
            #expect(reply.headers[.contentType] == Self.type && reply.headers[.eTag] == "\"tag-2\"")
            #expect(try await patch(call, location, token, Self.candidates, ifMatch: ["\"tag-1\""]).status == 412)
            #expect(try await patch(call, location, token, Self.candidates, ifMatch: ["\"tag-2\""]).status == 204)
        }
    }

    @Test func whoMayNotIsRefused() async throws {
        let bench = try WebBench()
        try await bench.calls { call in
            let (id, token) = try await call.active()
            let technicians = try #require(
                try await call.offer("/whip/\(id)", token: WebBench.key).headers[.location])
            let (_, stranger) = try await call.active("Bob")
            let match = ["*"]
            #expect(try await patch(call, technicians, nil, Self.restart, ifMatch: match).status == 401)
            #expect(try await patch(call, technicians, token, Self.restart, ifMatch: match).status == 403)
            #expect(try await patch(call, technicians, stranger, Self.restart, ifMatch: match).status == 403)
            let key = WebBench.key
            #expect(
                try await patch(call, technicians, key, Self.restart, ifMatch: match, type: "text/plain").status == 415)
            let large = String(repeating: "a", count: 65 * 1024)
            #expect(try await patch(call, technicians, key, large, ifMatch: match).status == 413)
            let wrongFlow = technicians.replacing("/whip/", with: "/whep/")
            #expect(try await patch(call, wrongFlow, key, Self.restart, ifMatch: match).status == 404)
            #expect(await bench.media.lastChange == nil)
            await bench.media.refuseNext(.unchangeable)
            let sdes = try await patch(call, technicians, key, Self.restart, ifMatch: match)
            #expect(sdes.status == 405 && sdes.headers[.allow] == "DELETE, OPTIONS")
            #expect(try await call.post("/api/v1/sessions/\(id)/end").status == 200)
            #expect(try await patch(call, technicians, key, Self.restart, ifMatch: match).status == 410)
        }
    }

    @Test func ICEServersAreToldToThoseWhoMayOffer() async throws {
        let servers = try ["stun:stun.example.org", "turn:turn.example.org?transport=udp ada secret"].map {
            try #require(ICEServer($0))
        }
        try await WebBench(iceServers: servers).calls { call in
            let (id, token) = try await call.active()
            let links = try await call.offer("/whep/\(id)", token: token).headers[values: .link]
            #expect(
                links == [
                    "<stun:stun.example.org>; rel=\"ice-server\"",
                    "<turn:turn.example.org?transport=udp>; rel=\"ice-server\"; username=\"ada\"; "
                        + "credential=\"secret\"; credential-type=\"password\"",
                ])
            // Whoever asks for the options has shown nothing.
            #expect(try await call.send(.options, "/whep/\(id)").headers[values: .link] == [links[0]])
        }
    }

    @Test(arguments: [
        "", "turn:", "turn:host", "turn:host user", "http://host", "stun:host user secret extra", "stun:a\"b",
        "stun:a>b",
        "turn:host user sec\u{e9}t",
    ])
    func refusesWhatIsNoICEServer(_ text: String) { #expect(ICEServer(text) == nil) }

    @Test func pagesOfOtherOriginsMayUseIt() async throws {
        try await WebBench().calls { call in
            let (id, token) = try await call.active()
            let origin: HTTPFields = [.origin: "https://shop.example"]
            var preflight = origin
            preflight[.accessControlRequestMethod] = "POST"
            let asked = try await call.send(.options, "/whip/\(id)", extra: preflight)
            #expect(asked.status == 204 && asked.headers[.accessControlAllowOrigin] == "*")
            #expect(asked.headers[.accessControlAllowMethods] == "POST, OPTIONS")
            #expect(asked.headers[.accessControlAllowHeaders]?.contains("If-Match") == true)
            // Errors have to be readable too.
            let refused = try await call.send(.post, "/whip/\(id)", type: "application/sdp", extra: origin)
            #expect(refused.status == 401 && refused.headers[.accessControlAllowOrigin] == "*")
            #expect(refused.headers[.accessControlAllowCredentials] == nil)
            let answered = try await call.send(
                .post, "/whip/\(id)", token: token, type: "application/sdp", body: Array(WebBench.sdp.utf8),
                extra: origin)
            #expect(answered.headers[.accessControlExposeHeaders]?.contains("Location") == true)
            // Only media: session calls are for our own pages.
            let other = try await call.send(.get, "/api/v1/sessions/\(id)", token: WebBench.key, extra: origin)
            #expect(other.headers[.accessControlAllowOrigin] == nil)
        }
    }
}
