import Glibc
import MediaCore
import MediaIO

/// A socket on its thread, with the memory of its receives.
final class LoadPort {
    let socket: LoadSocket
    private var receiver: DatagramReceiver

    static let capacity = 64
    /// Of a leg's own socket: there are very many of them, and each has a few streams.
    private static let ownCapacity = 8

    init(_ socket: LoadSocket) {
        self.socket = socket
        receiver = DatagramReceiver(capacity: socket.isOwn ? Self.ownCapacity : Self.capacity)
    }

    var kernelDrops: UInt64 { UInt64(receiver.kernelDrops) }

    /// Answers the number of datagrams.
    func receive(into batch: inout ReceiveBatch) -> Int { receiver.receive(from: socket.socket, into: &batch) }

    /// The last receive may have left something.
    func isFull(_ batch: borrowing ReceiveBatch) -> Bool { receiver.isFull(batch) }
}

/// All sockets of a thread, and which of them have something.
struct LoadPorts: ~Copyable {
    private(set) var ports: [LoadPort] = []
    /// The few that many share. They are asked one by one, which leaves the sender's side of loopback alone.
    private var descriptors: [pollfd] = []
    private var shared: [Int] = []
    /// Legs' own ones, of which most have nothing at a time. Where the kernel has no such set they are asked one by one too.
    private let own: DescriptorSet?
    private var ready: [Int] = []

    /// Looks at legs' own sockets at a time at most, so that a flood does not hold up sending.
    private static let maximumLooks = 64

    init() { own = try? DescriptorSet() }

    mutating func add(_ sockets: ArraySlice<LoadSocket>) {
        for socket in sockets {
            if !socket.isOwn || own?.add(socket.socket, mark: UInt32(truncatingIfNeeded: ports.count)) != true {
                shared.append(ports.count)
                descriptors.append(pollfd(fd: socket.socket.descriptor, events: Int16(POLLIN), revents: 0))
            }
            ports.append(LoadPort(socket))
        }
    }

    /// Asks the kernel which sockets have something, and hands over their numbers. `body` answers whether there may be more.
    /// - Returns: whether there is more than a look takes.
    mutating func look(_ body: (Int, LoadPort) -> Bool) -> Bool {
        var hasMore = false
        if !descriptors.isEmpty {
            let count = nfds_t(descriptors.count)
            let found = unsafe descriptors.withUnsafeMutableBufferPointer { unsafe poll($0.baseAddress, count, 0) }
            if found > 0 {
                for (place, number) in shared.enumerated() where descriptors[place].revents & Int16(POLLIN) != 0 {
                    if body(number, ports[number]) { hasMore = true }
                }
            }
        }
        return lookAtOwn(body) || hasMore
    }

    private mutating func lookAtOwn(_ body: (Int, LoadPort) -> Bool) -> Bool {
        for _ in 0..<Self.maximumLooks {
            ready.removeAll(keepingCapacity: true)
            let count = own?.ready { ready.append(Int($0)) } ?? 0
            // What is left on one of them is told with the next look.
            for number in ready { _ = body(number, ports[number]) }
            if count < DescriptorSet.most { return false }
        }
        return true
    }

    var kernelDrops: UInt64 { ports.reduce(0) { $0 + $1.kernelDrops } }
}
