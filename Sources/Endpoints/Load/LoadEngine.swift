import MediaCore
import MediaIO
import MediaWire

/// The clips of a run.
struct LoadClips: Sendable {
    /// Nil: sound only.
    var video: LoadClip?
    var audio: LoadClip
    /// Nil: the technician says nothing.
    var talkback: LoadClip?

    func clip(of kind: LoadFlowKind) -> LoadClip? {
        switch kind {
        case .video: video
        case .audio: audio
        case .talkback: talkback
        }
    }
}

/// A session whose legs stand at the relay, ready for media.
struct LoadSessionDescription: Sendable {
    struct Flow: Sendable {
        var kind: LoadFlowKind
        var publisher: LoadLinkDescription
        var player: LoadLinkDescription
    }

    /// Number of the session in the whole run, which decides its place in the clips and between the frames of the others.
    var number: Int
    /// The thread's sockets that the two sides send and receive with.
    var customerSocket: Int
    var technicianSocket: Int
    var flows: [Flow]

    func socket(of side: SessionSide) -> Int { side == .customer ? customerSocket : technicianSocket }
}

/// Both ends of many sessions on one thread: datagrams and explicit times in, datagrams out. No sockets, clocks or threads.
///
/// Frames leave when they are due, whatever comes back: a slow relay does not slow the load. Each packet carries its capture time,
/// and what comes out of the relay is checked against what went in: its number, its capture time and whether it is there at all.
/// Packets that the relay asks for are sent again. While media flows nothing is allocated and no references are counted.
@safe
struct LoadEngine: ~Copyable {
    /// Time between two reports of one side, in ns.
    static let reportInterval: Int64 = 1_000_000_000

    let clips: LoadClipReader
    var figures = LoadFigures()
    /// Frames captured within this count, in ns since 1970.
    var window: Range<UInt64> = 0..<UInt64.max

    var flows = LoadFlows()
    var sessions: [LoadSession] = []
    var schedule = PacingSchedule()
    /// Who is meant by a datagram's socket and SSRC.
    var routes = LoadRoutes()
    /// Packets that were asked for, from `repeated` on; those before have left.
    var requests: [LoadRequest] = []
    var repeated = 0
    /// Publishers whose reporter is not known yet: the relay's own SSRC is in no answer. By socket.
    var unbound: [Int: [Int]] = [:]
    private var random: SplitMix64
    /// A packet is tried with several keys here, since a failed try may leave it damaged.
    let scratch: UnsafeMutableRawBufferPointer

    init(clips: LoadClipMemory, seed: UInt64) {
        self.clips = LoadClipReader(clips)
        random = SplitMix64(seed: seed)
        requests.reserveCapacity(Self.maximumRequests)
        unsafe scratch = .allocate(byteCount: ReceiveBatch.slotSize, alignment: 64)
    }

    deinit { unsafe scratch.deallocate() }

    // MARK: - Sessions

    /// Takes a session in. It sends nothing before `start`.
    /// - Returns: its number here.
    /// - Throws: `SRTPError` if a key is refused.
    mutating func add(_ description: LoadSessionDescription) throws(SRTPError) -> Int {
        let index = sessions.count
        var session = LoadSession(description)
        for flow in description.flows where clips.frameCount(flow.kind) > 0 {
            let publisher = try LoadLink(flow.publisher)
            let player = try LoadLink(flow.player)
            let slotSSRC = flow.player.answer.remoteSSRCs.first ?? SSRC(0)
            session.flows[Int(flow.kind.rawValue)] = Int32(flows.count)
            let number = flows.count
            let outgoing = OutgoingLoad(
                clockRate: flow.kind == .video ? 90_000 : 48_000,
                firstSequence: SequenceNumber(UInt16(truncatingIfNeeded: random.next())),
                firstTimestamp: RTPTimestamp(UInt32(truncatingIfNeeded: random.next())),
                secondPosition: Self.place(description.number, of: clips.frameCount(flow.kind)))
            flows.append(
                LoadFlow(
                    kind: flow.kind, publisher: publisher, player: player, outgoing: outgoing,
                    incoming: IncomingLoad(ssrc: slotSSRC)))
            let from = description.socket(of: flow.kind.publisher)
            let to = description.socket(of: flow.kind.publisher.other)
            routes.insert(
                LoadRouteKey(socket: to, ssrc: slotSSRC), LoadRoute(flow: number, isPublisher: false))
            unbound[from, default: []].append(number)
        }
        sessions.append(session)
        schedule.reserveCapacity(sessions.count * LoadTurn.perSession * 2)
        return index
    }

    /// Where in a clip the streams of session `number` go on after their first frame: spread evenly for any number of sessions
    /// by steps of the golden ratio.
    static func place(_ number: Int, of count: Int) -> Int {
        count > 1 ? 1 + Int(fraction(number) * Double(count - 1)) : 0
    }

    private static func fraction(_ number: Int) -> Double {
        (Double(number) * 0.618_033_988_749_894_8).truncatingRemainder(dividingBy: 1)
    }

    /// Begins, or goes on after `pause`. The session's frames fall between those of the others: its first ones are due up to one
    /// frame's duration from `now`, its reports up to a second.
    mutating func start(_ index: Int, at now: Instant) {
        guard sessions.indices.contains(index), !sessions[index].isActive else { return }
        sessions[index].isActive = true
        sessions[index].generation &+= 1
        let phase = Self.fraction(sessions[index].number)
        func offset(_ interval: Int64) -> Instant { now.advanced(byNanoseconds: Int64(Double(interval) * phase)) }
        for kind in LoadFlowKind.allCases where sessions[index].flow(kind) != nil {
            let frame = clips.frame(kind, 0)
            insert(LoadTurn(session: index, purpose: .media(kind)), at: offset(frame.durationNanoseconds))
        }
        for side in SessionSide.allCases {
            let phase = offset(Self.reportInterval)
            insert(LoadTurn(session: index, purpose: .report(side)), at: side == .customer ? phase : later(phase))
        }
    }

    private func later(_ moment: Instant) -> Instant { moment.advanced(byNanoseconds: Self.reportInterval / 2) }

    /// Sends nothing more of the session until it is started again.
    mutating func pause(_ index: Int) {
        guard sessions.indices.contains(index) else { return }
        sessions[index].isActive = false
        sessions[index].generation &+= 1
        // A frame that is half sent is finished when the session goes on.
    }

    /// Says goodbye on every stream of the session and sends nothing after.
    mutating func leave(_ index: Int, at now: Instant) {
        guard sessions.indices.contains(index), !sessions[index].isLeaving else { return }
        pause(index)
        sessions[index].isLeaving = true
        for side in SessionSide.allCases { insert(LoadTurn(session: index, purpose: .report(side)), at: now) }
    }

    /// Forgets all sessions. What still comes for them counts as strangers'.
    mutating func removeAll() {
        flows.removeAll()
        sessions.removeAll()
        schedule.removeAll()
        routes.removeAll()
        unbound.removeAll()
        requests.removeAll(keepingCapacity: true)
        repeated = 0
    }

    /// When `fill` has something to do; nil while there is nothing.
    var nextDue: Instant? { repeated < requests.count ? Instant(nanoseconds: 0) : schedule.next?.due }

    /// Counts packets and latencies anew, of frames captured within `window` only.
    mutating func measure(_ window: Range<UInt64>) {
        self.window = window
        figures.packetsSent = 0
        figures.packetsReceived = 0
        figures.latency = .init()
        figures.lateness = .init()
    }

    private mutating func insert(_ turn: LoadTurn, at due: Instant) {
        schedule.insert(.init(due: due, id: turn.id, generation: sessions[turn.session].generation))
    }
}

/// A session's state in the engine.
struct LoadSession {
    let number: Int
    let customerSocket: Int
    let technicianSocket: Int
    /// By kind; -1 for one that the session has not.
    var flows: InlineArray<3, Int32> = [-1, -1, -1]
    var isActive = false
    var isLeaving = false
    var generation: UInt32 = 0

    init(_ description: LoadSessionDescription) {
        number = description.number
        customerSocket = description.customerSocket
        technicianSocket = description.technicianSocket
    }

    func flow(_ kind: LoadFlowKind) -> Int? {
        let index = flows[Int(kind.rawValue)]
        return index >= 0 ? Int(index) : nil
    }

    func socket(of side: SessionSide) -> Int { side == .customer ? customerSocket : technicianSocket }
}

/// What is due: a session's frame of one kind, or one side's reports.
struct LoadTurn: Equatable {
    enum Purpose: Equatable {
        case media(LoadFlowKind)
        case report(SessionSide)
    }

    static let perSession = 5
    let session: Int
    let purpose: Purpose

    init(session: Int, purpose: Purpose) {
        self.session = session
        self.purpose = purpose
    }

    init(id: UInt32) {
        session = Int(id) / Self.perSession
        switch Int(id) % Self.perSession {
        case 0: purpose = .media(.video)
        case 1: purpose = .media(.audio)
        case 2: purpose = .media(.talkback)
        case 3: purpose = .report(.customer)
        default: purpose = .report(.technician)
        }
    }

    var id: UInt32 {
        let place =
            switch purpose {
            case .media(let kind): Int(kind.rawValue)
            case .report(let side): side == .customer ? 3 : 4
            }
        return UInt32(truncatingIfNeeded: session &* Self.perSession &+ place)
    }
}

/// A packet that the relay asked for.
struct LoadRequest: BitwiseCopyable {
    var flow: Int32
    var socket: Int32
    var sequence: SequenceNumber
}
