internal import Dispatch
internal import Synchronization

/// How a command ended, for a thread that waits for it.
final class Outcome: Sendable {
    private let done = DispatchSemaphore(value: 0)
    private let error = Mutex<(any Error)?>(nil)

    func finish(_ error: (any Error)?) {
        self.error.withLock { $0 = error }
        done.signal()
    }

    /// - Throws: what the command threw.
    func wait() throws {
        done.wait()
        if let error = error.withLock({ $0 }) { throw error }
    }
}
