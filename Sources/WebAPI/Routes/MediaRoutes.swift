import HTTPTypes
import Hummingbird
import NIOCore
import Sessions

/// Media signalling: WHIP (RFC 9725) to publish, WHEP (draft-ietf-wish-whep) to play. The SDP passes through as text.
/// Changing a resource by PATCH is not offered, which RFC 9725 §4.3 has answered with 405.
struct MediaRoutes: Sendable {
    let call: CallReader
    let sessions: SessionService

    func add(to routes: RouteBuilder) {
        add("whip", .publish, to: routes)
        add("whep", .play, to: routes)
    }

    private func add(_ name: String, _ flow: MediaFlow, to routes: RouteBuilder) {
        let endpoint = "/\(name)/{session}"
        let resource = endpoint + "/{resource}"
        routes.on(.post, endpoint, ended: .gone) { request, context in
            let principal = try await call.principal(of: request)
            let id = try call.session(in: context)
            let answer = try await sessions.accept(
                sdp: call.sdp(from: request), flow: flow, session: id, by: principal,
                clientAddress: context.client.address, requestIsPrivate: context.client.isPrivate)
            return Response(
                status: .created,
                headers: [
                    .contentType: "application/sdp", .location: "/\(name)/\(id)/\(answer.resource)",
                    .eTag: "\"\(answer.entityTag)\"", .cacheControl: "no-store",
                ],
                body: .init(byteBuffer: ByteBuffer(string: answer.sdp)))
        }
        routes.on(.options, endpoint) { _, _ in
            Response(status: .noContent, headers: [.allow: "POST, OPTIONS", .acceptPost: "application/sdp"])
        }
        routes.on(.delete, resource, ended: .gone) { request, context in
            let principal = try await call.principal(of: request)
            let id = try call.session(in: context)
            try await sessions.remove(
                resource: context.parameters.get("resource") ?? "", flow: flow, session: id, by: principal)
            return Response(status: .ok)
        }
        routes.on(.options, resource) { _, _ in
            Response(status: .noContent, headers: [.allow: "DELETE, OPTIONS"])
        }
    }
}
