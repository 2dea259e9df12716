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

    /// False as long as nothing was posted, nor the mailbox closed, since `takeAll`. One atomic read.
    @inline(__always)
    var mayHaveWork: Bool { hasWork.load(ordering: .relaxed) }

    /// Takes what is waiting.
    func takeAll() -> [ShardCommand] {
        guard mayHaveWork, hasWork.exchange(false, ordering: .acquiringAndReleasing) else { return [] }
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

    /// Takes the signal back by which the shard woke. To be called before `takeAll`, which then has what the signal was for.
    func noteAwake() { lens_clear_event(wakeDescriptor) }

    private func wake() {
        // In this order: a shard of higher priority runs within the call that signals, and would find nothing to do.
        guard !hasWork.exchange(true, ordering: .acquiringAndReleasing) else { return }
        lens_signal_event(wakeDescriptor)
    }
}
