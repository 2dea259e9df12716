import Foundation
import Synchronization

/// A thread of its own for work that blocks: codecs, files, sockets.
enum WorkerThread {
    /// libvpx and libopus keep large arrays on the stack.
    private static let stackBytes = 4 << 20

    /// Starts the thread at once.
    static func start<Value: Sendable>(
        _ name: String, _ body: @escaping @Sendable () throws -> Value
    ) -> Running<Value> {
        let running = Running<Value>()
        let thread = Thread { running.finish(Result { try body() }) }
        thread.name = name
        thread.stackSize = stackBytes
        thread.start()
        return running
    }

    /// The result of a thread, awaited by one task, before or after it is there.
    final class Running<Value: Sendable>: Sendable {
        private enum State {
            case running
            case awaited(CheckedContinuation<Value, any Error>)
            case finished(Result<Value, any Error>)
        }

        private let state = Mutex(State.running)

        fileprivate func finish(_ result: sending Result<Value, any Error>) {
            let waiting: CheckedContinuation<Value, any Error>? = state.withLock { state in
                defer { state = .finished(result) }
                if case .awaited(let continuation) = state { return continuation }
                return nil
            }
            waiting?.resume(with: result)
        }

        /// Whether the thread has ended, with a value or an error.
        var isFinished: Bool {
            state.withLock { if case .finished = $0 { true } else { false } }
        }

        /// Waits for the end of the thread. Call it once; cancelling the task does not end the thread.
        func value() async throws -> Value {
            try await withCheckedThrowingContinuation { continuation in
                let result: Result<Value, any Error>? = state.withLock { state in
                    if case .finished(let result) = state { return result }
                    state = .awaited(continuation)
                    return nil
                }
                if let result { continuation.resume(with: result) }
            }
        }
    }
}

/// Tells threads to come to an end.
final class StopFlag: Sendable {
    private let flag = Atomic(false)

    var isSet: Bool { flag.load(ordering: .acquiring) }
    func set() { flag.store(true, ordering: .releasing) }
}
