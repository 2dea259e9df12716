import Logging
import Sessions

/// What sessions need from time to time, whoever calls.
struct SessionHousekeeping: Sendable {
    let sessions: SessionService
    let gateway: RelayGateway
    let mailer: InviteMailer?
    let logger: Logger

    /// Until the task is cancelled.
    func run() async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask {
                await every(.seconds(1)) { try await sessions.noteConnections { await gateway.silences(of: $0) } }
            }
            if let mailer {
                group.addTask { await every(.seconds(1)) { try await sessions.sendDueMail(through: mailer) } }
            }
            group.addTask { await every(.seconds(5)) { try await sessions.endLongWaits() } }
            group.addTask { await every(.seconds(15)) { sessions.feed.beat() } }
            group.addTask {
                await every(.seconds(3600)) {
                    try await sessions.endAbandonedInvites()
                    let count = try await sessions.forgetOldSessions()
                    if count > 0 { logger.info("old sessions were deleted", metadata: ["count": "\(count)"]) }
                }
            }
        }
    }

    private func every(_ pause: Duration, _ work: () async throws -> Void) async {
        while !Task.isCancelled {
            do {
                try await work()
            } catch {
                logger.warning("housekeeping failed; it is tried again", metadata: ["error": "\(error)"])
            }
            // Throws on cancellation only, which ends the loop.
            try? await Task.sleep(for: pause)
        }
    }
}
