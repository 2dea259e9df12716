/// Pointing at things in the picture.
extension SessionService {
    /// Shows marks to both sides of an active session.
    ///
    /// - Parameter marks: a list as JSON.
    /// - Throws: `notStarted`, `onHold`, `ended`, `permissionMissing`, `notYours`.
    public func draw(_ marks: String, in id: SessionID, by principal: Principal) async throws(SessionError) {
        let session = try await session(id, for: principal)
        if case .technician(let technician) = principal {
            let access = try await accounts.access(of: technician)
            try access.require(.drawing)
            guard access.hears(session) else { throw .notYours }
        }
        if session.hasEnded { throw .ended }
        guard case .active(let conditions) = session.phase else { throw .notStarted }
        if conditions.isOnHold { throw .onHold }
        guard marks.utf8.count <= Drawing.limit else {
            throw .invalid(field: "marks", "may have at most \(Drawing.limit) bytes of JSON")
        }
        let side: ChatLine.Side = Self.side(of: principal) == .customer ? .customer : .technician
        feed.pass(.drawing(Drawing(side: side, marks: marks)), of: id) { Self.isSide($0, of: session) }
    }

    /// The audit log's entries of a session, oldest first.
    public func trail(of id: SessionID, for principal: Principal) async throws(SessionError) -> [AuditEntry] {
        try await permit(.reach, id, by: principal)
        return try await store.auditTrail(of: id)
    }
}
