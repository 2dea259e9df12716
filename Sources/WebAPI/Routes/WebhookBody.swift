import NIOCore
public import Sessions

/// What a webhook is told: the session as after the change, without its PIN.
public struct WebhookBody: Encodable {
    let id: Int64
    let event = "session.status"
    let at: String
    let previousStatus: String?
    let session: SessionBody

    /// - Parameter publicURL: what links start with, without a slash at the end.
    public static func bytes(_ notice: StatusNotice, publicURL: String) -> [UInt8] {
        let session = notice.session
        let body = WebhookBody(
            id: notice.number, at: notice.at.rfc3339, previousStatus: notice.previous?.rawValue,
            // Nobody's own: the PIN and its links are the creator's.
            session: SessionBody(
                session, media: session.finalFigures ?? MediaFigures(), for: .apiKey(""), at: notice.at,
                publicURL: publicURL, language: .english))
        return Array(JSONAnswer.bytes(body).readableBytesView)
    }
}
