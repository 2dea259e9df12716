internal import Dispatch
internal import Synchronization

/// Makes and compares password hashes, one after the other and away from where others wait: each takes a good part of a second and
/// tens of MiB.
final class PasswordWorker: Sendable {
    private let queue = DispatchQueue(label: "lens.passwords")
    private let waiting = Atomic<Int>(0)
    /// Passwords that may wait for their turn; some seconds' work.
    private static let most = 16

    /// - Throws: `busy` when too many wait.
    func hash(_ password: String, cost: PasswordHash.Cost) async throws(SessionError) -> PasswordHash? {
        try await run {
            var generator = SystemRandomNumberGenerator()
            return PasswordHash(password, cost: cost, using: &generator)
        }
    }

    /// - Throws: `busy` when too many wait.
    func matches(_ hash: PasswordHash, _ password: String) async throws(SessionError) -> Bool {
        try await run { hash.matches(password) }
    }

    private func run<T: Sendable>(_ work: @escaping @Sendable () -> T) async throws(SessionError) -> T {
        let place = waiting.add(1, ordering: .relaxed).newValue
        defer { waiting.subtract(1, ordering: .relaxed) }
        guard place <= Self.most else { throw .busy(retryAfterSeconds: 5) }
        return await withCheckedContinuation { continuation in
            queue.async { continuation.resume(returning: work()) }
        }
    }
}
