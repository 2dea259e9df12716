/// The conversation beside the call (S24, S30). It outlasts lost connections, and ends with the session.
extension SessionService {
    /// Says something to the other side.
    ///
    /// - Throws: `notClaimed`, `ended`, `chatFull`, `permissionMissing`, `notYours`.
    public func say(
        _ text: String, in id: SessionID, by principal: Principal
    ) async throws(SessionError) -> ChatLine {
        try await permitChat(in: id, principal)
        let new = try NewChatLine(
            side: Self.side(of: principal) == .customer ? .customer : .technician, author: principal.name, text: text)
        return try await exclusively(id) { () async throws(SessionError) in
            let line = try await store.append(new, to: id, at: now())
            feed.publish(.chat(line), of: id)
            return line
        }
    }

    /// All that was said, oldest first.
    public func conversation(of id: SessionID, for principal: Principal) async throws(SessionError) -> [ChatLine] {
        try await permitChat(in: id, principal)
        return try await store.chat(of: id)
    }

    /// Whether somebody may read the conversation.
    public func mayChat(in id: SessionID, _ principal: Principal) async -> Bool {
        (try? await permitChat(in: id, principal)) != nil
    }

    /// Both sides of the session, and nobody who merely sees it in the list once it has its technician.
    private func permitChat(in id: SessionID, _ principal: Principal) async throws(SessionError) {
        switch principal {
        case .apiKey: break
        case .customer: _ = try await session(id, for: principal)
        case .technician(let technician):
            let access = try await accounts.access(of: technician)
            try access.require(.chat)
            guard access.commands(try await session(id, for: principal)) else { throw .notYours }
        }
    }
}
