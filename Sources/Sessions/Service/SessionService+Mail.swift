/// Invites by mail, sent by the server (S42, S43).
extension SessionService {
    /// Sends what is due. Called about every second; one call at a time.
    public func sendDueMail(through mail: any MailGateway) async throws(SessionError) {
        for session in try await store.sessions(withMailDueBy: now()) {
            // Whoever has come in meanwhile, or was called off, gets no mail.
            let outcome: MailState.Outcome =
                if session.livePIN(at: now()) != nil {
                    await mail.send(session)
                } else {
                    .refused(detail: "the PIN is no longer good", isPermanent: true)
                }
            // A PIN that was replaced during the try is queued anew, with a mail of its own.
            _ = try? await apply(.mailTried(outcome, pin: session.pin), to: session.id, by: .service)
        }
    }
}
