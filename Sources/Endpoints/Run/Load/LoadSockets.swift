import Glibc
import MediaCore
import MediaIO
import MediaWire
import Synchronization

/// A socket made anywhere and then used by one thread.
final class LoadSocket: Sendable {
    let socket: UDPSocket
    /// Of one leg alone: one of very many, on which little comes.
    let isOwn: Bool

    init(bindingTo address: IPAddress, isOwn: Bool = false) throws(UDPSocketError) {
        socket = try UDPSocket(bindingTo: SocketAddress(address, port: 0), offload: .full)
        self.isOwn = isOwn
    }
}

/// The sockets of one thread. Where keys stand in the SDP each side of a session has one that few others share; legs over ICE have
/// one for all of them on loopback, and one each elsewhere.
///
/// Sessions that follow each other have different ones, so that what the relay sends in a row does not all go to one address.
final class LoadSocketPool: Sendable {
    /// Sessions of a thread are dealt over this many sockets a side, and as many again when all of them are taken. Each socket
    /// is looked at by itself, so few are cheaper.
    private static let block = 8
    /// Sessions that share a socket. Not many more, because the SSRC of the relay's reports is found by trying keys.
    private static let sessionsPerSocket = 64

    private struct State {
        var sockets: [LoadSocket] = []
        /// Numbers of sockets by side and place.
        var places: [Int: Int] = [:]
        var claimed: Set<LoadRouteKey> = []
        /// Numbers of legs' own sockets, and those that no leg has now, for both protocols.
        var own: [Int] = []
        var spare: [Bool: [Int]] = [:]
    }

    private let address: IPAddress
    private let state = Mutex(State())

    /// - Parameters:
    ///   - address: that the server sees.
    ///   - sharesLegs: whether to open the socket number 0 that all legs on loopback share.
    /// - Throws: `EndpointError.socket`.
    init(address: IPAddress, sharesLegs: Bool) throws(EndpointError) {
        self.address = address
        guard sharesLegs else { return }
        let shared = try Self.open(.anyV4)
        state.withLock { $0.sockets.append(shared) }
    }

    private static func open(_ address: IPAddress) throws(EndpointError) -> LoadSocket {
        do throws(UDPSocketError) {
            return try LoadSocket(bindingTo: address)
        } catch {
            throw .socket("\(error); raise the limit of open files (ulimit -n)")
        }
    }

    /// The thread's sockets so far; a socket's number is its place here.
    var sockets: [LoadSocket] { state.withLock { $0.sockets } }
    var count: Int { state.withLock { $0.sockets.count } }

    /// The socket of the thread's session `index` on this side.
    func socket(of index: Int, _ side: SessionSide) throws(EndpointError) -> (number: Int, address: SocketAddress) {
        let place = index % Self.block + index / (Self.block * Self.sessionsPerSocket) * Self.block
        let key = place * 2 + (side == .customer ? 0 : 1)
        if let known = state.withLock({ state in state.places[key].map { ($0, state.sockets[$0]) } }) {
            return (known.0, known.1.socket.localAddress)
        }
        let opened = try Self.open(address)
        return state.withLock { state in
            if let number = state.places[key] { return (number, state.sockets[number].socket.localAddress) }
            state.sockets.append(opened)
            state.places[key] = state.sockets.count - 1
            return (state.sockets.count - 1, opened.socket.localAddress)
        }
    }

    /// The number of a socket that no other leg has. One for IPv6 takes IPv4 too.
    func ownSocket(isIPv6: Bool) throws(UDPSocketError) -> Int {
        let spare: Int? = state.withLock { state in
            guard let number = state.spare[isIPv6]?.popLast() else { return nil }
            state.own.append(number)
            return number
        }
        if let spare { return spare }
        // Bound to no address: the relay may have several, in different networks.
        let opened = try LoadSocket(bindingTo: isIPv6 ? .anyV6 : .anyV4, isOwn: true)
        return state.withLock { state in
            state.sockets.append(opened)
            state.own.append(state.sockets.count - 1)
            return state.sockets.count - 1
        }
    }

    /// All sessions are over: their SSRCs may come again, and other legs may have their sockets.
    func release() {
        state.withLock { state in
            state.claimed.removeAll()
            for number in state.own {
                let isIPv6 = state.sockets[number].socket.localAddress.address.isIPv6
                state.spare[isIPv6, default: []].append(number)
            }
            state.own.removeAll()
        }
    }

    /// Keeps SSRCs of the relay for one stream each. False, and nothing is kept, if another stream on this socket has one.
    func claim(_ ssrcs: [SSRC], on socket: Int) -> Bool {
        let keys = Set(ssrcs.map { LoadRouteKey(place: socket, ssrc: $0) })
        return state.withLock { state in
            guard keys.count == ssrcs.count, state.claimed.isDisjoint(with: keys) else { return false }
            state.claimed.formUnion(keys)
            return true
        }
    }
}
