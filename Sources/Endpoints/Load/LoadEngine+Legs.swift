import MediaCore
import MediaIO
import MediaWire

/// Legs over ICE and DTLS: handshakes, and checks that keep their paths. What they do is due in a queue of its own, so legs that
/// only stand cost their checks and nothing else.
extension LoadEngine {
    /// The socket that legs with local addresses of their own share.
    static let sharedSocket = 0
    /// Handshakes and checks that may wait to be sent.
    static let maximumTransmits = 1 << 16
    /// Legs whose time has come that are looked at before media gets its turn.
    private static let maximumTimeouts = 64

    func isShared(_ socket: Int) -> Bool { certificate != nil && socket == Self.sharedSocket }

    /// What datagrams that came to this socket are known by; -1 for nobody.
    func place(ofSocket socket: Int) -> Int { certificate == nil ? socket : legsOfSockets[socket] ?? -1 }

    /// Where a leg stands in `legs`; nil if it is not there.
    func place(ofLeg number: Int) -> Int? {
        let place = number &- firstLeg
        return legs.indices.contains(place) ? place : nil
    }

    /// Begins to connect a leg. Its first check is due at once.
    /// - Returns: its number, which no other leg of this engine has had lately.
    /// - Throws: `DTLSError` if the library fails.
    mutating func connect(_ description: LoadLegDescription, at now: Instant) throws(DTLSError) -> Int {
        guard let certificate else { throw .library }
        let number = firstLeg + legs.count
        let transport = try ClientTransport(
            description.answer, credentials: description.credentials, in: certificate.context, socket: number,
            checkInterval: LoadLeg.checkInterval, seed: description.seed, at: now)
        legs.append(
            LoadLeg(
                transport: transport, direction: description.direction, postedAt: description.postedAt,
                socket: description.socket ?? Self.sharedSocket,
                local: description.socket == nil ? LoadLeg.address(number) : .anyV4,
                deadline: now.advanced(byNanoseconds: LoadLeg.patience)))
        if let socket = description.socket { legsOfSockets[socket] = number }
        connecting += 1
        plan(legs.count - 1)
        return number
    }

    /// Takes a session in as soon as all its legs are connected. `joined` tells what became of it.
    /// - Parameter startsMedia: whether its media flows from then on.
    /// - Returns: the join's number.
    mutating func join(_ description: LoadSessionDescription, startsMedia: Bool, at now: Instant) -> Int {
        let number = nextJoin
        nextJoin += 1
        var join = LoadJoin(description: description, startsMedia: startsMedia, missing: 0)
        var failure: LoadLegFailure?
        for leg in description.legs {
            guard let place = place(ofLeg: leg) else {
                failure = .abandoned
                continue
            }
            legs[place].join = number
            switch legs[place].state {
            case .connecting: join.missing += 1
            case .connected: break
            case .failed(let reason): failure = reason
            case .over: failure = .abandoned
            }
        }
        joins[number] = join
        if let failure { fail(number, failure) } else if join.missing == 0 { finish(number, at: now) }
        return number
    }

    /// Gives legs up that no session has yet, and what waits for them.
    mutating func abandon(_ numbers: Set<Int>) {
        for place in numbers.compactMap({ place(ofLeg: $0) }) where legs[place].session == nil {
            if case .failed = legs[place].state { continue }
            set(place, .failed(.abandoned))
            if let join = legs[place].join { fail(join, .abandoned) }
        }
    }

    // MARK: - Datagrams

    mutating func receiveTransport(
        _ bytes: UnsafeMutableRawBufferPointer, isSTUN: Bool, leg number: Int, at now: Instant, arrival: Instant
    ) {
        guard certificate != nil, let place = place(ofLeg: number), isAlive(place) else {
            figures.strangers &+= 1
            return
        }
        let datagram = unsafe Array(bytes)
        let transport = legs[place].transport
        let keys =
            isSTUN
            ? transport.receiveSTUN(datagram, at: now, into: &transmits)
            : transport.receiveDTLS(datagram, at: now, into: &transmits)
        settle(place, keys, at: now, arrival: arrival)
    }

    /// Some session's media flows, or reports do.
    var hasMedia: Bool { schedule.next != nil }

    /// Something of the legs waits to be sent.
    var hasTransmits: Bool { held != nil || transmits.count > 0 }

    /// Writes what the legs have to say, as long as it goes through the same socket.
    mutating func fillWithTransmits(_ batch: inout SendBatch, at now: Instant) -> Int? {
        runTimers(at: now)
        guard hasTransmits else { return nil }
        var chosen: Int?
        while batch.room > 0, let transmit = held ?? transmits.popFirst() {
            held = nil
            guard let place = place(ofLeg: transmit.socket) else { continue }
            let socket = legs[place].socket
            if let chosen, chosen != socket {
                held = transmit
                break
            }
            let path = Path(local: legs[place].local, remote: transmit.destination)
            if batch.append(transmit.bytes, to: path) { chosen = socket }
        }
        return chosen
    }

    private mutating func runTimers(at now: Instant) {
        for _ in 0..<Self.maximumTimeouts {
            guard let entry = timers.next, entry.due <= now else { return }
            timers.removeFirst()
            let place = Int(entry.id)
            // Entries that an earlier one has overtaken stay where they are until their time comes.
            guard legs.indices.contains(place), legs[place].planned == entry.due else { continue }
            legs[place].planned = nil
            guard isAlive(place) else { continue }
            if legs[place].state == .connecting, legs[place].deadline <= now {
                lose(place, legs[place].transport.remoteAddress == nil ? .unreachable : .handshake("timeout"))
                continue
            }
            let keys = legs[place].transport.handleTimeout(at: now, into: &transmits)
            settle(place, keys, at: now, arrival: now)
        }
    }

    private func isAlive(_ place: Int) -> Bool {
        legs[place].state == .connecting || legs[place].state == .connected
    }

    private mutating func plan(_ place: Int) {
        guard isAlive(place) else { return }
        let deadline = legs[place].state == .connecting ? legs[place].deadline : nil
        guard let due = Instant.earlier(deadline, legs[place].transport.nextTimeout) else { return }
        if let planned = legs[place].planned, planned <= due { return }
        legs[place].planned = due
        timers.insert(.init(due: due, id: UInt32(truncatingIfNeeded: place), generation: 0))
    }

    // MARK: - Standing

    /// Takes note of what a call to a transport has brought about.
    private mutating func settle(_ place: Int, _ keys: DTLSKeys?, at now: Instant, arrival: Instant) {
        if let keys, legs[place].state == .connecting {
            legs[place].keys = keys
            set(place, .connected)
            figures.handshakesCompleted &+= 1
            if legs[place].direction == .publish {
                figures.connecting.record(nanoseconds: arrival.nanoseconds(since: legs[place].postedAt))
            }
            if let join = legs[place].join { count(join, at: now) }
        } else if let failure = legs[place].transport.failure {
            lose(place, LoadLegFailure(failure))
        }
        plan(place)
    }

    private mutating func lose(_ place: Int, _ failure: LoadLegFailure) {
        let wasConnected = legs[place].state == .connected
        set(place, .failed(failure))
        if wasConnected { figures.connectionsLost &+= 1 } else { figures.handshakesFailed &+= 1 }
        if let session = legs[place].session {
            pause(session)
        } else if let join = legs[place].join {
            fail(join, failure)
        }
    }

    private mutating func count(_ join: Int, at now: Instant) {
        joins[join]?.missing -= 1
        if joins[join]?.missing == 0 { finish(join, at: now) }
    }

    private mutating func finish(_ number: Int, at now: Instant) {
        guard let join = joins[number] else { return }
        do throws(LoadLegFailure) {
            let session = try add(join.description)
            joins[number] = nil
            for kind in LoadFlowKind.allCases {
                guard let flow = sessions[session].flow(kind) else { continue }
                own(flows[flow].publisher.leg, by: session, flow, join)
                own(flows[flow].player.leg, by: session, flow, join)
            }
            if join.startsMedia { start(session, at: now) }
            joined.append(LoadJoined(join: number, result: .success(session)))
        } catch {
            fail(number, error)
        }
    }

    private mutating func own(_ leg: Int, by session: Int, _ flow: Int, _ join: LoadJoin) {
        guard let place = place(ofLeg: leg) else { return }
        legs[place].join = nil
        legs[place].session = session
        legs[place].firstFlow = legs[place].firstFlow ?? flow
        legs[place].awaitsMedia = join.startsMedia && legs[place].direction == .publish
        // They are in the streams' contexts now.
        legs[place].keys = nil
    }

    private mutating func fail(_ number: Int, _ failure: LoadLegFailure) {
        guard let join = joins.removeValue(forKey: number) else { return }
        for place in join.description.legs.compactMap({ place(ofLeg: $0) }) where isAlive(place) { close(place) }
        joined.append(LoadJoined(join: number, result: .failure(failure)))
    }

    /// Nothing is sent for it or taken any more. The relay hears of it by the end of the session.
    private mutating func close(_ place: Int) {
        set(place, .over)
        legs[place].keys = nil
    }

    private mutating func set(_ place: Int, _ state: LoadLeg.State) {
        if legs[place].state == .connecting { connecting -= 1 }
        legs[place].state = state
        if !isAlive(place) { legs[place].planned = nil }
    }

    mutating func closeLegs(ofSession session: Int) {
        for kind in LoadFlowKind.allCases {
            guard let flow = sessions[session].flow(kind) else { continue }
            for leg in [flows[flow].publisher.leg, flows[flow].player.leg] {
                if let place = place(ofLeg: leg), isAlive(place) { close(place) }
            }
        }
    }

    mutating func removeLegs() {
        for number in joins.keys.sorted() { fail(number, .abandoned) }
        firstLeg = LoadLeg.first(after: firstLeg + legs.count)
        legs.removeAll()
        connecting = 0
        legsOfSockets.removeAll()
        timers.removeAll()
        held = nil
        while transmits.popFirst() != nil {}
    }

    // MARK: - Streams

    /// A stream's end, with keys and path from its transport. Joins wait until legs have them.
    /// - Parameter socket: the thread's, where keys stand in the SDP.
    func link(_ description: LoadLinkDescription, socket: Int) throws(LoadLegFailure) -> LoadLink {
        guard let terms = terms(of: description, socket), let link = try? LoadLink(description, terms) else {
            throw .keyRefused
        }
        return link
    }

    private func terms(of link: LoadLinkDescription, _ socket: Int) -> LoadLinkTerms? {
        switch link.transport {
        case .sdes(let sending, let receiving, let path, let controlPath):
            return LoadLinkTerms(
                sending: sending, receiving: receiving, path: path, controlPath: controlPath, socket: socket,
                place: socket)
        case .leg(let number):
            guard let place = place(ofLeg: number), let keys = legs[place].keys,
                let remote = legs[place].transport.remoteAddress
            else { return nil }
            let path = Path(local: legs[place].local, remote: remote)
            return LoadLinkTerms(
                sending: keys.sending, receiving: keys.receiving, path: path, controlPath: path,
                socket: legs[place].socket, place: number)
        }
    }

    /// The relay has taken a packet of a stream, and forwarded it: the first of a leg is measured.
    @inline(never)
    mutating func noteFirstMedia(ofFlow flow: Int, arrival: Instant) {
        guard let place = place(ofLeg: flows[flow].publisher.leg), legs[place].awaitsMedia else { return }
        legs[place].awaitsMedia = false
        figures.firstMedia.record(nanoseconds: arrival.nanoseconds(since: legs[place].postedAt))
    }
}
