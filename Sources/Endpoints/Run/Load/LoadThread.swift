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
    private let thread: Mutex<WorkerThread.Running<Void>?> = Mutex(nil)

    /// Datagrams of one send: a frame of video, or what is due at the same time.
    private static let sendCapacity = 64
    /// Between two looks at the sockets while media flows, and while none does, in ns.
    private static let receiveInterval: Int64 = 1_000_000
    /// Slept at least, in ns: frames due within one such time leave together, each with its true time in it.
    private static let shortestSleep: Int64 = 100_000
    private static let idleInterval: Int64 = 5_000_000
    private static let publishInterval: Int64 = 100_000_000

    init(number: Int, clips: LoadClipMemory, pool: LoadSocketPool) {
        self.pool = pool
        let running = WorkerThread.start("load-\(number)") {
            self.run(LoadEngine(clips: clips, seed: UInt64.random(in: .min ... .max)))
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
            if stop.isSet { return continuation.resume(throwing: EndpointError.socket("the load has ended")) }
            commands.withLock {
                $0.append { engine, now in continuation.resume(with: Result { try body(&engine, now) }) }
            }
            hasCommands.store(true, ordering: .releasing)
        }
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
        while true {
            let isLast = stop.isSet
            runCommands(&engine, &ports)
            send(&engine, ports, &outgoing, &sender)
            var now = MonotonicClock.now
            if now >= nextReceive || isLast {
                receive(&engine, &ports, &incoming)
                now = MonotonicClock.now
                nextReceive = now.advanced(byNanoseconds: Self.receiveInterval)
            }
            if now >= nextPublish || isLast {
                nextPublish = now.advanced(byNanoseconds: Self.publishInterval)
                publish(&engine, ports, sender.dropped)
            }
            if isLast { break }
            let idle = now.advanced(byNanoseconds: Self.idleInterval)
            sleep(until: engine.nextDue.map { min($0, nextReceive) } ?? idle, from: now)
        }
    }

    private func runCommands(_ engine: inout LoadEngine, _ ports: inout LoadPorts) {
        guard hasCommands.exchange(false, ordering: .acquiringAndReleasing) else { return }
        ports.add(pool.sockets.dropFirst(ports.ports.count))
        let waiting = commands.withLock { commands in
            defer { commands.removeAll() }
            return commands
        }
        for command in waiting { command(&engine, MonotonicClock.now) }
    }

    /// Sends what is due, and looks at the sockets in between if that takes long.
    private func send(
        _ engine: inout LoadEngine, _ ports: LoadPorts, _ batch: inout SendBatch, _ sender: inout DatagramSender
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

    private func receive(_ engine: inout LoadEngine, _ ports: inout LoadPorts, _ batch: inout ReceiveBatch) {
        guard ports.poll() else { return }
        for index in ports.ports.indices where ports.isReadable(index) {
            // One full batch a look, so that sending is not held up by a flood.
            guard ports.ports[index].receive(into: &batch) > 0 else { continue }
            engine.receive(
                &batch, socket: index, at: MonotonicClock.now, unixNanoseconds: WallClock.unixNanoseconds)
        }
    }

    private func publish(_ engine: inout LoadEngine, _ ports: LoadPorts, _ refusals: UInt64) {
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
