internal import CLinux
internal import Glibc
public import MediaCore
public import MediaWire
internal import Synchronization

/// What a shard's thread measures beside the relay's own counters.
public struct ShardMeasurements: Sendable {
    /// From the kernel's receive stamp to the return of the send, in ns, for each message received: one datagram, or a run of them
    /// that the kernel has merged.
    public var relayLatency = LatencyHistogram()
    /// Datagrams that the kernel dropped before the relay could read them.
    public var kernelReceiveDrops: UInt64 = 0
    /// Datagrams that the kernel did not take for sending.
    public var kernelSendDrops: UInt64 = 0
    /// TCP connections that are open, and frames that were dropped because theirs was too slow or gone.
    public var connections = 0
    public var connectionDrops: UInt64 = 0
    /// The shard sheds media or reads it too late, or did so within about the last second: it takes no new sessions.
    public var isOverloaded = false

    public init() {}

    /// Takes over newer figures without sharing memory with them, so that neither side ever has to copy it anew.
    mutating func renew(from newer: borrowing ShardMeasurements) {
        relayLatency.copy(newer.relayLatency)
        kernelReceiveDrops = newer.kernelReceiveDrops
        kernelSendDrops = newer.kernelSendDrops
        connections = newer.connections
        connectionDrops = newer.connectionDrops
        isOverloaded = newer.isOverloaded
    }
}

/// Why a shard cannot be reached.
public enum ShardError: Error, Sendable, CustomStringConvertible {
    /// As many commands wait as may.
    case overloaded
    /// The shard has stopped.
    case stopped
    /// The system refused a thread or a descriptor.
    case systemLimit

    public var description: String {
        switch self {
        case .overloaded: "the relay has more to set up than it can; try again in a second"
        case .stopped: "the relay is shutting down"
        case .systemLimit: "the system refused another thread or descriptor; raise its limits"
        }
    }
}

/// One relay thread with its own socket: the handle by which the rest of the process reaches it.
///
/// The shard itself never leaves its thread; commands go in by a bounded mailbox, events come out by a bounded stream.
public final class ShardThread: Sendable {
    /// Where it receives media.
    public let localAddress: SocketAddress
    /// What the kernel granted, in bytes as it counts them: twice what was asked for, to cover its own overhead.
    public let receiveBufferSize: Int
    public let sendBufferSize: Int
    /// Sessions that it takes at most.
    public let maximumSessions: Int
    /// What happened on the shard, oldest first. Bounded: unread events are dropped.
    public let events: AsyncStream<ShardEvent>

    private let mailbox: ShardMailbox
    private let finished: Mutex<Completion>
    private let measurements: Mutex<ShardMeasurements>
    private let processorClock = Atomic<Int64>(-1)
    private let eventsDropped = Atomic<UInt64>(0)

    private struct Completion {
        var isDone = false
        var waiters: [CheckedContinuation<Void, Never>] = []
    }

    /// Where it takes TCP connections; nil if nowhere.
    public let streamAddress: SocketAddress?

    /// Binds the sockets and starts the thread.
    ///
    /// - Parameter streams: where to take TCP connections; nil for nowhere.
    /// - Throws: `UDPSocketError` if the port cannot be bound, `ShardError.systemLimit` if the system refuses a thread.
    public init(
        index: Int, bindingTo address: SocketAddress, streams: SocketAddress? = nil, configuration: RelayConfiguration,
        offload: UDPOffload = .full
    ) throws {
        guard let mailbox = ShardMailbox() else { throw ShardError.systemLimit }
        let socket = try UDPSocket(bindingTo: address, offload: offload)
        let listener = try streams.map { address throws(UDPSocketError) in try StreamSockets(bindingTo: address) }
        switch listener {
        case .some(let sockets): streamAddress = sockets.localAddress
        case .none: streamAddress = nil
        }
        localAddress = socket.localAddress
        receiveBufferSize = socket.receiveBufferSize
        sendBufferSize = socket.sendBufferSize
        maximumSessions = configuration.maximumSessions
        self.mailbox = mailbox
        finished = Mutex(Completion())
        measurements = Mutex(ShardMeasurements())
        let (events, continuation) = AsyncStream.makeStream(
            of: ShardEvent.self, bufferingPolicy: .bufferingOldest(4_096))
        self.events = events
        let start = ThreadStart(sockets: ShardSockets(datagrams: socket, streams: listener), owner: self) {
            thread, sockets in
            thread.processorClock.store(ThreadProcessorTime.clockOfThisThread, ordering: .releasing)
            ShardLoop(sockets: sockets, configuration: configuration, mailbox: mailbox) { event in
                guard case .dropped = continuation.yield(event) else { return }
                thread.eventsDropped.wrappingAdd(1, ordering: .relaxed)
            } report: { measurements in
                thread.measurements.withLock { $0.renew(from: measurements) }
            }.run()
            thread.processorClock.store(-1, ordering: .releasing)
            continuation.finish()
            thread.finish()
        }
        guard start.launch(name: "shard-\(index)") else { throw ShardError.systemLimit }
    }

    /// Runs `body` on the shard's thread and answers what it answers.
    ///
    /// - Throws: `ShardError`, or what `body` throws.
    public func perform<Result: Sendable>(
        _ body: @escaping @Sendable (inout RelayShard, Instant) throws -> Result
    ) async throws -> Result {
        try await withCheckedThrowingContinuation { continuation in
            let once = ResumeOnce(continuation)
            let accepted = mailbox.post { shard, now in
                once.resume(with: Swift.Result { try body(&shard, now) })
            }
            if !accepted { once.resume(with: .failure(mailbox.isClosed ? ShardError.stopped : ShardError.overloaded)) }
        }
    }

    /// What the thread has measured, renewed about twice a second.
    public var currentMeasurements: ShardMeasurements { measurements.withLock { $0 } }

    /// The shard takes no new sessions now; see `ShardMeasurements.isOverloaded`.
    public var isOverloaded: Bool { measurements.withLock { $0.isOverloaded } }

    /// Datagrams that the kernel dropped before the relay could read them.
    public var kernelReceiveDrops: UInt64 { measurements.withLock { $0.kernelReceiveDrops } }

    /// Events that were lost because nobody read them.
    public var droppedEvents: UInt64 { eventsDropped.load(ordering: .relaxed) }

    /// Processor time that the thread has used, in ns, in the kernel too; nil while it does not run. It sleeps when it has
    /// nothing to do, so this is the time that it was busy.
    public var processorNanoseconds: UInt64? {
        ThreadProcessorTime.nanoseconds(of: processorClock.load(ordering: .acquiring))
    }

    /// Stops the thread and waits until it has: BYE goes to every peer first.
    public func stop() async {
        mailbox.close()
        await withCheckedContinuation { continuation in
            let isDone = finished.withLock { completion in
                if !completion.isDone { completion.waiters.append(continuation) }
                return completion.isDone
            }
            if isDone { continuation.resume() }
        }
    }

    private func finish() {
        let waiters = finished.withLock { completion in
            completion.isDone = true
            defer { completion.waiters.removeAll() }
            return completion.waiters
        }
        for waiter in waiters { waiter.resume() }
    }
}

/// A continuation that is resumed even when its command is dropped unrun.
private final class ResumeOnce<Value: Sendable>: Sendable {
    private let continuation: Mutex<CheckedContinuation<Value, any Error>?>

    init(_ continuation: CheckedContinuation<Value, any Error>) { self.continuation = Mutex(continuation) }

    deinit { resume(with: .failure(ShardError.stopped)) }

    func resume(with result: Result<Value, any Error>) {
        continuation.withLock { held in
            defer { held = nil }
            return held
        }?.resume(with: result)
    }
}

/// What a shard's thread owns of the network.
struct ShardSockets: ~Copyable {
    let datagrams: UDPSocket
    let streams: StreamSockets?
}

/// Carries the sockets into a new thread.
private final class ThreadStart: Sendable {
    /// How far a shard goes before the other threads: it preempts them when media comes, and under full load leaves them a quarter
    /// of a shared core.
    private static let niceSteps: CInt = 5

    private let sockets: Mutex<ShardSockets?>
    private let owner: ShardThread
    private let body: @Sendable (ShardThread, consuming ShardSockets) -> Void
    private let name = Mutex("")

    init(
        sockets: consuming sending ShardSockets, owner: ShardThread,
        body: @escaping @Sendable (ShardThread, consuming ShardSockets) -> Void
    ) {
        self.sockets = Mutex(sockets)
        self.owner = owner
        self.body = body
    }

    /// False if the system refuses a thread.
    func launch(name threadName: String) -> Bool {
        name.withLock { $0 = threadName }
        let argument = unsafe Unmanaged.passRetained(self)
        var thread = pthread_t()
        let status = unsafe pthread_create(
            &thread, nil,
            { argument in
                guard let argument = unsafe argument else { return nil }
                unsafe Unmanaged<ThreadStart>.fromOpaque(argument).takeRetainedValue().enter()
                return nil
            }, argument.toOpaque())
        guard status == 0 else {
            unsafe argument.release()
            return false
        }
        pthread_detach(thread)
        return true
    }

    private func enter() {
        unsafe name.withLock { $0 }.withCString { unsafe lens_set_thread_name($0) }
        // A task of the same process that shares the core would delay media until it sleeps or its slice ends. Where the system
        // does not permit it the relay works all the same.
        _ = lens_raise_thread_priority(Self.niceSteps)
        _ = lens_leave_restartable_sequences()
        guard let sockets = sockets.withLock({ $0.take() }) else { return }
        body(owner, sockets)
    }
}
