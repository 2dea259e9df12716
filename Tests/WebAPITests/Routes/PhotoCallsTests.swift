import HTTPTypes
import Hummingbird
import Sessions
import Testing

@testable import WebAPI

/// Photos over HTTP.
struct PhotoCallsTests {
    private static let picture: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A, 1, 2, 3]

    private static func send(
        _ call: Caller, _ token: String?, _ body: [UInt8] = picture, type: String = "image/png"
    ) async throws -> Reply {
        try await call.send(.post, "/api/v1/customer/photos", token: token, type: type, body: body)
    }

    @Test func aPhotoIsSentListedAndRead() async throws {
        try await WebBench().calls { call in
            let (id, token) = try await call.active()
            let sent = try await Self.send(call, token)
            #expect(sent.status == 201)
            let path = "/api/v1/sessions/\(id)/photos/1"
            #expect(sent.headers[.location] == path && sent["url"] == path && sent["type"] == "image/png")
            let list = try await call.get("/api/v1/sessions/\(id)/photos")
            #expect((list.json["photos"] as? [[String: Any]])?.count == 1)
            for reader in [WebBench.key, token] {
                let read = try await call.get(path, token: reader)
                #expect(read.status == 200)
                #expect(read.headers[.contentType] == "image/png")
                #expect(read.headers[.xContentTypeOptions] == "nosniff")
                #expect(read.headers[.contentSecurityPolicy]?.contains("sandbox") == true)
                #expect(read.headers[.cacheControl]?.contains("no-store") == true)
            }
            for number in ["0", "2", "-1", "x", "99999999999999999999"] {
                #expect(try await call.get("/api/v1/sessions/\(id)/photos/\(number)").code == "PHOTO_NOT_FOUND")
            }
        }
    }

    @Test func whatIsNoPictureIsRefused() async throws {
        try await WebBench().calls { call in
            let (_, token) = try await call.active()
            #expect(try await Self.send(call, token, type: "image/svg+xml").status == 415)
            #expect(try await Self.send(call, token, type: "text/html").status == 415)
            #expect(try await Self.send(call, token, Array("<svg/>".utf8)).status == 422)
            #expect(try await Self.send(call, token, []).status == 422)
            let large = Self.picture + Array(repeating: 0, count: Photo.sizeLimit)
            #expect(try await Self.send(call, token, large).status == 413)
        }
    }

    @Test func strangersNeitherSendNorRead() async throws {
        try await WebBench().calls { call in
            let (id, token) = try await call.active()
            let (_, stranger) = try await call.active("Bob")
            #expect(try await Self.send(call, token).status == 201)
            #expect(try await Self.send(call, WebBench.key).code == "CUSTOMER_ONLY")
            #expect(try await Self.send(call, nil).status == 401)
            for path in ["/api/v1/sessions/\(id)/photos", "/api/v1/sessions/\(id)/photos/1"] {
                #expect(try await call.get(path, token: stranger).status == 403)
                #expect(try await call.get(path, token: nil).status == 401)
            }
        }
    }
}
