import Glibc
import MediaCore
import MediaIO
import MediaWire

/// Legs over ICE and DTLS: offered and answered by HTTP, connected by the session's thread.
extension LoadSessionSetup {
    /// Players first, so that what is published goes somewhere at once. A leg begins to connect with its answer, while the next one is
    /// negotiated.
    func negotiateLegs(
        _ session: Started, _ certificate: LoadCertificate, on thread: LoadThread
    ) async throws -> LoadSessionDescription {
        var description = LoadSessionDescription(number: session.number, flows: [])
        var begun: Set<Int> = []
        var ends: [MediaDirection: [LoadFlowKind: LoadLinkDescription]] = [:]
        let directions: [MediaDirection] = [.play, .publish]
        do {
            for direction in directions {
                // The customer's voice and picture last: they are what is measured.
                for publisher in [SessionSide.technician, .customer] {
                    let kinds = settings.flowKinds.filter { $0.publisher == publisher }
                    guard !kinds.isEmpty else { continue }
                    let leg = try await leg(direction, kinds, session, publisher, certificate, on: thread)
                    begun.insert(leg.number)
                    ends[direction, default: [:]].merge(zip(kinds, leg.links)) { $1 }
                }
            }
        } catch {
            thread.abandon(begun)
            throw error
        }
        description.flows = settings.flowKinds.compactMap { kind in
            guard let publisher = ends[.publish]?[kind], let player = ends[.play]?[kind] else { return nil }
            return .init(kind: kind, publisher: publisher, player: player)
        }
        return description
    }

    private func leg(
        _ direction: MediaDirection, _ kinds: [LoadFlowKind], _ session: Started, _ publisher: SessionSide,
        _ certificate: LoadCertificate, on thread: LoadThread
    ) async throws -> (number: Int, links: [LoadLinkDescription]) {
        let offer = offer(direction, kinds, session.number, certificate)
        let client = session.client(direction == .publish ? publisher : publisher.other)
        let text = offer.sessionDescription().serialized()
        let postedAt = MonotonicClock.now
        let resource =
            direction == .publish
            ? try await client.whip(session.id, offer: text) : try await client.whep(session.id, offer: text)
        var answer: WebRTCClientAnswer
        do {
            answer = try WebRTCClientAnswer.read(resource.answer, to: offer)
        } catch {
            throw EndpointError.negotiation(error.description)
        }
        let isOnLoopback = Self.keepLoopback(&answer.candidates)
        let socket = isOnLoopback ? nil : try ownSocket(for: answer.candidates, thread.pool)
        let number = try await thread.connect(
            LoadLegDescription(
                answer: answer, credentials: offer.credentials, direction: direction, socket: socket,
                postedAt: postedAt, seed: UInt64.random(in: .min ... .max)))
        let links = zip(offer.tracks, answer.tracks).map {
            LoadLinkDescription(ssrc: $0.ssrc, cname: $0.cname, answer: $1, leg: number)
        }
        do {
            return (number, try Self.checked(links, direction, count: offer.tracks.count))
        } catch {
            thread.abandon([number])
            throw error
        }
    }

    /// True, with no other candidates left, where the relay's best one is on IPv4's loopback, which has addresses for every leg.
    static func keepLoopback(_ candidates: inout [SocketAddress]) -> Bool {
        func isLoopback(_ candidate: SocketAddress) -> Bool {
            !candidate.address.isIPv6 && candidate.address.isLoopback
        }
        guard let best = candidates.first, isLoopback(best) else { return false }
        candidates.removeAll { !isLoopback($0) }
        return true
    }

    private func ownSocket(for candidates: [SocketAddress], _ pool: LoadSocketPool) throws(EndpointError) -> Int {
        // A search goes beyond the sessions that it begins with.
        let legs = max(settings.sessions * settings.legsPerSession, pool.count * max(1, settings.threads))
        let needed = legs + Self.otherDescriptors
        func tooFew(_ reason: String) -> EndpointError {
            .socket(
                "\(reason); each of the \(legs) legs needs one of its own where the relay is not on IPv4's loopback: "
                    + "raise the limit of open files to \(needed) (ulimit -n \(needed)), "
                    + "set up fewer sessions, or share them out between processes")
        }
        // Whoever runs into the limit has none left for HTTP either.
        let limit = Self.descriptorLimit
        guard needed <= limit else { throw tooFew("the limit of open files is \(limit)") }
        do throws(UDPSocketError) {
            return try pool.ownSocket(isIPv6: candidates.contains { $0.address.isIPv6 })
        } catch {
            throw tooFew("\(error)")
        }
    }

    /// Descriptors that a process has besides its legs': HTTP, files, event loops.
    private static let otherDescriptors = 256

    private static let descriptorLimit: Int = {
        var limit = rlimit()
        guard unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return .max }
        return Int(clamping: limit.rlim_cur)
    }()

    private func offer(
        _ direction: MediaDirection, _ kinds: [LoadFlowKind], _ number: Int, _ certificate: LoadCertificate
    ) -> WebRTCClientOffer {
        var generator = SystemRandomNumberGenerator()
        let tracks = kinds.enumerated().map { place, kind in
            WebRTCClientOffer.Track(
                kind: kind.media, payloadType: Self.payloadType(kind), mid: String(place),
                ssrc: ssrc(direction, kind, number), cname: Self.cname(direction, kind, number),
                extensions: [Self.captureTime])
        }
        return WebRTCClientOffer(
            direction: direction, sessionID: UInt64(number) + 1, credentials: ICECredentials(using: &generator),
            fingerprint: certificate.fingerprint, tracks: tracks)
    }
}
