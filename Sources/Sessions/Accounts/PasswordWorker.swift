internal import Dispatch

/// Makes and compares password hashes, one after the other and away from where others wait: each takes a good part of a second and
/// tens of MiB.
struct PasswordWorker: Sendable {
    private let queue = DispatchQueue(label: "lens.passwords")

    func hash(_ password: String, cost: PasswordHash.Cost) async -> PasswordHash? {
        await run {
            var generator = SystemRandomNumberGenerator()
            return PasswordHash(password, cost: cost, using: &generator)
        }
    }

    func matches(_ hash: PasswordHash, _ password: String) async -> Bool {
        await run { hash.matches(password) }
    }

    private func run<T: Sendable>(_ work: @escaping @Sendable () -> T) async -> T {
        await withCheckedContinuation { continuation in
            queue.async { continuation.resume(returning: work()) }
        }
    }
}
