import Mail
import Sessions

/// A session on the wire. The PIN and its links go to the creator only (D20); a customer sees neither the technician's
/// notes nor the network data.
struct SessionBody: Encodable {
    struct Links: Encodable {
        let desktop: String
        let mobile: String
        let entry: String
    }

    struct Mail: Encodable {
        let status: String
        let detail: String?
    }

    struct Customer: Encodable {
        let address: String
        let userAgent: String
        let claimedAt: String?
        let camera: Bool?
        let microphone: Bool?
        /// Granted, and paused by the customer (D19).
        let cameraPaused: Bool?
        let microphoneMuted: Bool?
    }

    let id: String
    let type: String
    let status: String
    let visibility: String
    let owner: String
    let technician: String?
    let name: String
    let reference: String?
    let progress: String
    let pin: String?
    let pinExpiresAt: String?
    let links: Links?
    let mailto: String?
    let mail: Mail?
    let createdAt: String
    let waitingSince: String?
    let startedAt: String?
    let endedAt: String?
    let endReason: String?
    let notes: String?
    let snapshots: Int
    let customer: Customer?
    let media: MediaFigures

    init(
        _ session: LensSession, media: MediaFigures, for viewer: Principal, at now: WallTime, publicURL: String,
        language: InviteLanguage
    ) {
        let isCustomer = if case .customer = viewer { true } else { false }
        id = session.id.text
        type = session.request.kind.rawValue
        status = session.status.rawValue
        visibility = session.request.visibility.rawValue
        owner = session.owner.name
        technician = session.technician?.text
        name = session.request.name
        reference = isCustomer ? nil : session.request.reference
        progress = session.progress.name
        let livePIN = viewer == session.owner ? session.livePIN(at: now)?.digits : nil
        pin = livePIN
        links = livePIN.map {
            Links(desktop: "\(publicURL)/?code=\($0)", mobile: "\(publicURL)/\($0)", entry: "\(publicURL)/")
        }
        mailto = livePIN == nil ? nil : Self.mailto(session, at: now, publicURL: publicURL, language: language)
        mail = isCustomer ? nil : session.mail.map { Mail(status: $0.status.rawValue, detail: $0.detail) }
        let isUnclaimed = !session.gates.pinClaimed && !session.hasEnded
        pinExpiresAt = isUnclaimed && !isCustomer ? session.pinExpiresAt.rfc3339 : nil
        createdAt = session.createdAt.rfc3339
        waitingSince = session.waitingSince?.rfc3339
        startedAt = session.startedAt?.rfc3339
        endedAt = session.endedAt?.rfc3339
        endReason = session.endReason?.rawValue
        notes = isCustomer ? nil : session.notes
        snapshots = session.snapshots ?? 0
        customer =
            isCustomer
            ? nil
            : session.claim.map {
                Customer(
                    address: $0.address, userAgent: $0.userAgent, claimedAt: session.claimedAt?.rfc3339,
                    camera: session.devices?.camera, microphone: session.devices?.microphone,
                    cameraPaused: session.customerMedia.map { $0.camera == .paused },
                    microphoneMuted: session.customerMedia.map { $0.microphone == .muted })
            }
        self.media = media
    }

    /// S41: for the technician's own mail program.
    private static func mailto(
        _ session: LensSession, at now: WallTime, publicURL: String, language: InviteLanguage
    ) -> String? {
        guard session.request.method == .email else { return nil }
        return InviteMail(of: session, at: now, publicURL: publicURL, language: language)?
            .mailto(session.request.email?.text ?? "")
    }
}
