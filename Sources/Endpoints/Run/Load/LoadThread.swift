import Glibc
import MediaCore
import MediaIO
import Synchronization

/// A generator's thread: a thin shell that gives the engine its times, sockets and sleep.
///
/// It does not wake up for what comes in: the kernel stamps each datagram at its arrival, so reading them together a little later
/// costs no accuracy and far less CPU.
final class LoadThread: Sendable {
    typealias Command = @Sendable (inout LoadEngine, Instant) -> Void

    let pool: LoadSocketPool
    private let commands = Mutex<[Command]>([])
    private let hasCommands = Atomic(false)
    private let stop = StopFlag()
    private let latest = Mutex(LoadFigures())
    /// Who waits for which join.
    private let waiting = Mutex<[Int: CheckedContinuation<Int, any Error>]>([:])
    private let thread: Mutex<WorkerThread.Running<Void>?> = Mutex(nil)

    /// Datagrams of one send: a frame of video, or what is due at the same time.
    private static let sendCapacity = 64
    /// Between two looks at the sockets while media flows, and while none does, in ns.
    private static let receiveInterval: Int64 = 1_000_000
    /// Slept at least, in ns: frames due within one such time leave together, each with its true time in it.
    private static let shortestSleep: Int64 = 100_000
    private static let idleInterval: Int64 = 5_000_000
    private static let publishInterval: Int64 = 100_000_000
    /// After something was asked of the thread, more is likely to come, and answers to handshakes too, in ns.
    private static let attention: Int64 = 500_000_000

    /// - Parameter certificate: of the handshakes; nil where keys stand in the SDP.
    init(number: Int, clips: LoadClipMemory, certificate: LoadCertificate?, pool: LoadSocketPool) {
        self.pool = pool
        let running = WorkerThread.start("load-\(number)") {
            self.run(
                LoadEngine(clips: clips, certificate: certificate, seed: UInt64.random(in: .min ... .max)))
        }
        thread.withLock { $0 = running }
    }

    /// What was counted so far, renewed ten times a second.
    var figures: LoadFigures { latest.withLock { $0 } }

    /// Runs `body` on the thread.
    /// - Throws: what the body throws; `EndpointError.socket` if the thread has ended.
    func perform<Value: Sendable>(
        _ body: @escaping @Sendable (inout LoadEngine, Instant) throws -> Value
    ) async throws -> Value {
        try await withCheckedThrowingContinuation { continuation in
            if stop.isSet { return continuation.resume(throwing: Self.ended) }
            post { engine, now in continuation.resume(with: Result { try body(&engine, now) }) }
        }
    }

    private func post(_ command: @escaping Command) {
        commands.withLock { $0.append(command) }
        hasCommands.store(true, ordering: .releasing)
    }

    private static let ended = EndpointError.socket("the load has ended")

    // MARK: - Legs

    /// Begins to connect a leg. Answers its number.
    /// - Throws: `EndpointError`.
    func connect(_ leg: LoadLegDescription) async throws -> Int {
        do {
            return try await perform { engine, now in try engine.connect(leg, at: now) }
        } catch let error as DTLSError {
            throw EndpointError.unconnected("\(error)")
        }
    }

    /// Gives legs up that no session has yet.
    func abandon(_ legs: Set<Int>) {
        if !legs.isEmpty { post { engine, _ in engine.abandon(legs) } }
    }

    /// Takes a session in once all its legs are connected. Answers its number here.
    /// - Throws: `EndpointError.unconnected`; `CancellationError`.
    func join(_ session: LoadSessionDescription, startsMedia: Bool) async throws -> Int {
        do {
            return try await withTaskCancellationHandler {
                try await withCheckedThrowingContinuation { continuation in
                    if stop.isSet { return continuation.resume(throwing: Self.ended) }
                    post { engine, now in
                        let join = engine.join(session, startsMedia: startsMedia, at: now)
                        self.waiting.withLock { $0[join] = continuation }
                    }
                }
            } onCancel: {
                abandon(session.legs)
            }
        } catch let failure as LoadLegFailure {
            try Task.checkCancellation()
            throw EndpointError.unconnected(failure.description)
        }
    }

    private func answerJoins(_ engine: inout LoadEngine) {
        for joined in engine.joined {
            let continuation = waiting.withLock { $0.removeValue(forKey: joined.join) }
            continuation?.resume(with: joined.result.mapError { $0 })
        }
        engine.joined.removeAll(keepingCapacity: true)
    }

    /// Ends the thread once it has run what was asked of it before.
    func end() async {
        stop.set()
        let running = thread.withLock { $0.take() }
        try? await running?.value()
    }

    // MARK: On the thread

    private func run(_ start: consuming LoadEngine) {
        var engine = start
        var ports = LoadPorts()
        var outgoing = SendBatch(capacity: Self.sendCapacity)
        var incoming = ReceiveBatch(capacity: LoadPort.capacity, merged: true)
        var sender = DatagramSender(capacity: Self.sendCapacity)
        var nextReceive = MonotonicClock.now
        var nextPublish = nextReceive
        var attentive = nextReceive
        var hasMore = false
        while true {
            let isLast = stop.isSet
            var now = MonotonicClock.now
            if runCommands(&engine, &ports) || engine.connecting > 0 {
                attentive = now.advanced(byNanoseconds: Self.attention)
            }
            send(&engine, ports, &outgoing, &sender)
            now = MonotonicClock.now
            if now >= nextReceive || isLast {
                hasMore = receive(&engine, &ports, &incoming)
                now = MonotonicClock.now
                nextReceive = hasMore ? now : now.advanced(byNanoseconds: Self.receiveInterval)
            }
            if !engine.joined.isEmpty { answerJoins(&engine) }
            if now >= nextPublish || isLast {
                nextPublish = now.advanced(byNanoseconds: Self.publishInterval)
                publish(&engine, ports, sender.dropped)
            }
            if isLast { break }
            let idle = now.advanced(byNanoseconds: Self.idleInterval)
            // Without media and handshakes there are but checks and their answers, which can wait for each other.
            let isBusy = engine.hasMedia || now < attentive || hasMore
            sleep(until: isBusy ? min(engine.nextDue ?? idle, nextReceive) : idle, from: now)
        }
        let left = waiting.withLock { waiting in
            defer { waiting.removeAll() }
            return waiting
        }
        for continuation in left.values { continuation.resume(throwing: Self.ended) }
    }

    /// False if there were none.
    private func runCommands(_ engine: inout LoadEngine, _ ports: inout LoadPorts) -> Bool {
        guard hasCommands.exchange(false, ordering: .acquiringAndReleasing) else { return false }
        if pool.count > ports.ports.count { ports.add(pool.sockets.dropFirst(ports.ports.count)) }
        let waiting = commands.withLock { commands in
            defer { commands.removeAll() }
            return commands
        }
        for command in waiting { command(&engine, MonotonicClock.now) }
        return true
    }

    /// Sends what is due, and looks at the sockets in between if that takes long.
    private func send(
        _ engine: inout LoadEngine, _ ports: borrowing LoadPorts, _ batch: inout SendBatch,
        _ sender: inout DatagramSender
    ) {
        let start = MonotonicClock.now
        var now = start
        // The time is read for each burst: what a packet says about its capture is when it leaves.
        while let socket = engine.fill(&batch, at: now, unixNanoseconds: WallClock.unixNanoseconds) {
            sender.send(&batch, through: ports.ports[socket].socket.socket)
            now = MonotonicClock.now
            if now.nanoseconds(since: start) > Self.receiveInterval { return }
        }
    }

    /// Answers whether there is more, which has its turn after sending.
    private func receive(
        _ engine: inout LoadEngine, _ ports: inout LoadPorts, _ batch: inout ReceiveBatch
    ) -> Bool {
        ports.look { number, port in
            // One full batch a look, so that sending is not held up by a flood.
            guard port.receive(into: &batch) > 0 else { return false }
            engine.receive(
                &batch, socket: number, at: MonotonicClock.now, unixNanoseconds: WallClock.unixNanoseconds)
            return port.isFull(batch)
        }
    }

    private func publish(_ engine: inout LoadEngine, _ ports: borrowing LoadPorts, _ refusals: UInt64) {
        engine.figures.kernelDrops = ports.kernelDrops
        engine.figures.sendRefusals = refusals
        engine.figures.cpuNanoseconds = Self.threadCPUNanoseconds
        let figures = engine.figures
        latest.withLock { $0 = figures }
    }

    private static var threadCPUNanoseconds: UInt64 {
        var time = timespec()
        guard unsafe clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time) == 0 else { return 0 }
        return UInt64(clamping: time.tv_sec) * 1_000_000_000 + UInt64(clamping: time.tv_nsec)
    }

    private func sleep(until moment: Instant, from now: Instant) {
        let nanoseconds = moment.nanoseconds(since: now)
        guard nanoseconds > 0 else {
            // Whoever ends the load must get his turn, even on one core and among real-time threads.
            sched_yield()
            return
        }
        var time = timespec(tv_sec: 0, tv_nsec: Int(min(max(nanoseconds, Self.shortestSleep), Self.idleInterval)))
        _ = unsafe nanosleep(&time, nil)
    }
}
