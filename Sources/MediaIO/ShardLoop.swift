internal import MediaCore
internal import MediaWire

/// The loop of a shard's thread: commands, a batch in, a batch out, timers, wait.
struct ShardLoop: ~Copyable {
    /// Messages of one receive at most; where they hold several datagrams each, fewer, down to `fewestMerged`. Enough for a burst,
    /// few enough that what was received is still in the nearer caches when it is sent.
    private static let receiveCapacity = 64
    private static let fewestMerged = 16
    private static let sendCapacity = 256
    private static let reportInterval: Int64 = 500_000_000
    /// From this wait in the socket on, in ns, its fill is looked at.
    private static let lateness: Int64 = 2_000_000

    /// Between two looks for new connections while datagrams come fast, in ns.
    private static let streamInterval: Int64 = 5_000_000

    private let socket: UDPSocket
    private var streams: StreamSockets?
    private var streamBatch = ReceiveBatch(capacity: receiveCapacity)
    private var hasStreamWork = false
    private var nextStreamLook = Instant(nanoseconds: 0)
    private let mailbox: ShardMailbox
    private let onEvent: (ShardEvent) -> Void
    private let report: (ShardMeasurements) -> Void
    private var shard: RelayShard
    private var batch: ReceiveBatch
    private var outgoing = SendBatch(capacity: sendCapacity)
    private var receiver = DatagramReceiver(capacity: receiveCapacity)
    /// Messages to take with the next receive.
    private var wanted = receiveCapacity
    private var sender = DatagramSender(capacity: sendCapacity)
    private var measurements = ShardMeasurements()
    private var nextReport = Instant(nanoseconds: 0)
    private var hasMeasured = false
    /// The last receive filled its batch: there is more.
    private var isBehind = false
    private var wasLate = false
    private var pace = ReceivePace()
    private var depth = ReceiveDepth()
    /// When the last batch was done, in Unix time, ns.
    private var lastDone: UInt64 = 0

    init(
        sockets: consuming ShardSockets, configuration: RelayConfiguration, mailbox: ShardMailbox,
        onEvent: @escaping (ShardEvent) -> Void, report: @escaping (ShardMeasurements) -> Void
    ) {
        batch = ReceiveBatch(capacity: Self.receiveCapacity, merged: sockets.datagrams.offload.merges)
        socket = sockets.datagrams
        streams = sockets.streams
        self.mailbox = mailbox
        self.onEvent = onEvent
        self.report = report
        shard = RelayShard(configuration)
    }

    consuming func run() {
        // Before the first command, so that no packet waits for it.
        batch.warmUp()
        outgoing.warmUp()
        while !mailbox.isClosed, shard.warmUp() {}
        while step() {}
        let now = MonotonicClock.now
        shard.endAllSessions(at: now)
        runTimers(at: now)
        reportMeasurements()
    }

    /// One round. False when the shard is to stop.
    private mutating func step() -> Bool {
        if mailbox.mayHaveWork {
            let now = MonotonicClock.now
            for command in mailbox.takeAll() { command(&shard, now) }
            if mailbox.isClosed { return false }
        }
        // Connections would not be heard from a receive that sleeps.
        let waits = pace.isFast && !isBehind && !hasConnections
        let asked = waits ? depth.next(most: wanted) : wanted
        let received = receiver.receive(from: socket, into: &batch, most: asked, waits: waits)
        isBehind = asked > 1 && receiver.isFull(batch)
        let now = MonotonicClock.now
        if received > 0 || waits { pace.note(receivedAny: received > 0, at: now) }
        if received > 0 {
            // What fits into one receive is no backlog.
            if isBehind || wasLate { noteBacklog(at: now) }
            var index = 0
            while index < received {
                index = shard.receive(&batch, startingAt: index, into: &outgoing, at: now)
                send()
            }
            depth.note(messages: batch.messageCount, asked: asked, wasWaiting: batch.stamp(ofMessage: 0) < lastDone)
            measure()
            wanted = max(Self.fewestMerged, Self.receiveCapacity &* batch.messageCount / batch.count)
        }
        if hasStreamWork || now >= nextStreamLook { receiveStreams(at: now) }
        if let due = shard.nextTimeout, due <= now { runTimers(at: now) }
        while let event = shard.pollEvent() { onEvent(event) }
        if now >= nextReport, hasMeasured {
            nextReport = now.advanced(byNanoseconds: Self.reportInterval)
            reportMeasurements()
        }
        if !isBehind, !pace.isFast || hasConnections { wait(at: now) }
        return true
    }

    /// Tells the shard what waits in the socket. The kernel is asked only when there is some reason.
    private mutating func noteBacklog(at now: Instant) {
        let stamp = batch.stamp(ofMessage: 0)
        let wait = stamp == 0 ? 0 : Int64(truncatingIfNeeded: WallClock.unixNanoseconds &- stamp)
        let isLate = wait > Self.lateness
        let fill = isLate ? socket.receiveFill : 0
        // Between two overloads there is nothing to tell.
        guard isLate || wasLate else { return }
        shard.noteBacklog(wait: wait, fill: fill, at: now)
        // As long as it sheds it has to hear that there is no reason any more.
        wasLate = isLate || shard.isOverloaded(at: now)
    }

    private mutating func runTimers(at now: Instant) {
        repeat {
            shard.handleTimeout(at: now, into: &outgoing)
            if outgoing.count == 0 { return }
            send()
        } while shard.nextTimeout.map { $0 <= now } ?? false
    }

    /// Sleeps until a datagram, a command or a timer.
    private mutating func wait(at now: Instant) {
        var timeout = shard.nextTimeout.map { $0.nanoseconds(since: now) }
        if hasMeasured {
            let untilReport = nextReport.nanoseconds(since: now)
            timeout = timeout.map { min($0, untilReport) } ?? untilReport
        }
        if let due = streams?.nextTimeout {
            let untilDue = due.nanoseconds(since: now)
            timeout = timeout.map { min($0, untilDue) } ?? untilDue
        }
        let ready = socket.wait(
            orReadable: mailbox.wakeDescriptor, or: streams?.descriptor ?? -1, nanoseconds: timeout)
        if ready.other { mailbox.noteAwake() }
        hasStreamWork = ready.third
    }

    @inline(__always)
    private mutating func send() {
        if outgoing.connectedCount > 0 { streams?.send(outgoing) }
        sender.send(&outgoing, through: socket)
    }

    // MARK: Connections

    /// Mutating, although it changes nothing: a reader that borrows gets a copy of the whole loop's fields.
    private var hasConnections: Bool {
        mutating get { streams?.isEmpty == false }
    }

    private mutating func receiveStreams(at now: Instant) {
        hasStreamWork = false
        nextStreamLook = now.advanced(byNanoseconds: Self.streamInterval)
        streams?.poll(at: now)
        while streams?.receive(into: &streamBatch, at: now) ?? false {
            if streamBatch.count > 0 { hasMeasured = true }
            var index = 0
            while index < streamBatch.count {
                index = shard.receive(&streamBatch, startingAt: index, into: &outgoing, at: now)
                send()
            }
        }
    }

    private mutating func measure() {
        let after = WallClock.unixNanoseconds
        lastDone = after
        for index in 0..<batch.messageCount {
            let stamp = batch.stamp(ofMessage: index)
            if stamp != 0, after >= stamp { measurements.relayLatency.record(nanoseconds: after &- stamp) }
        }
        hasMeasured = true
    }

    private mutating func reportMeasurements() {
        measurements.kernelReceiveDrops = UInt64(receiver.kernelDrops)
        measurements.kernelSendDrops = sender.dropped
        measurements.connections = streams?.count ?? 0
        measurements.connectionDrops = streams?.dropped ?? 0
        measurements.isOverloaded = shard.isOverloaded(at: MonotonicClock.now)
        report(measurements)
        // An overload that has passed is to be reported too.
        hasMeasured = measurements.isOverloaded
    }
}
