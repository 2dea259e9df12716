/// Photos that the customer sends. They are media: they pass while the gate is open only, and to nobody but the session's technician
/// (D14, D12).
extension SessionService {
    /// - Throws: `customerOnly`, `notStarted`, `onHold`, `ended`, `photosFull`, `invalid`.
    public func send(_ photo: NewPhoto, by principal: Principal) async throws(SessionError) -> Photo {
        guard case .customer(let id) = principal else { throw .customerOnly }
        return try await exclusively(id) { () async throws(SessionError) in
            let kept = try await store.append(photo, to: id, at: now())
            feed.publish(.photo(kept), of: id)
            return kept
        }
    }

    /// Oldest first.
    public func photos(of id: SessionID, for principal: Principal) async throws(SessionError) -> [Photo] {
        try await permitPhotos(of: id, principal)
        return try await store.photos(of: id)
    }

    /// The file.
    /// - Throws: `noSuchPhoto`.
    public func photo(
        _ number: Int64, of id: SessionID, for principal: Principal
    ) async throws(SessionError) -> (photo: Photo, bytes: [UInt8]) {
        try await permitPhotos(of: id, principal)
        guard let found = try await store.photo(number, of: id) else { throw .noSuchPhoto }
        return found
    }

    public func maySeePhotos(of id: SessionID, _ principal: Principal) async -> Bool {
        (try? await permitPhotos(of: id, principal)) != nil
    }

    private func permitPhotos(of id: SessionID, _ principal: Principal) async throws(SessionError) {
        let session = try await session(id, for: principal)
        guard Self.isSide(principal, of: session) else { throw .notYours }
    }
}
