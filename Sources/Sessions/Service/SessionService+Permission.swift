/// Who may do what with a session.
extension SessionService {
    /// What a technician or an automation wants with a session. API keys may do everything.
    enum Purpose {
        /// To read it, to start it (D20).
        case reach
        /// To hold, resume or end it.
        case command
        /// To see and hear its media.
        case hear
        /// What its creator alone may do: the PIN is theirs (D20).
        case own
    }

    /// - Throws: `notFound`, `technicianOnly`, `notYours`, `loginEnded`.
    func permit(_ purpose: Purpose, _ id: SessionID, by principal: Principal) async throws(SessionError) {
        switch principal {
        case .apiKey: return
        case .customer: throw .technicianOnly
        case .technician(let technician):
            let access = try await accounts.access(of: technician)
            guard let session = try await store.find(id) else { throw .notFound }
            let isPermitted =
                switch purpose {
                case .reach: access.reaches(session)
                case .command: access.commands(session)
                case .hear: access.hears(session)
                case .own: session.owner == principal
                }
            guard isPermitted else { throw .notYours }
        }
    }

    /// What a technician may do; nil for an automation, which may do everything.
    /// - Throws: `technicianOnly`, `loginEnded`.
    func access(of principal: Principal) async throws(SessionError) -> Access? {
        switch principal {
        case .apiKey: nil
        case .technician(let id): try await accounts.access(of: id)
        case .customer: throw .technicianOnly
        }
    }

    /// Applies an event for somebody who may do that, then acts.
    func apply(
        _ event: SessionEvent, to id: SessionID, by principal: Principal, for purpose: Purpose
    ) async throws(SessionError) -> LensSession {
        try await exclusively(id) { () async throws(SessionError) in
            try await permit(purpose, id, by: principal)
            return try await change(id, event, by: Actor(principal))
        }
    }
}
