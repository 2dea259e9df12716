import Foundation
import Mail
import Sessions
import WebAPI

/// What the operator sets of the mail server.
struct MailSettings: Sendable, Equatable {
    var server: SMTPServer
    /// The sender's address.
    var from: EmailAddress
    /// What stands beside it.
    var fromName = "Lens Relay"
}

/// Writes invites and hands them to the mail server.
struct InviteMailer: MailGateway {
    private let settings: MailSettings
    private let client: SMTPClient
    private let publicURL: @Sendable () -> String
    private let language: @Sendable () async -> InviteLanguage

    /// - Parameters:
    ///   - language: where an invite asks for none.
    ///   - publicURL: what links start with.
    init(
        _ settings: MailSettings, language: @escaping @Sendable () async -> InviteLanguage,
        publicURL: @escaping @Sendable () -> String
    ) {
        self.settings = settings
        self.language = language
        self.publicURL = publicURL
        client = SMTPClient(settings.server)
    }

    func send(_ session: LensSession) async -> MailState.Outcome {
        let now = SystemTime.now()
        guard let to = session.request.email,
            let invite = InviteMail(of: session, at: now, publicURL: publicURL(), language: await language()),
            let date = MailDate.text(rfc3339: now.rfc3339, milliseconds: now.milliseconds)
        else { return .refused(detail: "the mail could not be written", isPermanent: true) }
        let message = MailMessage(
            from: settings.from.text, fromName: settings.fromName, to: to.text, subject: invite.subject,
            text: invite.text, html: invite.html)
        do {
            try await client.send(
                message.bytes(date: date, identifier: UUID().uuidString), from: settings.from.text, to: to.text)
            return .sent
        } catch {
            return .refused(detail: error.description, isPermanent: error.isPermanent)
        }
    }
}
