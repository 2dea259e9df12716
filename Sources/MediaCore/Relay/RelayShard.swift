internal import MediaWire

/// The relay on one thread: datagrams and an explicit `now` in, datagrams and events out. No sockets, clocks or threads.
///
/// Owns its sessions, legs, tracks and slots; nothing is shared between shards. Work at signalling time (`addLeg`,
/// `openGate`) builds tables that work at packet time only walks. After any call, `nextTimeout` may have changed.
@safe
public struct RelayShard: ~Copyable {
    public internal(set) var counters = ShardCounters()

    let configuration: RelayConfiguration
    var sessions: Slab<RelaySession>
    var sessionIndices: [RelaySessionKey: Int] = [:]
    var legs: Slab<Leg>
    var tracks: Slab<PublishedTrack>
    var slots: Slab<PlayerSlot>
    var links: Slab<SecureLink>
    var peers: Slab<WebRTCPeer>
    var ports = Slab<PortSlot>()

    /// Sources that have passed authentication.
    var sources: SourceTable
    /// Streams that may come from an SSRC or an address not bound yet.
    var declaredSources: [SSRC: [StreamReference]] = [:]
    var announcedSources: [SocketAddress: [StreamReference]] = [:]
    /// Legs over ICE by the name that their checks call the relay, and by the paths that checks have proven.
    var peersByFragment: [[UInt8]: Int] = [:]
    var peersByPath: [Path: Int] = [:]
    /// Made when the first leg needs it.
    var certificate: DTLSContext?

    var timers = TimerQueue()
    /// A look at who is still there is planned.
    var watchesPresence = false
    var random: SplitMix64
    /// Datagrams made at signalling time, sent with the next timeout.
    var pending: [(bytes: [UInt8], path: Path)] = []
    /// How many of them have been sent.
    private var pendingSent = 0
    /// Where a packet is tried with several keys, since a failed try may leave it damaged.
    let scratch: UnsafeMutableRawBufferPointer
    /// What the stages of `receive` hand on.
    var stage = PacketStage()
    var shedder = LoadShedder()
    /// What tracks keep for retransmission.
    var arena: PacketArena
    var lostNumbers: [SequenceNumber] = []
    private var events: [ShardEvent] = []
    private var eventsRead = 0

    public init(_ configuration: RelayConfiguration) {
        self.configuration = configuration
        // A call has four legs; three tracks (camera, two voices) feed three slots. What goes beyond that grows the slabs.
        sessions = Slab(reserving: configuration.maximumSessions)
        legs = Slab(reserving: configuration.maximumSessions * 4)
        tracks = Slab(reserving: configuration.maximumSessions * 3)
        slots = Slab(reserving: configuration.maximumSessions * 3)
        links = Slab(reserving: configuration.maximumSessions * 6)
        peers = Slab(reserving: configuration.maximumSessions * 4)
        certificate = nil
        random = SplitMix64(seed: configuration.seed)
        sources = SourceTable(seed: configuration.seed)
        arena = PacketArena(limit: configuration.retransmissionMemory)
        unsafe scratch = .allocate(byteCount: ReceiveBatch.slotSize, alignment: 64)
        lostNumbers.reserveCapacity(512)
    }

    deinit { unsafe scratch.deallocate() }

    /// For the time before the first packet: has a piece more of the memory at hand that packets would wait for, which may take some
    /// ms. False when all is.
    public mutating func warmUp() -> Bool { arena.prepare() }

    /// Sessions on this shard.
    public var sessionCount: Int { sessions.count }
    public var legCount: Int { legs.count }

    /// Takes the datagrams from `index` on, in order.
    ///
    /// Works in stages, each a loop over a run of datagrams: find the streams, unprotect, then route and rewrite, then protect.
    /// What is committed may stand in the receive batch: send it before that is filled anew.
    /// Answers the index of the first datagram not taken because the send batch could not hold what it may cause: send, empty
    /// the batch, and call again from there with the same batch.
    public mutating func receive(
        _ batch: inout ReceiveBatch, startingAt index: Int, into send: inout SendBatch, at now: Instant
    ) -> Int {
        let mostCaused = max(configuration.maximumSubscriptions, configuration.maximumRetransmissionsPerDatagram)
        let needed = min(mostCaused, send.capacity)
        var index = index
        if index == 0 { stage.removeAll() }
        stage.isRunning = true
        defer { stage.isRunning = false }
        while index < batch.count {
            guard send.room >= needed else { break }
            if !stage.holds(index) { open(batch, from: index, at: now) }
            while index < stage.end, send.room >= needed {
                route(index, of: batch, into: &send, at: now)
                index &+= 1
            }
            protectStaged(&send)
        }
        return index
    }

    /// Tells how the socket stood before the next `receive`. While too much waits in it the shard sheds video.
    ///
    /// - Parameters:
    ///   - wait: how long the oldest datagram has been in it, in ns.
    ///   - fill: how much of its buffer is taken, 0 ... 256.
    public mutating func noteBacklog(wait: Int64, fill: Int, at now: Instant) {
        shedder.note(wait: wait, fill: fill, at: now)
    }

    /// True while video is shed, and shortly after: no place for new sessions.
    public func isOverloaded(at now: Instant) -> Bool { shedder.isOverloaded(at: now) }

    /// When `handleTimeout` has something to do; nil when nothing is planned.
    ///
    /// Mutating, although it changes nothing: a reader that borrows gets a copy of the whole shard's fields each time.
    public var nextTimeout: Instant? {
        mutating get { pending.isEmpty ? timers.next : Instant(nanoseconds: 0) }
    }

    /// Sends what is due: reports, NACKs, keyframe requests. Calling early is harmless.
    ///
    /// When the batch fills up the rest stays due: send, empty the batch, and call again.
    public mutating func handleTimeout(at now: Instant, into send: inout SendBatch) {
        while send.room > 0, pendingSent < pending.count {
            let datagram = pending[pendingSent]
            pendingSent += 1
            guard let slot = unsafe send.nextSlot(), datagram.bytes.count <= slot.count else { continue }
            unsafe slot.copyBytes(from: datagram.bytes)
            send.commit(length: datagram.bytes.count, to: datagram.path)
        }
        if pendingSent > 0, pendingSent == pending.count {
            pending.removeAll(keepingCapacity: true)
            pendingSent = 0
        }
        while send.room > 0, let timer = timers.popDue(at: now) {
            switch timer.purpose {
            case .trackReport: trackReportDue(timer, into: &send, at: now)
            case .slotReport: slotReportDue(timer, into: &send, at: now)
            case .firstSlotReport: firstSlotReportDue(timer, into: &send, at: now)
            case .nack: nackDue(timer, into: &send, at: now)
            case .keyframe: keyframeDue(timer, into: &send, at: now)
            case .handshake: handshakeDue(timer, into: &send, at: now)
            case .consent: consentDue(timer, at: now)
            case .presence: presenceDue(at: now)
            case .transportFeedback: transportFeedbackDue(timer, into: &send, at: now)
            case .portSource: guard portSourceDue(timer, into: &send, at: now) else { return }
            }
        }
    }

    /// The next thing that happened, oldest first.
    public mutating func pollEvent() -> ShardEvent? {
        guard eventsRead < events.count else {
            guard eventsRead > 0 else { return nil }
            events.removeAll(keepingCapacity: true)
            eventsRead = 0
            return nil
        }
        eventsRead += 1
        return events[eventsRead - 1]
    }

    mutating func emit(_ event: ShardEvent) {
        guard events.count < configuration.maximumEvents else {
            counters.droppedEvents &+= 1
            return
        }
        events.append(event)
    }
}
