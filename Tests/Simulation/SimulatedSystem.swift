import Endpoints
import MediaCore
import MediaWire

/// One relay shard, its calls and the network between them, on virtual time in one thread.
///
/// Everything runs the real code: offers are answered by the relay's negotiation, packets pass real SRTP. The same seed
/// gives the same run to the bit.
public final class SimulatedSystem {
    public private(set) var now = Instant(nanoseconds: 1_000_000_000)
    public private(set) var calls: [SimulatedCall] = []
    public private(set) var peers: [SimulatedPeer] = []

    private var network = SimulatedNetwork()
    private var shard: RelayShard
    private var received = ReceiveBatch(capacity: 64)
    private var outgoing = SendBatch(capacity: 64)
    private var events = EventQueue<Event>()
    private var plannedShardWake: Instant?
    private var random: SimulationRandom

    private enum Event {
        case delivery(SimulatedNetwork.Delivery)
        case wakeShard
        case wakePeer(Int)
        case video(Int)
        case audio(Int)
        case action((SimulatedSystem) -> Void)
    }

    public static let relayAddress = SocketAddress(IPAddress(v4: 0xC000_0201), port: 7000)
    /// The wall clock at `Instant` zero: some day in 2026.
    private static let origin = NTPTimestamp(unixNanoseconds: 1_780_000_000_000_000_000)

    /// The clock by which all peers tell capture times.
    public static func wallClock(at time: Instant) -> NTPTimestamp {
        origin.advanced(byNanoseconds: time.nanoseconds(since: Instant(nanoseconds: 0)))
    }

    /// - Parameter configure: changes what the relay is made with.
    public init(seed: UInt64, configure: (inout RelayConfiguration) -> Void = { _ in }) {
        random = SimulationRandom(seed: seed)
        var configuration = RelayConfiguration(seed: random.next())
        // The last report of each stream is to tell how the call ended.
        configuration.longestReportIntervalMilliseconds = configuration.reportIntervalMilliseconds
        configure(&configuration)
        shard = RelayShard(configuration)
    }

    // MARK: - Calls

    /// What a call is made of.
    public struct CallPlan {
        public var customerUp = LinkProfile.everyday
        public var customerDown = LinkProfile.everyday
        public var technicianUp = LinkProfile.everyday
        public var technicianDown = LinkProfile.everyday
        public var profile = SRTPProfile.aeadAES128GCM
        public var media: ReplayedMedia
        /// Change what the endpoints are made with.
        public var configure: (inout CallEndpointConfiguration) -> Void = { _ in }

        public init(media: ReplayedMedia) { self.media = media }

        /// The same treatment for every direction.
        public mutating func setAllLinks(_ profile: LinkProfile) {
            customerUp = profile
            customerDown = profile
            technicianUp = profile
            technicianDown = profile
        }
    }

    /// Sets a call up by real offers and answers. Both sides start to send at once; the gate stays closed.
    @discardableResult
    public func addCall(_ plan: CallPlan) throws -> SimulatedCall {
        let number = calls.count
        let customer = addPeer(
            .customer, call: number, plan, up: plan.customerUp, down: plan.customerDown,
            publish: [.audio, .video], play: [.audio])
        let technician = addPeer(
            .technician, call: number, plan, up: plan.technicianUp, down: plan.technicianDown,
            publish: [.audio], play: [.audio, .video])
        let call = SimulatedCall(
            session: RelaySessionKey(rawValue: UInt64(number) + 1), customer: customer, technician: technician)
        calls.append(call)
        for peer in [customer, technician] {
            try negotiate(peer, call.session)
            startMedia(of: peer)
        }
        return call
    }

    private func addPeer(
        _ side: SessionSide, call: Int, _ plan: CallPlan, up: LinkProfile, down: LinkProfile, publish: [MediaKind],
        play: [MediaKind]
    ) -> SimulatedPeer {
        let host: UInt32 = side == .customer ? 0xC633_6400 : 0xCB00_7100
        let address = SocketAddress(IPAddress(v4: host + UInt32(call) + 1), port: side == .customer ? 5_000 : 6_000)
        var configuration = CallEndpointConfiguration(
            localAddress: address, cname: "\(side)-\(call)", profile: plan.profile, publish: publish, play: play)
        // Several packets a frame, so that frames can arrive in part.
        configuration.maximumPayloadSize = 450
        plan.configure(&configuration)
        let index = network.addPeer(address, up: up, down: down, random: &random)
        let endpoint = CallEndpoint(
            configuration: configuration, using: &random,
            wallClock: (Instant(nanoseconds: 0), Self.origin))
        let peer = SimulatedPeer(side: side, call: call, index: index, endpoint: endpoint, media: plan.media)
        peers.append(peer)
        return peer
    }

    private func negotiate(_ peer: SimulatedPeer, _ session: RelaySessionKey) throws {
        for direction in MediaDirection.allCases {
            let offer = direction == .publish ? peer.endpoint.publishOffer() : peer.endpoint.playOffer()
            guard let offer else { continue }
            let context = NegotiationContext(
                direction: direction, clientAddress: network.address(of: peer.index).address, requestIsPrivate: true,
                mediaAddresses: [Self.relayAddress.address], mediaPort: Self.relayAddress.port,
                sessionID: session.rawValue)
            let (leg, answer) = try addLeg(try .offered(offer), context, session, peer.side)
            calls[peer.call].legs.append(leg)
            switch direction {
            case .publish: try peer.endpoint.acceptPublishAnswer(answer.serialized(), at: now)
            case .play: try peer.endpoint.acceptPlayAnswer(answer.serialized(), at: now)
            }
        }
        flush(peer)
    }

    private func addLeg(
        _ offer: SessionDescription, _ context: NegotiationContext, _ session: RelaySessionKey, _ side: SessionSide
    ) throws -> (LegID, SessionDescription) {
        if offer.usesDTLS {
            let terms = WebRTCAnswerTerms(fingerprint: try shard.certificateFingerprint())
            let media = try negotiateWebRTC(offer: offer, context: context, terms: terms, using: &random)
            let leg = try shard.addLeg(LegDescription(session: session, side: side, media: media), at: now)
            return (leg, media.answer)
        }
        let media = try negotiateSDES(offer: offer, context: context, using: &random)
        let leg = try shard.addLeg(LegDescription(session: session, side: side, media: media), at: now)
        return (leg, media.answer)
    }

    private func startMedia(of peer: SimulatedPeer) {
        // Cameras and microphones do not tick together.
        let spread = Int64.random(in: 0..<20_000_000, using: &random)
        events.plan(.audio(peer.index), at: now.advanced(byNanoseconds: spread))
        if peer.side == .customer, !peer.media.video.isEmpty {
            events.plan(.video(peer.index), at: now.advanced(byNanoseconds: spread / 2))
        }
    }

    public func openGate(_ call: SimulatedCall) throws {
        call.gateOpenedAt = now
        try shard.openGate(call.session, at: now)
        flushShard()
    }

    /// Opens the gate without Start, which no product code does: the checks must see it.
    public func forceGateOpen(_ call: SimulatedCall) {
        shard.forceGateOpen(call.session, at: now)
        flushShard()
    }

    public func endSession(_ call: SimulatedCall) {
        call.endedAt = now
        shard.endSession(call.session, at: now)
        flushShard()
    }

    /// The end of all calls: media stops, and the last reports come on lines without loss.
    public func windDown(milliseconds: Int64) {
        for peer in peers {
            stopMedia(of: peer)
            changeLinks(of: peer) { $0.loss = 0 }
        }
        run(milliseconds: milliseconds)
    }

    /// Stops a peer's camera and microphone; reports go on.
    public func stopMedia(of peer: SimulatedPeer) { peer.isSending = false }

    public func figures(of call: SimulatedCall) -> SessionFigures? { shard.figures(of: call.session) }
    public var counters: ShardCounters { shard.counters }

    // MARK: - The network

    /// What the network did on the way from a peer to the relay, or back.
    public func record(of peer: SimulatedPeer, towardsRelay: Bool) -> PacketRecord {
        network.records[.init(peer: peer.index, isTowardsRelay: towardsRelay)] ?? PacketRecord()
    }

    public func changeLinks(of peer: SimulatedPeer, _ change: (inout LinkProfile) -> Void) {
        for direction in [true, false] {
            network.change(.init(peer: peer.index, isTowardsRelay: direction), change)
        }
    }

    /// Gives a peer another source address and port from now on.
    public func move(_ peer: SimulatedPeer, to address: SocketAddress) { network.move(peer.index, to: address) }

    /// Puts a datagram before the relay, as from `source`: what strangers and attackers send.
    public func inject(_ bytes: [UInt8], from source: SocketAddress) {
        deliverToShard(bytes, from: source)
    }

    /// Puts a datagram before a peer.
    public func inject(_ bytes: [UInt8], into peer: SimulatedPeer, from source: SocketAddress) {
        peer.endpoint.handle(bytes, from: source, at: now)
        flush(peer)
    }

    /// A copy of every datagram that a peer sends from now on, for replays. At most 1,000.
    public var capturesDatagrams = false
    public private(set) var captured: [(bytes: [UInt8], source: SocketAddress)] = []

    // MARK: - Time

    /// Does something at a moment to come.
    public func plan(afterMilliseconds delay: Int64, _ action: @escaping (SimulatedSystem) -> Void) {
        events.plan(.action(action), at: now.advanced(byMilliseconds: delay))
    }

    public func run(milliseconds: Int64) {
        let end = now.advanced(byMilliseconds: milliseconds)
        while let time = events.nextTime, time <= end, let (_, event) = events.pop() {
            now = max(now, time)
            handle(event)
        }
        now = end
    }

    private func handle(_ event: Event) {
        switch event {
        case .delivery(let delivery): deliver(delivery)
        case .wakeShard:
            // A wake-up that an earlier one has overtaken was planned for another time.
            guard plannedShardWake == now else { return }
            plannedShardWake = nil
            flushShard()
        case .wakePeer(let index):
            guard peers[index].plannedWake == now else { return }
            peers[index].plannedWake = nil
            peers[index].endpoint.handleTimeout(at: now)
            flush(peers[index])
        case .video(let index):
            let peer = peers[index]
            guard peer.isSending else { return }
            peer.sendVideo(at: now)
            flush(peer)
            events.plan(event, at: now.advanced(byNanoseconds: peer.media.videoIntervalNanoseconds))
        case .audio(let index):
            let peer = peers[index]
            guard peer.isSending else { return }
            peer.sendAudio(at: now)
            flush(peer)
            events.plan(event, at: now.advanced(byNanoseconds: Int64(peer.media.samplesPerPacket) * 62_500 / 3))
        case .action(let action): action(self)
        }
    }

    private func deliver(_ delivery: SimulatedNetwork.Delivery) {
        if delivery.destination == Self.relayAddress {
            network.noteArrival(delivery, at: now)
            deliverToShard(delivery.bytes, from: delivery.source)
        } else if let index = network.peer(at: delivery.destination) {
            network.noteArrival(delivery, at: now)
            let socket = network.socket(of: index, at: delivery.destination)
            peers[index].endpoint.handle(delivery.bytes, from: delivery.source, socket: socket, at: now)
            flush(peers[index])
        } else {
            network.noteUndeliverable()
        }
    }

    private func deliverToShard(_ bytes: [UInt8], from source: SocketAddress) {
        received.removeAll()
        _ = received.append(bytes, from: source, to: Self.relayAddress)
        var index = 0
        while index < received.count {
            index = shard.receive(&received, startingAt: index, into: &outgoing, at: now)
            sendOutgoing()
        }
        flushShard()
    }

    private func flushShard() {
        while let timeout = shard.nextTimeout, timeout <= now {
            shard.handleTimeout(at: now, into: &outgoing)
            guard outgoing.count > 0 else { break }
            sendOutgoing()
        }
        sendOutgoing()
        while let event = shard.pollEvent() { note(event) }
        guard let timeout = shard.nextTimeout else { return }
        let wake = max(timeout, now.advanced(byNanoseconds: 1_000))
        if plannedShardWake.map({ $0 > wake }) ?? true {
            plannedShardWake = wake
            events.plan(.wakeShard, at: wake)
        }
    }

    private func note(_ event: ShardEvent) {
        guard case .firstForwarded(let session) = event else { return }
        calls.first { $0.session == session }?.firstForwardedAt = now
    }

    private func sendOutgoing() {
        for index in 0..<outgoing.count {
            let destination = outgoing.destination(at: index)
            guard let peer = network.peer(at: destination) else {
                network.noteUndeliverable()
                continue
            }
            transmit(
                outgoing.bytes(at: index), hop: .init(peer: peer, isTowardsRelay: false), from: Self.relayAddress,
                to: destination)
        }
        outgoing.removeAll()
    }

    private func flush(_ peer: SimulatedPeer) {
        let call = calls[peer.call]
        let other = peer.side == .customer ? call.technician : call.customer
        while true {
            if let datagram = peer.endpoint.pollTransmit() {
                let source = network.address(of: peer.index, socket: datagram.socket)
                if capturesDatagrams, captured.count < 1_000 { captured.append((datagram.bytes, source)) }
                transmit(
                    datagram.bytes, hop: .init(peer: peer.index, isTowardsRelay: true), from: source,
                    to: datagram.destination)
            } else if let event = peer.endpoint.pollEvent() {
                peer.note(event, from: other)
            } else {
                break
            }
        }
        guard let timeout = peer.endpoint.nextTimeout else { return }
        let wake = max(timeout, now.advanced(byNanoseconds: 1_000))
        if peer.plannedWake.map({ $0 > wake }) ?? true {
            peer.plannedWake = wake
            events.plan(.wakePeer(peer.index), at: wake)
        }
    }

    private func transmit(
        _ bytes: [UInt8], hop: SimulatedNetwork.Hop, from source: SocketAddress, to destination: SocketAddress
    ) {
        for (time, delivery) in network.send(bytes, hop: hop, from: source, to: destination, at: now) {
            events.plan(.delivery(delivery), at: time)
        }
    }
}

/// One call of a simulated system.
public final class SimulatedCall {
    public let session: RelaySessionKey
    public let customer: SimulatedPeer
    public let technician: SimulatedPeer
    public internal(set) var legs: [LegID] = []
    public internal(set) var gateOpenedAt: Instant?
    public internal(set) var endedAt: Instant?
    public internal(set) var firstForwardedAt: Instant?

    init(session: RelaySessionKey, customer: SimulatedPeer, technician: SimulatedPeer) {
        self.session = session
        self.customer = customer
        self.technician = technician
    }
}
