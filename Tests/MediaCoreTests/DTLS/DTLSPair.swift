import MediaCore
import MediaWire
import TestSupport

/// A client and a server with a network between them that delivers at once, unless a test interferes.
final class DTLSPair {
    /// One flight on its way, datagram by datagram.
    typealias Network = (_ fromClient: Bool, _ datagrams: [[UInt8]]) -> [[UInt8]]

    let clientContext: DTLSContext
    let serverContext: DTLSContext
    var client: DTLSConnection
    var server: DTLSConnection
    var now = Instant(nanoseconds: 1_000_000_000)
    var clientEvents: [DTLSConnection.Event] = []
    var serverEvents: [DTLSConnection.Event] = []
    /// All that was sent, whether it arrived or not.
    var sent: [(fromClient: Bool, at: Instant, datagram: [UInt8])] = []

    init(
        clientProfiles: [SRTPProfile] = DTLSContext.preferredProfiles,
        serverProfiles: [SRTPProfile] = DTLSContext.preferredProfiles,
        hash: CertificateFingerprint.Hash = .sha256,
        announcedByClient: [CertificateFingerprint]? = nil, announcedByServer: [CertificateFingerprint]? = nil
    ) throws {
        clientContext = try DTLSContext(profiles: clientProfiles, validAt: 1_790_000_000, serial: 1)
        serverContext = try DTLSContext(profiles: serverProfiles, validAt: 1_790_000_000, serial: 2)
        let ofClient = clientContext.fingerprint(hash).map { [$0] } ?? []
        let ofServer = serverContext.fingerprint(hash).map { [$0] } ?? []
        client = try DTLSConnection(.client, in: clientContext, peer: announcedByServer ?? ofServer)
        server = try DTLSConnection(.server, in: serverContext, peer: announcedByClient ?? ofClient)
    }

    var nextTimeouts: (client: Instant?, server: Instant?) { (client.nextTimeout, server.nextTimeout) }
    var areConnected: [Bool] { [client.isConnected, server.isConnected] }

    var keys: (client: DTLSKeys, server: DTLSKeys)? {
        guard case .connected(let ofClient)? = clientEvents.first, case .connected(let ofServer)? = serverEvents.first
        else { return nil }
        return (ofClient, ofServer)
    }

    /// Lets datagrams pass until nothing is said any more.
    func exchange(_ network: Network = { $1 }) {
        for _ in 0..<64 {
            let fromClient = flight(fromClient: true), fromServer = flight(fromClient: false)
            if fromClient.isEmpty, fromServer.isEmpty { return }
            deliver(network(true, fromClient), toServer: true)
            deliver(network(false, fromServer), toServer: false)
        }
    }

    func deliver(_ datagrams: [[UInt8]], toServer: Bool) {
        for datagram in datagrams {
            datagram.withUnsafeBytes { bytes in
                if toServer { server.receive(bytes, at: now) } else { client.receive(bytes, at: now) }
            }
        }
        note()
    }

    /// To the next time that one of them waits for. False when nobody does.
    func advance() -> Bool {
        guard let next = [client.nextTimeout, server.nextTimeout].compactMap({ $0 }).min() else { return false }
        now = max(now, next)
        client.handleTimeout(at: now)
        server.handleTimeout(at: now)
        note()
        return true
    }

    /// - Parameter settles: goes on until nobody waits for anything; else only as long as somebody expects an answer.
    func run(settles: Bool = true, _ network: Network = { $1 }) {
        client.start(at: now)
        repeat { exchange(network) } while (settles || !isAtRest) && advance()
    }

    private var isAtRest: Bool {
        guard client.isConnected, server.isConnected else { return false }
        let next = [client.nextTimeout, server.nextTimeout].compactMap { $0 }.min()
        return next.map { $0.nanoseconds(since: now) > 5_000_000_000 } ?? true
    }

    private func flight(fromClient: Bool) -> [[UInt8]] {
        var datagrams: [[UInt8]] = []
        if fromClient {
            client.sendDatagrams { datagrams.append(Array($0)) }
        } else {
            server.sendDatagrams { datagrams.append(Array($0)) }
        }
        for datagram in datagrams { sent.append((fromClient, now, datagram)) }
        return datagrams
    }

    private func note() {
        if let event = client.pollEvent() { clientEvents.append(event) }
        if let event = server.pollEvent() { serverEvents.append(event) }
    }
}
