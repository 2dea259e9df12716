import MediaCore
import MediaWire

/// A seeded network between the relay and its peers: a link of its own for each peer and direction. Keeps a record of
/// what it did, which the claims of both ends are held against.
struct SimulatedNetwork {
    /// A datagram under way.
    struct Delivery {
        var bytes: [UInt8]
        var source: SocketAddress
        var destination: SocketAddress
        /// Its entry in the record of its hop; nil for what is not RTP.
        var receipt: PacketRecord.Receipt?
        var hop: Hop
    }

    /// One direction between the relay and a peer.
    struct Hop: Hashable {
        var peer: Int
        var isTowardsRelay: Bool
    }

    /// What became of the RTP packets of each hop.
    private(set) var records: [Hop: PacketRecord] = [:]
    /// Datagrams to addresses that nobody has.
    private(set) var undeliverable = 0

    private var links: [Hop: SimulatedLink] = [:]
    private var addresses: [SocketAddress: Int] = [:]
    private var current: [SocketAddress] = []

    mutating func addPeer(
        _ address: SocketAddress, up: LinkProfile, down: LinkProfile, random: inout SimulationRandom
    ) -> Int {
        let peer = current.count
        current.append(address)
        addresses[address] = peer
        links[Hop(peer: peer, isTowardsRelay: true)] = SimulatedLink(up, random: random.split())
        links[Hop(peer: peer, isTowardsRelay: false)] = SimulatedLink(down, random: random.split())
        return peer
    }

    func address(of peer: Int) -> SocketAddress { current[peer] }

    /// The peer at an address; nil if nobody is there.
    func peer(at address: SocketAddress) -> Int? { addresses[address] }

    /// Gives a peer another address, as a phone that leaves its Wi-Fi. Nobody is at the old one any more.
    mutating func move(_ peer: Int, to address: SocketAddress) {
        addresses[current[peer]] = nil
        current[peer] = address
        addresses[address] = peer
    }

    mutating func change(_ hop: Hop, _ change: (inout LinkProfile) -> Void) {
        guard var link = links[hop] else { return }
        change(&link.profile)
        links[hop] = link
    }

    /// Takes a datagram and answers when it arrives where.
    mutating func send(
        _ bytes: [UInt8], hop: Hop, from source: SocketAddress, to destination: SocketAddress, at now: Instant
    ) -> [(time: Instant, delivery: Delivery)] {
        let receipt = records[hop, default: PacketRecord()].sent(bytes, at: now)
        let arrivals = links[hop]?.arrivals(ofBytes: bytes.count + 28, at: now) ?? []
        return arrivals.map { time in
            (time, Delivery(bytes: bytes, source: source, destination: destination, receipt: receipt, hop: hop))
        }
    }

    mutating func noteArrival(_ delivery: Delivery, at now: Instant) {
        guard let receipt = delivery.receipt else { return }
        records[delivery.hop]?.arrived(receipt, at: now)
    }

    mutating func noteUndeliverable() { undeliverable += 1 }
}
