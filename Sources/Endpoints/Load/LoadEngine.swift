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
    /// The thread's sockets that the two sides send and receive with where keys stand in the SDP.
    var customerSocket = 0
    var technicianSocket = 0
    var flows: [Flow]

    func socket(of side: SessionSide) -> Int { side == .customer ? customerSocket : technicianSocket }

    /// The numbers of its legs, each once; none where keys stand in the SDP.
    var legs: Set<Int> { Set(flows.flatMap { [$0.publisher.leg, $0.player.leg] }.compactMap(\.self)) }
}

/// Both ends of many sessions on one thread: datagrams and explicit times in, datagrams out. No sockets, clocks or threads.
///
/// Frames leave when they are due, whatever comes back: a slow relay does not slow the load. Each packet carries its capture time,
/// and what comes out of the relay is checked against what went in: its number, its capture time and whether it is there at all.
/// Packets that the relay asks for are sent again. While media flows nothing is allocated and no references are counted.
@safe
struct LoadEngine: ~Copyable {
    /// Time between two reports of one stream's end, in ns.
    static let reportInterval: Int64 = 1_000_000_000

    let clips: LoadClipReader
    var figures = LoadFigures()
    /// Frames captured within this count, in ns since 1970.
    var window: Range<UInt64> = 0..<UInt64.max

    var flows = LoadFlows()
    var sessions: [LoadSession] = []
    var schedule = PacingSchedule()
    /// Who is meant by a datagram's place (socket or leg) and SSRC.
    var routes = LoadRoutes()
    /// Packets that were asked for, from `repeated` on; those before have left.
    var requests: [LoadRequest] = []
    var repeated = 0
    /// Publishers whose reporter is not known yet: the relay's own SSRC is in no answer. By socket.
    var unbound: [Int: [Int]] = [:]
    var random: SplitMix64

    /// What the handshakes show; nil where keys stand in the SDP.
    let certificate: LoadCertificate?
    /// Those that are there now; the first of them has the number `firstLeg`. Their states change by `set` only.
    var legs: [LoadLeg] = []
    var firstLeg = 0
    /// Legs that are being connected.
    var connecting = 0
    /// By the socket that is theirs alone.
    var legsOfSockets: [Int: Int] = [:]
    /// When checks and flights of the legs are due, by their places in `legs`.
    var timers = PacingSchedule()
    var transmits = BoundedQueue<Transmit>(limit: Self.maximumTransmits)
    /// Taken out of `transmits`, but of another socket than those before it.
    var held: Transmit?
    var joins: [Int: LoadJoin] = [:]
    var nextJoin = 0
    /// Joins that are decided, for the owner to take.
    var joined: [LoadJoined] = []

    /// A packet is tried with several keys here, since a failed try may leave it damaged.
    let scratch: UnsafeMutableRawBufferPointer

    /// - Parameter certificate: of the handshakes; nil where keys stand in the SDP.
    init(clips: LoadClipMemory, certificate: LoadCertificate? = nil, seed: UInt64) {
        self.clips = LoadClipReader(clips)
        self.certificate = certificate
        random = SplitMix64(seed: seed)
        requests.reserveCapacity(Self.maximumRequests)
        unsafe scratch = .allocate(byteCount: ReceiveBatch.slotSize, alignment: 64)
    }

    deinit { unsafe scratch.deallocate() }

    // MARK: - Sessions

    /// Takes a session in whose keys are known. It sends nothing before `start`.
    /// - Returns: its number here.
    /// - Throws: `LoadLegFailure.keyRefused`.
    mutating func add(_ description: LoadSessionDescription) throws(LoadLegFailure) -> Int {
        let index = sessions.count
        var session = LoadSession(description)
        for flow in description.flows where clips.frameCount(flow.kind) > 0 {
            let (from, to) = (flow.kind.publisher, flow.kind.publisher.other)
            let publisher = try link(flow.publisher, socket: description.socket(of: from))
            let player = try link(flow.player, socket: description.socket(of: to))
            let (publisherPlace, playerPlace) = (publisher.place, player.place)
            let slotSSRC = flow.player.remoteSSRC ?? SSRC(0)
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
            routes.insert(
                LoadRouteKey(place: playerPlace, ssrc: slotSSRC), LoadRoute(flow: number, isPublisher: false))
            if flow.publisher.leg != nil {
                // Reports name the stream that they are about.
                routes.insert(
                    LoadRouteKey(place: publisherPlace, ssrc: flow.publisher.ssrc),
                    LoadRoute(flow: number, isPublisher: true))
            } else {
                unbound[publisherPlace, default: []].append(number)
            }
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
        let first = offset(Self.reportInterval)
        for end in sessions[index].ends {
            insert(LoadTurn(session: index, purpose: .report(end)), at: end.side == .customer ? first : later(first))
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
        for end in sessions[index].ends { insert(LoadTurn(session: index, purpose: .report(end)), at: now) }
        closeLegs(ofSession: index)
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
        removeLegs()
    }

    /// When `fill` has something to do; nil while there is nothing.
    var nextDue: Instant? {
        if repeated < requests.count || hasTransmits { return Instant(nanoseconds: 0) }
        return Instant.earlier(schedule.next?.due, timers.next?.due)
    }

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
    /// By kind; -1 for one that the session has not.
    var flows: InlineArray<3, Int32> = [-1, -1, -1]
    var isActive = false
    var isLeaving = false
    var generation: UInt32 = 0

    init(_ description: LoadSessionDescription) {
        number = description.number
    }

    func flow(_ kind: LoadFlowKind) -> Int? {
        let index = flows[Int(kind.rawValue)]
        return index >= 0 ? Int(index) : nil
    }

    /// The flow whose end tells where reports of `end` go.
    func firstFlow(at end: LoadEnd) -> Int? {
        LoadFlowKind.allCases.lazy.compactMap { end.has($0) ? flow($0) : nil }.first
    }

    /// Those that have streams.
    var ends: [LoadEnd] { LoadEnd.allCases.filter { firstFlow(at: $0) != nil } }
}

/// What one side publishes, or plays: one leg.
enum LoadEnd: UInt8, CaseIterable {
    case customerPublishes, customerPlays, technicianPublishes, technicianPlays

    var side: SessionSide { self == .customerPublishes || self == .customerPlays ? .customer : .technician }
    var isPublisher: Bool { self == .customerPublishes || self == .technicianPublishes }

    func has(_ kind: LoadFlowKind) -> Bool { (kind.publisher == side) == isPublisher }
}

/// What is due: a session's frame of one kind, or the reports of one end.
struct LoadTurn: Equatable {
    enum Purpose: Equatable {
        case media(LoadFlowKind)
        case report(LoadEnd)
    }

    static let perSession = 7
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
        case let place: purpose = .report(LoadEnd(rawValue: UInt8(place - 3)) ?? .customerPublishes)
        }
    }

    var id: UInt32 {
        let place =
            switch purpose {
            case .media(let kind): Int(kind.rawValue)
            case .report(let end): 3 + Int(end.rawValue)
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
