internal import CLinux
internal import Glibc
public import MediaCore
internal import Synchronization

/// A command for a shard, run on its thread between two batches.
public typealias ShardCommand = @Sendable (inout RelayShard, Instant) -> Void

/// The bounded way into a shard's thread: a queue and an eventfd that wakes it.
final class ShardMailbox: Sendable {
    /// Commands waiting at most; more are refused.
    static let capacity = 4_096

    private struct State {
        var commands: [ShardCommand] = []
        var isClosed = false
    }

    private let state = Mutex(State())
    private let hasWork = Atomic<Bool>(false)
    /// As `State.isClosed`, for the shard's loop, which asks after every batch and must not lock for it.
    private let hasClosed = Atomic<Bool>(false)
    /// Readable when there is something to do.
    let wakeDescriptor: Int32

    /// Nil if the kernel has no descriptor left.
    init?() {
        wakeDescriptor = lens_open_event()
        guard wakeDescriptor >= 0 else { return nil }
    }

    deinit { _ = Glibc.close(wakeDescriptor) }

    /// False when the mailbox is full or its shard has stopped.
    func post(_ command: @escaping ShardCommand) -> Bool {
        let accepted = state.withLock { state in
            guard !state.isClosed, state.commands.count < Self.capacity else { return false }
            state.commands.append(command)
            return true
        }
        if accepted { wake() }
        return accepted
    }

    /// Takes what is waiting. Costs one atomic read when there is nothing.
    func takeAll() -> [ShardCommand] {
        guard hasWork.load(ordering: .relaxed), hasWork.exchange(false, ordering: .acquiringAndReleasing) else {
            return []
        }
        lens_clear_event(wakeDescriptor)
        return state.withLock { state in
            defer { state.commands.removeAll(keepingCapacity: true) }
            return state.commands
        }
    }

    /// Refuses all later commands and answers those not run, which are dropped.
    func close() {
        state.withLock { state in
            state.isClosed = true
            state.commands.removeAll()
            hasClosed.store(true, ordering: .releasing)
        }
        wake()
    }

    var isClosed: Bool { hasClosed.load(ordering: .acquiring) }

    private func wake() {
        // In this order: whoever takes the flag clears a signal that is there already, so none is left behind to wake for nothing.
        lens_signal_event(wakeDescriptor)
        hasWork.store(true, ordering: .releasing)
    }
}
