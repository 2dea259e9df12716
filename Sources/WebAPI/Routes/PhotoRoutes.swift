import HTTPTypes
import Hummingbird
import NIOCore
import Sessions

/// Photos that the customer sends where the camera cannot be shown live.
struct PhotoRoutes: Sendable {
    let call: CallReader
    let sessions: SessionService

    private struct Album: Encodable {
        let photos: [PhotoBody]
    }

    func add(to routes: RouteBuilder) {
        routes.on(.post, "/api/v1/customer/photos", ended: .gone) { request, _ in
            let principal = try await call.principal(of: request)
            // Before the body: nobody sends megabytes only to be refused.
            guard case .customer(let id) = principal else { throw SessionError.customerOnly }
            try await sessions.session(id, for: principal).permitPhoto()
            let photo = try await sessions.send(NewPhoto(call.photo(from: request)), by: principal)
            var response = JSONAnswer.response(PhotoBody(photo, of: id), status: .created)
            response.headers[.location] = Self.path(photo, of: id)
            return response
        }
        routes.on(.get, "/api/v1/sessions/{session}/photos", ended: .gone) { request, context in
            let principal = try await call.principal(of: request)
            let id = try call.session(in: context)
            let photos = try await sessions.photos(of: id, for: principal)
            return JSONAnswer.response(Album(photos: photos.map { PhotoBody($0, of: id) }))
        }
        routes.on(.get, "/api/v1/sessions/{session}/photos/{number}", ended: .gone) { request, context in
            let principal = try await call.principal(of: request)
            let id = try call.session(in: context)
            guard let number = context.parameters.get("number").flatMap({ Int64($0) }) else {
                throw SessionError.noSuchPhoto
            }
            let found = try await sessions.photo(number, of: id, for: principal)
            return Response(
                status: .ok,
                headers: [
                    .contentType: found.photo.format.rawValue, .cacheControl: "private, no-store",
                    // Whatever a customer sent, it is a picture and nothing that runs.
                    .xContentTypeOptions: "nosniff", .contentSecurityPolicy: "default-src 'none'; sandbox",
                ], body: .init(byteBuffer: ByteBuffer(bytes: found.bytes)))
        }
    }

    static func path(_ photo: Photo, of session: SessionID) -> String {
        "/api/v1/sessions/\(session)/photos/\(photo.number)"
    }
}

/// A photo on the wire, without its bytes.
struct PhotoBody: Encodable {
    let session: String
    let number: Int64
    let at: String
    let type: String
    let bytes: Int
    let url: String

    init(_ photo: Photo, of session: SessionID) {
        self.session = session.text
        number = photo.number
        at = photo.at.rfc3339
        type = photo.format.rawValue
        bytes = photo.size
        url = PhotoRoutes.path(photo, of: session)
    }
}
