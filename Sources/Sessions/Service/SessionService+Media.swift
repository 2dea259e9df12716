/// Media signalling: who may, and when; the media side does the rest.
extension SessionService {
    /// Answers a WHIP (`publish`) or WHEP (`play`) offer. The side is the principal's.
    ///
    /// - Throws: `notYours`, `eulaNeeded`, `mediaTooEarly`, `ended`, `media` with the media side's refusal.
    public func accept(
        sdp: String, flow: MediaFlow, session id: SessionID, by principal: Principal, clientAddress: String,
        requestIsPrivate: Bool
    ) async throws(SessionError) -> MediaAnswer {
        let side = Self.side(of: principal)
        return try await exclusively(id) { () async throws(SessionError) in
            let session = try await self.session(id, for: principal)
            guard try await hears(session, principal) else { throw .notYours }
            try session.permitMedia(of: side)
            let offer = MediaOffer(
                session: id, side: side, flow: flow, sdp: sdp, clientAddress: clientAddress,
                requestIsPrivate: requestIsPrivate)
            let answer: MediaAnswer
            do throws(MediaGatewayError) { answer = try await media.accept(offer) } catch { throw .media(error) }
            resources[id, default: [:]][MediaRole(side: side, flow: flow)] = MediaResource(
                name: answer.resource, holder: principal)
            if session.gateIsOpen { try await openGate(of: session) }
            return answer
        }
    }

    /// Stops a resource. A customer stops only their own.
    public func remove(
        resource: String, flow: MediaFlow, session id: SessionID, by principal: Principal
    ) async throws(SessionError) {
        try await exclusively(id) { () async throws(SessionError) in
            let role = try await self.role(of: resource, flow: flow, session: id, for: principal)
            resources[id]?[role] = nil
            do throws(MediaGatewayError) {
                try await media.remove(resource, session: id)
            } catch .notFound {
                throw .noSuchResource
            } catch {
                throw .media(error)
            }
        }
    }

    /// Changes a resource's ICE. A customer changes only their own.
    public func change(
        _ change: MediaChange, flow: MediaFlow, by principal: Principal
    ) async throws(SessionError) -> MediaChanged {
        try await exclusively(change.session) { () async throws(SessionError) in
            _ = try await role(of: change.resource, flow: flow, session: change.session, for: principal)
            do throws(MediaGatewayError) {
                return try await media.change(change)
            } catch .notFound {
                throw .noSuchResource
            } catch {
                throw .media(error)
            }
        }
    }

    /// The place that a resource has, if the principal may touch it.
    private func role(
        of resource: String, flow: MediaFlow, session id: SessionID, for principal: Principal
    ) async throws(SessionError) -> MediaRole {
        let session = try await self.session(id, for: principal)
        if session.hasEnded { throw .ended }
        guard let role = resources[id]?.first(where: { $0.value.name == resource })?.key, role.flow == flow
        else { throw .noSuchResource }
        if case .customer = principal, role.side != .customer { throw .notYours }
        guard try await hears(session, principal) else { throw .notYours }
        return role
    }

    /// Whether this resource is the present one of its place.
    public func hasResource(
        _ resource: String, flow: MediaFlow, session id: SessionID, by principal: Principal
    ) async throws(SessionError) -> Bool {
        _ = try await session(id, for: principal)
        return resources[id]?.contains { $0.value.name == resource && $0.key.flow == flow } ?? false
    }

    /// Whether a session's media is for them, before Start and after.
    private func hears(_ session: LensSession, _ principal: Principal) async throws(SessionError) -> Bool {
        guard case .technician(let id) = principal else { return true }
        return try await accounts.access(of: id).hears(session)
    }

    /// Takes away what technicians made ready for a session that another one has now started: the customer is shown to the one who
    /// pressed Start.
    func dropOthersMedia(of session: LensSession) async throws(MediaGatewayError) {
        for (role, resource) in resources[session.id] ?? [:] where role.side == .technician {
            guard case .technician(let holder) = resource.holder, holder != session.technician else { continue }
            do throws(MediaGatewayError) {
                try await media.remove(resource.name, session: session.id)
            } catch .notFound {
                // Gone already.
            }
            resources[session.id]?[role] = nil
        }
    }

    /// Refuses new work while the media side has no room for it.
    func requireRoom() async throws(SessionError) {
        do throws(MediaGatewayError) { try await media.admitSession() } catch { throw .media(error) }
    }

    /// The media side saw the customer's connection go or come back (D13).
    public func connectionChanged(
        of id: SessionID, to connection: MediaConnection
    ) async throws(SessionError) -> LensSession {
        try await apply(.connectionChanged(connection), to: id, by: .service)
    }

    /// The media side forwarded the first media after Start.
    public func noteFirstMedia(of id: SessionID) async {
        // One that was started before this service had its first media then.
        guard let session = try? await store.find(id), let started = session.startedAt, started >= beginning else {
            return
        }
        metrics.firstMedia(of: session, at: now())
    }

    /// How many sessions there are of each status.
    public func statusCounts() async throws(SessionError) -> [SessionStatus: Int] { try await store.statusCounts() }

    /// The media side lost the session for good.
    public func mediaFailed(_ id: SessionID) async throws(SessionError) -> LensSession {
        try await apply(.failed, to: id, by: .service)
    }

    static func side(of principal: Principal) -> MediaSide {
        switch principal {
        case .apiKey, .technician: .technician
        case .customer: .customer
        }
    }
}
