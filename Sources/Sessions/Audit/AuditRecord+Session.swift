/// What the audit log keeps of a session's changes (D18).
extension AuditRecord {
    /// A new invite.
    public static func created(_ session: LensSession, by actor: Actor) -> AuditRecord {
        AuditRecord(
            at: session.createdAt, actor: actor.name, step: .sessionCreated, session: session.id,
            details: [
                "kind": session.request.kind.rawValue, "method": session.request.method.rawValue,
                "visibility": session.request.visibility.rawValue, "pinExpiresAt": session.pinExpiresAt.rfc3339,
            ])
    }

    /// Sessions that were kept long enough.
    public static func removed(_ count: Int, endedBefore: WallTime, at now: WallTime) -> AuditRecord {
        AuditRecord(
            at: now, actor: Actor.service.name, step: .sessionsRemoved, session: nil,
            details: ["count": "\(count)", "endedBefore": endedBefore.rfc3339])
    }

    /// The picture itself is not part of the log.
    public static func photoSent(_ photo: Photo, in session: SessionID) -> AuditRecord {
        AuditRecord(
            at: photo.at, actor: Actor.customer.name, step: .photoSent, session: session,
            details: ["number": "\(photo.number)", "format": photo.format.rawValue, "bytes": "\(photo.size)"])
    }

    /// - Returns: nil for an event that told nothing new.
    public static func changed(
        from before: LensSession, to after: LensSession, by event: SessionEvent, of actor: Actor, at now: WallTime
    ) -> AuditRecord? {
        guard before != after, let (step, details) = step(event, after) else { return nil }
        return AuditRecord(at: now, actor: actor.name, step: step, session: after.id, details: details)
    }

    private static func step(_ event: SessionEvent, _ after: LensSession) -> (AuditStep, [String: String])? {
        switch event {
        case .noted: return (.noted, [:])
        case .mailBegun: return nil
        case .mailTried: return (.mailTried, ["status": after.mail?.status.rawValue ?? ""])
        default: break
        }
        if let reason = after.endReason {
            let refused = after.eula == nil && reason == .declined && event.isAnswerToEULA
            return (refused ? .eulaDeclined : .ended, ["reason": reason.rawValue])
        }
        switch event {
        case .pinReplaced(_, let expiresAt): return (.pinReplaced, ["pinExpiresAt": expiresAt.rfc3339])
        case .pinClaimed(_, let claim):
            return (.pinClaimed, ["address": claim.address, "userAgent": claim.userAgent])
        case .customerAdvanced(let step): return (step == .introduced ? .introduced : .pageOpened, [:])
        case .devicesAnswered(let consent):
            return (.devicesAnswered, ["camera": "\(consent.camera)", "microphone": "\(consent.microphone)"])
        case .eulaAnswered(let version, _, _): return (.eulaAccepted, ["version": version])
        case .customerMediaChanged:
            let media = after.customerMedia ?? CustomerMedia()
            return (.mediaChanged, ["camera": media.camera.rawValue, "microphone": media.microphone.rawValue])
        case .started(let technician): return (.started, technician.map { ["technician": $0.text] } ?? [:])
        case .snapshotTaken: return (.snapshotTaken, ["number": "\(after.snapshots ?? 0)"])
        case .held: return (.held, [:])
        case .resumed: return (.resumed, [:])
        case .connectionChanged(let connection): return (.connectionChanged, ["connection": connection.rawValue])
        case .endedByTechnician, .customerLeft, .waitingTimedOut, .abandoned, .failed, .noted, .mailBegun, .mailTried:
            return nil
        }
    }
}

extension SessionEvent {
    fileprivate var isAnswerToEULA: Bool { if case .eulaAnswered = self { true } else { false } }
}
