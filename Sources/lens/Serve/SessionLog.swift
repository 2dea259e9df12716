import Logging
import Sessions

/// Writes what happens to sessions into the log: which one, what, and what it is now. No name, no PIN, no address.
struct SessionLog: Sendable {
    let logger: Logger

    func note(_ session: LensSession, _ event: SessionEvent) {
        guard let word = Self.word(event) else { return }
        var metadata: Logger.Metadata = ["session": "\(session.id)", "status": "\(session.status.rawValue)"]
        if let reason = session.endReason { metadata["reason"] = "\(reason.rawValue)" }
        if case .started = event, let technician = session.technician { metadata["technician"] = "\(technician)" }
        if case .mailTried = event, let mail = session.mail { metadata["mail"] = "\(mail.status.rawValue)" }
        logger.info("session: \(word)", metadata: metadata)
    }

    /// Nil for what says nothing to an operator.
    private static func word(_ event: SessionEvent) -> String? {
        switch event {
        case .pinReplaced: "another PIN"
        case .mailTried: "mail tried"
        case .pinClaimed: "PIN claimed"
        case .devicesAnswered: "devices answered"
        case .eulaAnswered: "licence answered"
        case .started: "started"
        case .held: "on hold"
        case .resumed: "resumed"
        case .connectionChanged: "connection changed"
        case .endedByTechnician, .customerLeft, .waitingTimedOut, .abandoned, .failed: "ended"
        case .mailBegun, .customerAdvanced, .customerMediaChanged, .noted, .snapshotTaken: nil
        }
    }
}
