import Foundation
import MediaCore
import MediaIO
import MediaWire
import Sessions

/// Brings sessions and media together: places each session on a shard, answers its offers, and passes orders on.
///
/// All legs of a session share a shard, because the answer announces that shard's port.
actor RelayGateway: MediaGateway {
    private let shards: [ShardThread]
    private let announced: [IPAddress]
    private let sdesPeers: [IPNetwork]
    private let preferredProfiles: [SRTPProfile]
    private var placements: [SessionID: Placement] = [:]
    private var nextKey: UInt64 = 1
    /// Of each shard.
    private var loads: [ShardLoad]
    private var meters: [ShardBusyMeter]
    private var fingerprints: [Int: CertificateFingerprint] = [:]
    /// For what shards report, which know sessions by their keys only.
    private var sessionNames: [RelaySessionKey: SessionID] = [:]

    #if DEBUG
        /// For the test that shows that a gate which opens too early would be seen. No release has this.
        private static let forcesGatesOpen = ProcessInfo.processInfo.environment["LENS_TEST_FORCE_GATE_OPEN"] == "1"
    #endif

    /// Overload shows within half a second and is over a second after its end at the earliest.
    private static let secondsToRetry = 5

    private struct Placement {
        var shard: Int
        var key: RelaySessionKey
        var legs: [String: Leg] = [:]
        var roles: [Role: String] = [:]
    }

    private struct Leg {
        var id: LegID
        var entityTag = RelayGateway.randomName()
        /// Of legs over ICE.
        var webRTC: WebRTCMedia?
    }

    private struct Role: Hashable {
        var side: MediaSide
        var flow: MediaFlow
    }

    /// - Parameters:
    ///   - announced: addresses that answers name, best first.
    ///   - sdesPeers: networks that players' media may go to beside the caller's own address.
    init(shards: [ShardThread], announced: [IPAddress], sdesPeers: [IPNetwork]) {
        self.shards = shards
        self.announced = announced
        self.sdesPeers = sdesPeers
        preferredProfiles = [.aeadAES128GCM, .aeadAES256GCM, .aesCM128HMACSHA1_80, .aesCM128HMACSHA1_32]
        loads = Array(repeating: ShardLoad(sessions: 0), count: shards.count)
        meters = Array(repeating: ShardBusyMeter(), count: shards.count)
    }

    func accept(_ offer: MediaOffer) async throws(MediaGatewayError) -> MediaAnswer {
        let isNew = placements[offer.session] == nil
        let placement = try place(offer.session)
        let shard = shards[placement.shard]
        do throws(MediaGatewayError) {
            let (leg, answer) = try await addLeg(for: offer, placement, to: shard)
            #if DEBUG
                if Self.forcesGatesOpen {
                    try await Self.run(on: shard) { relay, now in relay.forceGateOpen(placement.key, at: now) }
                }
            #endif
            return remember(leg, of: offer, answer)
        } catch {
            if isNew { forget(offer.session) }
            throw error
        }
    }

    private func remember(_ leg: Leg, of offer: MediaOffer, _ answer: SessionDescription) -> MediaAnswer {
        let resource = Self.randomName()
        let role = Role(side: offer.side, flow: offer.flow)
        if let old = placements[offer.session]?.roles[role] { placements[offer.session]?.legs[old] = nil }
        placements[offer.session]?.roles[role] = resource
        placements[offer.session]?.legs[resource] = leg
        return MediaAnswer(resource: resource, entityTag: leg.entityTag, sdp: answer.serialized())
    }

    private func addLeg(
        for offer: MediaOffer, _ placement: Placement, to shard: ShardThread
    ) async throws(MediaGatewayError) -> (Leg, SessionDescription) {
        let side: SessionSide = offer.side == .customer ? .customer : .technician
        let context = context(for: offer, shard: shard, key: placement.key)
        var generator = SystemRandomNumberGenerator()
        do {
            let description = try SessionDescription.offered(offer.sdp)
            if description.usesDTLS {
                let terms = WebRTCAnswerTerms(
                    fingerprint: try await fingerprint(of: placement.shard), tcpPort: shard.streamAddress?.port)
                let media = try negotiateWebRTC(offer: description, context: context, terms: terms, using: &generator)
                let leg = LegDescription(session: placement.key, side: side, media: media)
                let id = try await Self.run(on: shard) { relay, now in try relay.addLeg(leg, at: now) }
                return (Leg(id: id, webRTC: media), media.answer)
            }
            let media = try negotiateSDES(offer: description, context: context, using: &generator)
            let leg = LegDescription(session: placement.key, side: side, media: media)
            let id = try await Self.run(on: shard) { relay, now in try relay.addLeg(leg, at: now) }
            return (Leg(id: id), media.answer)
        } catch let error as NegotiationError {
            throw MediaGatewayError(error)
        } catch let error as MediaGatewayError {
            throw error
        } catch {
            throw .failed("\(error)")
        }
    }

    private func context(for offer: MediaOffer, shard: ShardThread, key: RelaySessionKey) -> NegotiationContext {
        NegotiationContext(
            direction: offer.flow == .publish ? .publish : .play,
            clientAddress: IPAddress(offer.clientAddress),
            requestIsPrivate: offer.requestIsPrivate,
            allowedPlayers: sdesPeers,
            mediaAddresses: announced,
            mediaPort: shard.localAddress.port,
            sessionID: key.rawValue,
            preferredProfiles: preferredProfiles)
    }

    /// Of the shard's certificate, which is made when it is first asked for.
    private func fingerprint(of shard: Int) async throws(MediaGatewayError) -> CertificateFingerprint {
        if let known = fingerprints[shard] { return known }
        let made = try await Self.run(on: shards[shard]) { relay, _ in try relay.certificateFingerprint() }
        fingerprints[shard] = made
        return made
    }

    func change(_ change: MediaChange) async throws(MediaGatewayError) -> MediaChanged {
        guard let placement = placements[change.session], let leg = placement.legs[change.resource] else {
            throw .notFound
        }
        guard let media = leg.webRTC else { throw .unchangeable }
        let asked: ICEChange
        do throws(NegotiationError) {
            asked = try ICEChange(fragment: change.fragment, current: media.transport.remoteCredentials)
        } catch {
            throw MediaGatewayError(error)
        }
        switch change.condition {
        case .absent: throw .conditionMissing
        case .any: break
        case .oneOf(let tags): guard tags.contains(leg.entityTag) else { throw .conditionFailed }
        }
        guard case .restart(let remote) = asked else { return MediaChanged(entityTag: leg.entityTag) }
        var generator = SystemRandomNumberGenerator()
        let local = ICECredentials(using: &generator)
        try await Self.run(on: shards[placement.shard]) { relay, now in
            relay.restartICE(leg.id, local: local, remote: remote, at: now)
        }
        var changed = Leg(id: leg.id, webRTC: media)
        changed.webRTC?.transport.localCredentials = local
        changed.webRTC?.transport.remoteCredentials = remote
        placements[change.session]?.legs[change.resource] = changed
        return MediaChanged(entityTag: changed.entityTag, fragment: media.restartAnswer(local).serialized())
    }

    func admitSession() async throws(MediaGatewayError) { _ = try chooseShard() }

    /// The session's place, which it keeps whatever the shard's load. A new one goes to the shard with the least to do.
    private func place(_ session: SessionID) throws(MediaGatewayError) -> Placement {
        if let placement = placements[session] { return placement }
        let placement = Placement(shard: try chooseShard(), key: RelaySessionKey(rawValue: nextKey))
        nextKey += 1
        loads[placement.shard].sessions += 1
        placements[session] = placement
        sessionNames[placement.key] = session
        return placement
    }

    private func chooseShard() throws(MediaGatewayError) -> Int {
        for index in shards.indices {
            let shard = shards[index]
            loads[index].isClosed = shard.isOverloaded || loads[index].sessions >= shard.maximumSessions
        }
        guard let shard = loads.leastLoaded else { throw .overloaded(retryAfterSeconds: Self.secondsToRetry) }
        return shard
    }

    private func forget(_ session: SessionID) {
        guard let placement = placements.removeValue(forKey: session) else { return }
        loads[placement.shard].sessions -= 1
        sessionNames[placement.key] = nil
    }

    /// Reads how busy the shards are. Called about every second.
    func measureLoads() {
        let now = MonotonicClock.now
        for index in shards.indices {
            guard let used = shards[index].processorNanoseconds else { continue }
            meters[index].note(used: used, at: now)
            loads[index].busyShare = meters[index].share
        }
    }

    /// Of each shard, as last measured.
    var shardLoads: [ShardLoad] { loads }

    /// The session that a shard knows by `key`; nil if it has ended.
    func session(for key: RelaySessionKey) -> SessionID? { sessionNames[key] }

    func remove(_ resource: String, session: SessionID) async throws(MediaGatewayError) {
        guard let placement = placements[session], let leg = placement.legs[resource] else { throw .notFound }
        // Forgotten only once it is gone: what the shard did not hear of must be there to be removed again.
        try await Self.run(on: shards[placement.shard]) { relay, now in relay.removeLeg(leg.id, at: now) }
        placements[session]?.legs[resource] = nil
        for (role, name) in placement.roles where name == resource { placements[session]?.roles[role] = nil }
    }

    func openGate(_ session: SessionID) async throws(MediaGatewayError) {
        guard let placement = placements[session] else { throw .notFound }
        try await Self.run(on: shards[placement.shard]) { relay, now in try relay.openGate(placement.key, at: now) }
    }

    func closeGate(_ session: SessionID) async throws(MediaGatewayError) {
        guard let placement = placements[session] else { throw .notFound }
        try await Self.run(on: shards[placement.shard]) { relay, now in relay.closeGate(placement.key, at: now) }
    }

    func end(_ session: SessionID) async {
        guard let placement = placements[session] else { return }
        forget(session)
        // A shard that has stopped has ended its sessions already.
        try? await Self.run(on: shards[placement.shard]) { relay, now in relay.endSession(placement.key, at: now) }
    }

    func figures(_ session: SessionID) async -> MediaFigures? {
        guard let placement = placements[session] else { return nil }
        let figures = try? await Self.run(on: shards[placement.shard]) { relay, _ in relay.figures(of: placement.key) }
        return figures.flatMap { $0 }.map(MediaFigures.init)
    }

    func readings(of sessions: [SessionID]) async -> [SessionID: MediaReading] {
        var readings: [SessionID: MediaReading] = [:]
        for (index, shard) in shards.enumerated() {
            let here = sessions.compactMap { session in
                placements[session].flatMap { $0.shard == index ? (session, $0.key) : nil }
            }
            guard !here.isEmpty else { continue }
            let keys = here.map(\.1)
            // A shard that does not answer is left out.
            let figures = try? await Self.run(on: shard) { relay, _ in keys.map { relay.figures(of: $0) } }
            for ((session, _), figures) in zip(here, figures ?? []) {
                readings[session] = figures.map { MediaReading(total: MediaFigures($0), live: LiveFigures($0)) }
            }
        }
        return readings
    }

    private static func run<Result: Sendable>(
        on shard: ShardThread, _ body: @escaping @Sendable (inout RelayShard, Instant) throws -> Result
    ) async throws(MediaGatewayError) -> Result {
        do {
            return try await shard.perform(body)
        } catch let error as RelayError {
            throw error == .tooManySessions
                ? .overloaded(retryAfterSeconds: secondsToRetry) : .unprocessable(error.description)
        } catch ShardError.overloaded {
            throw .overloaded(retryAfterSeconds: 1)
        } catch {
            throw .failed("\(error)")
        }
    }

    /// 128 random bits as hexadecimal digits.
    private static func randomName() -> String {
        var generator = SystemRandomNumberGenerator()
        return (0..<2).map { _ in
            let word = String(UInt64.random(in: .min ... .max, using: &generator), radix: 16)
            return String(repeating: "0", count: 16 - word.count) + word
        }.joined()
    }
}

extension MediaGatewayError {
    /// A refused offer by what is wrong with it.
    init(_ error: NegotiationError) {
        let text = error.description
        self =
            switch error {
            case .malformed, .empty, .malformedKey: .malformed(text)
            case .noMedia, .wrongDirection, .senderUnknown, .playerAddressMissing, .tooManyTracks, .muxMissing,
                .bundleMissing, .credentialsMissing, .fingerprintMissing, .setupUnusable:
                .unprocessable(text)
            case .unsupportedTransport, .noCommonCodec, .noUsableCrypto: .unsupported(text)
            case .insecureRequest: .forbidden(code: "INSECURE_KEYS", text)
            case .playerAddressForbidden: .forbidden(code: "PLAYER_ADDRESS_FORBIDDEN", text)
            case .noMediaAddress: .failed(text)
            }
    }
}
