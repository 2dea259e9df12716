internal import MediaCore
internal import MediaWire

/// The controlling side of ICE towards a lite peer (RFC 8445 sections 2.5, 7.2 and 8.1): checks each of its candidates, takes the first
/// path that answers, nominates it, and checks it on as long as media may go (RFC 7675).
///
/// The socket is bound to no address, so where this side moves to another network its next check comes from there, and the relay
/// follows it.
struct ICEClientAgent {
    /// Time between two checks of the chosen path where nothing else is asked for, in ns: short, so that a change of network is
    /// noticed at once.
    static let checkInterval: Int64 = 500_000_000
    /// Until the first repetition of a check that is not answered, in ns; each further one takes twice as long.
    private static let firstTimeout: Int64 = 50_000_000
    private static let longestTimeout: Int64 = 1_000_000_000
    /// Without an answer for so long, in ns, there is no path.
    static let patience: Int64 = 30_000_000_000
    /// Requests whose answers are still waited for, of each candidate.
    private static let maximumOpen = 8

    private struct Candidate {
        let address: SocketAddress
        var open: [STUNTransactionID] = []
        var nextCheck: Instant?
        var timeout = ICEClientAgent.firstTimeout
    }

    private let local: ICECredentials
    private let remote: ICECredentials
    private let tieBreaker: UInt64
    /// Between two checks of the chosen path, in ns.
    private let interval: Int64
    private var random: SplitMix64
    private var candidates: [Candidate]
    private var nominated: Int?
    private var lastAnswer: Instant

    /// - Parameters:
    ///   - candidates: of the peer, the best first.
    ///   - interval: between two checks of the chosen path, in ns.
    ///   - seed: transactions come from it, so it must be unguessable outside of tests.
    init(
        local: ICECredentials, remote: ICECredentials, candidates: [SocketAddress],
        interval: Int64 = ICEClientAgent.checkInterval, seed: UInt64, at now: Instant
    ) {
        self.local = local
        self.remote = remote
        self.interval = interval
        random = SplitMix64(seed: seed)
        tieBreaker = random.next()
        lastAnswer = now
        self.candidates = candidates.prefix(8).enumerated().map { place, address in
            // One after the other (RFC 8445 section 14).
            Candidate(address: address, nextCheck: now.advanced(byNanoseconds: Int64(place) * Self.firstTimeout))
        }
    }

    /// Where the peer is, once a path has answered.
    var selected: SocketAddress? { nominated.map { candidates[$0].address } }

    /// The peer has not answered for too long; only a new offer helps.
    func hasFailed(at now: Instant) -> Bool { now.nanoseconds(since: lastAnswer) > Self.patience }

    var nextTimeout: Instant? {
        candidates.lazy.compactMap(\.nextCheck).min { $0 < $1 }
    }

    /// Takes a response. False if it is none to a check of ours.
    mutating func receive(_ message: borrowing STUNMessage, at now: Instant) -> Bool {
        guard message.type == STUNMessageType(method: STUNMessageType.binding, .successResponse),
            let place = candidates.firstIndex(where: { $0.open.contains(message.transaction) }),
            STUNIntegrity.holds(message, password: remote.password)
        else { return false }
        lastAnswer = now
        candidates[place].open.removeAll()
        candidates[place].timeout = Self.firstTimeout
        if nominated == nil {
            nominated = place
            for other in candidates.indices where other != place { candidates[other].nextCheck = nil }
            // The nomination goes out at once.
            candidates[place].nextCheck = now
        } else if nominated == place {
            candidates[place].nextCheck = now.advanced(byNanoseconds: nextInterval())
        }
        return true
    }

    /// The checks that are due, each to `send`.
    mutating func handleTimeout(at now: Instant, send: ([UInt8], SocketAddress) -> Void) {
        for place in candidates.indices {
            guard let due = candidates[place].nextCheck, due <= now else { continue }
            candidates[place].nextCheck = now.advanced(byNanoseconds: candidates[place].timeout)
            candidates[place].timeout = min(candidates[place].timeout * 2, Self.longestTimeout)
            guard let check = check(place) else { continue }
            send(check, candidates[place].address)
        }
    }

    private mutating func check(_ place: Int) -> [UInt8]? {
        let transaction = STUNTransactionID(using: &random)
        if candidates[place].open.count == Self.maximumOpen { candidates[place].open.removeFirst() }
        candidates[place].open.append(transaction)
        var writer = STUNMessageWriter(
            STUNMessageType(method: STUNMessageType.binding, .request), transaction)
        writer.write(
            .username, remote.usernameFragment + [UInt8(ascii: ":")] + local.usernameFragment)
        // Of the peer-reflexive candidate that this check may show (RFC 8445 section 7.1.1).
        writer.write(.priority, ICECandidate.priority(typePreference: 110, localPreference: .max))
        writer.write(.iceControlling, tieBreaker)
        if nominated == place { writer.writeFlag(.useCandidate) }
        let password = remote.password
        return writer.finish { STUNIntegrity.code($0, password: password) }
    }

    /// Varies by a fifth, so that many endpoints do not check together (RFC 7675 section 5.1).
    private mutating func nextInterval() -> Int64 {
        let fifth = interval / 5
        return interval - fifth + Int64(random.next() % UInt64(max(1, 2 * fifth)))
    }
}
