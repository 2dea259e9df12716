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
        let isOnLoopback = Self.keepLoopback(&answer)
        let socket = isOnLoopback ? nil : try ownSocket(thread.pool)
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
    static func keepLoopback(_ answer: inout WebRTCClientAnswer) -> Bool {
        func isLoopback(_ candidate: SocketAddress) -> Bool {
            !candidate.address.isIPv6 && candidate.address.isLoopback
        }
        guard let best = answer.candidates.first, isLoopback(best) else { return false }
        answer.candidates.removeAll { !isLoopback($0) }
        return true
    }

    private func ownSocket(_ pool: LoadSocketPool) throws(EndpointError) -> Int {
        do throws(UDPSocketError) {
            return try pool.ownSocket()
        } catch {
            let legs = settings.sessions * settings.legsPerSession
            throw .socket(
                "\(error); each of the \(legs) legs needs a socket of its own where the relay is not on loopback: "
                    + "raise the limit of open files to \(legs + Self.otherDescriptors) (ulimit -n), "
                    + "set up fewer sessions, or share them out between processes")
        }
    }

    /// Descriptors that a process has besides its legs': HTTP, files, event loops.
    private static let otherDescriptors = 256

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
