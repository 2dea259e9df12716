import HTTPTypes
import Hummingbird
import NIOCore
import Sessions

/// Media signalling: WHIP (RFC 9725) to publish, WHEP (draft-ietf-wish-whep) to play. The SDP passes through as text.
struct MediaRoutes: Sendable {
    let call: CallReader
    let sessions: SessionService
    let iceServers: [ICEServer]

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
            var response = Self.text(
                .created, CallReader.MediaType.sdp, answer.sdp, entityTag: answer.entityTag)
            response.headers[.location] = "/\(name)/\(id)/\(answer.resource)"
            addLinks(to: &response.headers)
            return response
        }
        routes.on(.options, endpoint) { _, _ in
            var headers: HTTPFields = [.allow: "POST, OPTIONS", .acceptPost: CallReader.MediaType.sdp.rawValue]
            addLinks(to: &headers, withCredentials: false)
            return Response(status: .noContent, headers: headers)
        }
        routes.on(.patch, resource, ended: .gone) { request, context in
            let principal = try await call.principal(of: request)
            let change = MediaChange(
                session: try call.session(in: context), resource: context.parameters.get("resource") ?? "",
                fragment: try await call.iceFragment(from: request), condition: try call.condition(of: request))
            let changed = try await sessions.change(change, flow: flow, by: principal)
            guard let fragment = changed.fragment else { return Response(status: .noContent) }
            return Self.text(.ok, CallReader.MediaType.iceFragment, fragment, entityTag: changed.entityTag)
        }
        routes.on(.delete, resource, ended: .gone) { request, context in
            let principal = try await call.principal(of: request)
            let id = try call.session(in: context)
            try await sessions.remove(
                resource: context.parameters.get("resource") ?? "", flow: flow, session: id, by: principal)
            return Response(status: .ok)
        }
        routes.on(.options, resource) { _, _ in
            Response(
                status: .noContent,
                headers: [
                    .allow: "PATCH, DELETE, OPTIONS", .acceptPatch: CallReader.MediaType.iceFragment.rawValue,
                ])
        }
    }

    private static func text(
        _ status: HTTPResponse.Status, _ type: CallReader.MediaType, _ body: String, entityTag: String
    ) -> Response {
        Response(
            status: status,
            headers: [.contentType: type.rawValue, .eTag: "\"\(entityTag)\"", .cacheControl: "no-store"],
            body: .init(byteBuffer: ByteBuffer(string: body)))
    }

    /// RFC 9725 section 4.6. Credentials go to those only who have shown theirs.
    private func addLinks(to headers: inout HTTPFields, withCredentials: Bool = true) {
        for server in iceServers where withCredentials || !server.hasCredentials {
            headers.append(HTTPField(name: .link, value: server.link))
        }
    }
}
