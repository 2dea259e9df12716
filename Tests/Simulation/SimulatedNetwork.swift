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
        for socket in 0...1 { addresses[Self.address(address, socket)] = peer }
        links[Hop(peer: peer, isTowardsRelay: true)] = SimulatedLink(up, random: random.split())
        links[Hop(peer: peer, isTowardsRelay: false)] = SimulatedLink(down, random: random.split())
        return peer
    }

    /// Of a peer's socket; the ports of its two sockets follow each other.
    func address(of peer: Int, socket: Int = 0) -> SocketAddress { Self.address(current[peer], socket) }

    /// The peer at an address; nil if nobody is there.
    func peer(at address: SocketAddress) -> Int? { addresses[address] }

    /// Which of its sockets a peer has at an address.
    func socket(of peer: Int, at address: SocketAddress) -> Int { address == current[peer] ? 0 : 1 }

    private static func address(_ first: SocketAddress, _ socket: Int) -> SocketAddress {
        SocketAddress(first.address, port: first.port &+ UInt16(socket))
    }

    /// Gives a peer another address, as a phone that leaves its Wi-Fi. Nobody is at the old one any more.
    mutating func move(_ peer: Int, to address: SocketAddress) {
        for socket in 0...1 { addresses[self.address(of: peer, socket: socket)] = nil }
        current[peer] = address
        for socket in 0...1 { addresses[self.address(of: peer, socket: socket)] = peer }
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
