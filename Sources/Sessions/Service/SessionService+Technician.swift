/// The technician's calls.
extension SessionService {
    /// Makes an invite with its PIN (S43).
    ///
    /// - Throws: `media` with `overloaded` while the media side has no room for another session.
    public func create(_ request: NewSession, by principal: Principal) async throws(SessionError) -> LensSession {
        try Self.requireTechnician(principal)
        guard request.method != .email else { throw .mailUnavailable }
        try await requireRoom()
        return try await withFreshPIN { (pin, expiresAt) async throws(SessionError) in
            let session = LensSession(
                id: drawID(), request: request, owner: principal, pin: pin, pinExpiresAt: expiresAt, createdAt: now())
            try await store.create(session, by: Actor(principal))
            return session
        }
    }

    /// One session; a customer sees their own.
    public func session(_ id: SessionID, for principal: Principal) async throws(SessionError) -> LensSession {
        if case .customer(let own) = principal, own != id { throw .notYours }
        guard let session = try await store.find(id) else { throw .notFound }
        return session
    }

    /// Sessions, newest first. Without a status only those that have reached Waiting (S52, D20).
    public func list(_ query: SessionQuery) async throws(SessionError) -> SessionPage {
        try Self.requireTechnician(query.viewer)
        return try await store.list(query)
    }

    /// Another PIN in place of the unclaimed one (S11, D5).
    public func replacePIN(of id: SessionID, by principal: Principal) async throws(SessionError) -> LensSession {
        try Self.requireTechnician(principal)
        return try await withFreshPIN { (pin, expiresAt) async throws(SessionError) in
            try await apply(.pinReplaced(pin, expiresAt: expiresAt), to: id, by: Actor(principal))
        }
    }

    /// Starts a waiting session (S21, S53), for a named technician only if they have no other active one (D10).
    public func start(
        _ id: SessionID, as technician: TechnicianID?, by principal: Principal
    ) async throws(SessionError) -> LensSession {
        try Self.requireTechnician(principal)
        return try await apply(.started(by: technician), to: id, by: Actor(principal))
    }

    public func hold(_ id: SessionID, by principal: Principal) async throws(SessionError) -> LensSession {
        try Self.requireTechnician(principal)
        return try await apply(.held, to: id, by: Actor(principal))
    }

    public func resume(_ id: SessionID, by principal: Principal) async throws(SessionError) -> LensSession {
        try Self.requireTechnician(principal)
        return try await apply(.resumed, to: id, by: Actor(principal))
    }

    /// Longest notes, in Unicode scalars.
    public static let notesLimit = 4000

    public func end(
        _ id: SessionID, notes: String?, by principal: Principal
    ) async throws(SessionError) -> LensSession {
        try Self.requireTechnician(principal)
        if let notes, notes.unicodeScalars.count > Self.notesLimit {
            throw .invalid(field: "notes", "must have at most \(Self.notesLimit) characters")
        }
        return try await apply(.endedByTechnician(notes: notes), to: id, by: Actor(principal))
    }

    static func requireTechnician(_ principal: Principal) throws(SessionError) {
        if case .customer = principal { throw .technicianOnly }
    }
}
