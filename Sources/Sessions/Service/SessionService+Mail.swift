/// Invites by mail, sent by the server (S42, S43).
extension SessionService {
    /// Sends what is due. Called about every second; one call at a time.
    public func sendDueMail(through mail: any MailGateway) async throws(SessionError) {
        for queued in try await store.sessions(withMailDueBy: now()) {
            // What cannot be noted is not tried. Whoever has come in meanwhile, or was called off, gets no mail.
            guard let session = try? await apply(.mailBegun, to: queued.id, by: .service),
                session.mail?.status == .queued
            else { continue }
            let outcome = await mail.send(session)
            // A PIN that was replaced during the try is queued anew, with a mail of its own.
            _ = try? await apply(.mailTried(outcome, pin: session.pin), to: session.id, by: .service)
        }
    }
}
