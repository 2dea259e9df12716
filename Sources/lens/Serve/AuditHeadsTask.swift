import Foundation
import Logging
import Sessions

/// Notes where the audit log ends: each minute in which it grew, and at the end.
struct AuditHeadsTask: Sendable {
    let store: any SessionStore
    let file: AuditHeadsFile
    let logger: Logger

    /// Until the task is cancelled.
    func run() async {
        var noted = Int64(0)
        while !Task.isCancelled {
            // Throws on cancellation only, which ends the loop.
            try? await Task.sleep(for: .seconds(60))
            let last = noted
            // The last note is made after the cancellation, which a store heeds: so in a task of its own.
            noted = await Task { await note(after: last) }.value
        }
    }

    /// - Returns: the number of the last entry that was noted.
    private func note(after noted: Int64) async -> Int64 {
        do {
            let head = try await store.auditHead()
            guard head.number > noted else { return noted }
            try file.append(head)
            return head.number
        } catch {
            logger.warning("the audit log's head could not be noted", metadata: ["error": "\(error)"])
            return noted
        }
    }
}
