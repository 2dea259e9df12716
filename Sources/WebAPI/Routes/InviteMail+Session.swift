public import Mail
public import Sessions

extension InviteMail {
    /// The invite of a session as it is now.
    ///
    /// - Parameters:
    ///   - publicURL: what links start with, without a slash at the end.
    ///   - language: where the session asks for none.
    /// - Returns: nil if a template is broken.
    public init?(of session: LensSession, at now: WallTime, publicURL: String, language: InviteLanguage) {
        let language = Language(rawValue: (session.request.language ?? language).rawValue) ?? .english
        let left = session.pinExpiresAt.milliseconds - now.milliseconds
        guard
            let mail = try? InviteMail(
                language: language, name: session.request.name, link: "\(publicURL)/\(session.pin.digits)",
                entry: "\(publicURL)/", pin: session.pin.digits, minutes: Int(max(0, left) / 60_000))
        else { return nil }
        self = mail
    }
}
