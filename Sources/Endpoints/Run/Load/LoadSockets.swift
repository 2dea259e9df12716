import Glibc
import MediaCore
import MediaIO
import MediaWire
import Synchronization

/// A socket that several sessions share, made anywhere and then used by one thread.
final class LoadSocket: Sendable {
    let socket: UDPSocket

    init(bindingTo address: IPAddress) throws(EndpointError) {
        do throws(UDPSocketError) {
            socket = try UDPSocket(bindingTo: SocketAddress(address, port: 0), offload: .full)
        } catch {
            throw .socket("\(error); raise the limit of open files (ulimit -n)")
        }
    }
}

/// The sockets of one thread: each side of a session has one, which few others share.
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
    }

    private let address: IPAddress
    private let state = Mutex(State())

    init(address: IPAddress) { self.address = address }

    /// The thread's sockets so far; a socket's number is its place here.
    var sockets: [LoadSocket] { state.withLock { $0.sockets } }

    /// The socket of the thread's session `index` on this side.
    func socket(of index: Int, _ side: SessionSide) throws(EndpointError) -> (number: Int, address: SocketAddress) {
        let place = index % Self.block + index / (Self.block * Self.sessionsPerSocket) * Self.block
        let key = place * 2 + (side == .customer ? 0 : 1)
        if let known = state.withLock({ state in state.places[key].map { ($0, state.sockets[$0]) } }) {
            return (known.0, known.1.socket.localAddress)
        }
        let opened = try LoadSocket(bindingTo: address)
        return state.withLock { state in
            if let number = state.places[key] { return (number, state.sockets[number].socket.localAddress) }
            state.sockets.append(opened)
            state.places[key] = state.sockets.count - 1
            return (state.sockets.count - 1, opened.socket.localAddress)
        }
    }

    /// All sessions are over: their SSRCs may come again.
    func release() { state.withLock { $0.claimed.removeAll() } }

    /// Keeps SSRCs of the relay for one stream each. False, and nothing is kept, if another stream on this socket has one.
    func claim(_ ssrcs: [SSRC], on socket: Int) -> Bool {
        let keys = Set(ssrcs.map { LoadRouteKey(socket: socket, ssrc: $0) })
        return state.withLock { state in
            guard keys.count == ssrcs.count, state.claimed.isDisjoint(with: keys) else { return false }
            state.claimed.formUnion(keys)
            return true
        }
    }
}

/// A socket on its thread, with the memory of its receives.
final class LoadPort {
    let socket: LoadSocket
    private var receiver = DatagramReceiver(capacity: LoadPort.capacity)

    static let capacity = 64

    init(_ socket: LoadSocket) { self.socket = socket }

    var kernelDrops: UInt64 { UInt64(receiver.kernelDrops) }

    /// Answers the number of datagrams, at most `capacity`.
    func receive(into batch: inout ReceiveBatch) -> Int { receiver.receive(from: socket.socket, into: &batch) }
}

/// All sockets of a thread, and which of them have something.
struct LoadPorts {
    private(set) var ports: [LoadPort] = []
    private var descriptors: [pollfd] = []

    mutating func add(_ sockets: ArraySlice<LoadSocket>) {
        for socket in sockets {
            ports.append(LoadPort(socket))
            descriptors.append(pollfd(fd: socket.socket.descriptor, events: Int16(POLLIN), revents: 0))
        }
    }

    /// Asks the kernel which sockets have something; `isReadable` answers from it.
    mutating func poll() -> Bool {
        guard !descriptors.isEmpty else { return false }
        let count = nfds_t(descriptors.count)
        return unsafe descriptors.withUnsafeMutableBufferPointer { unsafe Glibc.poll($0.baseAddress, count, 0) } > 0
    }

    func isReadable(_ index: Int) -> Bool { descriptors[index].revents & Int16(POLLIN) != 0 }

    var kernelDrops: UInt64 { ports.reduce(0) { $0 + $1.kernelDrops } }
}
