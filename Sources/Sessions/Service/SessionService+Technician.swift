/// The technician's calls.
extension SessionService {
    /// Makes an invite with its PIN (S43).
    ///
    /// - Throws: `media` with `overloaded` while the media side has no room for another session.
    public func create(_ request: NewSession, by principal: Principal) async throws(SessionError) -> LensSession {
        let access = try await access(of: principal)
        try access?.permitCreation(of: request)
        if request.email != nil, !settings.sendsMail { throw .mailUnavailable }
        try await requireRoom()
        return try await withFreshPIN { (pin, expiresAt) async throws(SessionError) in
            let session = LensSession(
                id: drawID(), request: request, owner: principal, group: access?.technician.group, pin: pin,
                pinExpiresAt: expiresAt, createdAt: now(), mail: request.email == nil ? nil : .queued(at: now()))
            try await store.create(session, by: Actor(principal))
            metrics.created()
            feed.publish(.session(session), of: session.id)
            return session
        }
    }

    /// One session; a customer sees their own, a technician those within reach (D20).
    public func session(_ id: SessionID, for principal: Principal) async throws(SessionError) -> LensSession {
        if case .customer(let own) = principal, own != id { throw .notYours }
        guard let session = try await store.find(id) else { throw .notFound }
        // A customer's token lives as long as the session.
        if case .customer = principal, session.hasEnded { throw .ended }
        if case .technician(let technician) = principal {
            guard try await accounts.access(of: technician).reaches(session) else { throw .notYours }
        }
        return session
    }

    /// Sessions, newest first. Without a status only those that have reached Waiting (S52, D20).
    public func list(_ query: SessionQuery) async throws(SessionError) -> SessionPage {
        var query = query
        query.access = try await access(of: query.viewer)
        return try await store.list(query)
    }

    /// Another PIN in place of the unclaimed one (S11, D5).
    public func replacePIN(of id: SessionID, by principal: Principal) async throws(SessionError) -> LensSession {
        try await withFreshPIN { (pin, expiresAt) async throws(SessionError) in
            try await apply(.pinReplaced(pin, expiresAt: expiresAt), to: id, by: principal, for: .own)
        }
    }

    /// Starts a waiting session (S21, S53), for a technician only if they have no other active one (D10). Technicians start for
    /// themselves; an automation may name one, or start for nobody.
    public func start(
        _ id: SessionID, as technician: TechnicianID?, by principal: Principal
    ) async throws(SessionError) -> LensSession {
        var starter = technician
        if case .technician(let own) = principal {
            guard technician == nil || technician == own else { throw .notYours }
            try await accounts.access(of: own).require(Permission(for: session(id, for: principal).request.kind))
            starter = own
        }
        return try await apply(.started(by: starter), to: id, by: principal, for: .reach)
    }

    public func hold(_ id: SessionID, by principal: Principal) async throws(SessionError) -> LensSession {
        try await access(of: principal)?.require(.hold)
        return try await apply(.held, to: id, by: principal, for: .command)
    }

    public func resume(_ id: SessionID, by principal: Principal) async throws(SessionError) -> LensSession {
        try await apply(.resumed, to: id, by: principal, for: .command)
    }

    /// Notes that the technician has kept the picture on the screen. The picture stays with the technician.
    public func noteSnapshot(of id: SessionID, by principal: Principal) async throws(SessionError) -> LensSession {
        try await access(of: principal)?.require(.snapshot)
        return try await apply(.snapshotTaken, to: id, by: principal, for: .hear)
    }

    /// Longest notes, in Unicode scalars.
    public static let notesLimit = 4000

    /// Writes about a session, also after its end; takes the place of what was written before.
    public func note(
        _ notes: String, on id: SessionID, by principal: Principal
    ) async throws(SessionError) -> LensSession {
        try Self.checkNotes(notes)
        return try await apply(.noted(notes), to: id, by: principal, for: .command)
    }

    private static func checkNotes(_ notes: String) throws(SessionError) {
        guard notes.unicodeScalars.count <= notesLimit else {
            throw .invalid(field: "notes", "must have at most \(notesLimit) characters")
        }
    }

    public func end(
        _ id: SessionID, notes: String?, by principal: Principal
    ) async throws(SessionError) -> LensSession {
        if let notes { try Self.checkNotes(notes) }
        return try await apply(.endedByTechnician(notes: notes), to: id, by: principal, for: .command)
    }
}
