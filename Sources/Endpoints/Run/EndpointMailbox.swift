import Glibc
import MediaCore
import Synchronization

/// The bounded way into an endpoint's network thread: a list of commands and a pipe that wakes it.
final class EndpointMailbox: Sendable {
    typealias Command = @Sendable (inout CallEndpoint, Instant) -> Void

    /// Commands waiting at most; about a second of media even at high rates.
    static let capacity = 1024

    private struct State {
        var commands: [Command] = []
        var isClosed = false
    }

    private let state = Mutex(State())
    /// Readable when there is something to do.
    let wakeDescriptor: Int32
    private let writeDescriptor: Int32

    /// - Throws: `EndpointError.socket` if the kernel has no descriptor left.
    init() throws(EndpointError) {
        var ends: (Int32, Int32) = (-1, -1)
        let status = unsafe withUnsafeMutablePointer(to: &ends) { pointer in
            unsafe pointer.withMemoryRebound(to: Int32.self, capacity: 2) { unsafe pipe($0) }
        }
        guard status == 0 else { throw .socket("no descriptor for a pipe; raise the limit of open files (ulimit -n)") }
        (wakeDescriptor, writeDescriptor) = ends
        for end in [ends.0, ends.1] {
            _ = fcntl(end, F_SETFL, O_NONBLOCK)
            _ = fcntl(end, F_SETFD, FD_CLOEXEC)
        }
    }

    deinit {
        close(wakeDescriptor)
        close(writeDescriptor)
    }

    /// False when the mailbox is full or its thread has stopped: the command will not run.
    @discardableResult
    func post(_ command: @escaping Command) -> Bool {
        let accepted = state.withLock { state in
            guard !state.isClosed, state.commands.count < Self.capacity else { return false }
            state.commands.append(command)
            return true
        }
        if accepted {
            var byte: UInt8 = 1
            // A full pipe wakes just as well.
            _ = unsafe write(writeDescriptor, &byte, 1)
        }
        return accepted
    }

    func takeAll() -> [Command] {
        var bytes = [UInt8](repeating: 0, count: 256)
        _ = unsafe read(wakeDescriptor, &bytes, bytes.count)
        return state.withLock { state in
            defer { state.commands.removeAll(keepingCapacity: true) }
            return state.commands
        }
    }

    /// Refuses later commands; answers those that have not run.
    func closeTakingAll() -> [Command] {
        state.withLock { state in
            state.isClosed = true
            defer { state.commands.removeAll() }
            return state.commands
        }
    }
}
