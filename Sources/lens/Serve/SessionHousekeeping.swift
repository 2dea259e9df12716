import Logging
import Sessions

/// What sessions need from time to time, whoever calls.
struct SessionHousekeeping: Sendable {
    let sessions: SessionService
    let mailer: InviteMailer?
    let logger: Logger

    /// Until the task is cancelled.
    func run() async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await everySecond() }
            if let mailer {
                group.addTask { await every(.seconds(1)) { try await sessions.sendDueMail(through: mailer) } }
            }
            group.addTask { await watchClock() }
        }
    }

    /// All in one task, and seldom while nobody listens: a server that carries media wakes up for little else.
    private func everySecond() async {
        var (second, nextBeat, nextLook, nextTidying) = (0, 15, 0, 0)
        while !Task.isCancelled {
            await attempt { try await sessions.publishFigures() }
            if second >= nextBeat {
                sessions.feed.beat()
                nextBeat = second + 15
            }
            if second >= nextLook {
                await attempt { try await sessions.noteLostConnections() }
                await attempt { try await sessions.holdSessionsOfTheDisabled() }
                await attempt { try await sessions.endLongWaits() }
                nextLook = second + 5
            }
            if second >= nextTidying {
                await attempt { try await tidy() }
                nextTidying = second + 3600
            }
            let pause = sessions.feed.listeners > 0 ? 1 : 5
            second += pause
            // Throws on cancellation only, which ends the loop.
            try? await Task.sleep(for: .seconds(pause))
        }
    }

    private func tidy() async throws {
        try await sessions.endAbandonedInvites()
        let count = try await sessions.forgetOldSessions()
        if count > 0 { logger.info("old sessions were deleted", metadata: ["count": "\(count)"]) }
    }

    /// Says so when the machine's clock was set, since sessions follow it slowly.
    private func watchClock() async {
        var isFar = false
        await every(.seconds(10)) {
            let difference = SystemTime.difference / 1000
            guard (abs(difference) > 60) != isFar else { return }
            isFar.toggle()
            if isFar {
                logger.warning(
                    "the machine's clock was set; sessions follow it by three seconds a minute, or at once with a restart",
                    metadata: ["seconds": "\(difference)"])
            } else {
                logger.notice("sessions go by the machine's clock again")
            }
        }
    }

    private func every(_ pause: Duration, _ work: () async throws -> Void) async {
        while !Task.isCancelled {
            await attempt(work)
            // Throws on cancellation only, which ends the loop.
            try? await Task.sleep(for: pause)
        }
    }

    private func attempt(_ work: () async throws -> Void) async {
        do {
            try await work()
        } catch {
            logger.warning("housekeeping failed; it is tried again", metadata: ["error": "\(error)"])
        }
    }
}
