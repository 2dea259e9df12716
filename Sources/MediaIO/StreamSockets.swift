internal import CLinux
internal import Glibc
public import MediaCore
public import MediaWire

/// The TCP side of a shard: a listener, and connections that carry datagrams with their lengths before them (RFC 6544, RFC 4571).
///
/// Whoever connects costs a descriptor and half a frame until the shard answers it, which it does to proven peers only; without that
/// the connection is closed after ten seconds.
@safe
public struct StreamSockets: ~Copyable {
    /// Connections at most. Beyond it the oldest that is not proven goes, or the new one if all are.
    static let maximumConnections = 1_024
    /// Until a connection has to be proven, in ns.
    static let provingTime: Int64 = 10_000_000_000
    /// Proven ones are closed after so long without a word: their peers check the path far more often.
    static let idleTime: Int64 = 60_000_000_000
    /// Bytes that wait for a slow connection at most; whole frames beyond it are dropped.
    static let maximumBacklog = 128 * 1024
    private static let readSize = 4_096
    private static let watchInterval: Int64 = 1_000_000_000
    /// The listener's mark; no connection has it.
    private static let listenerMark: UInt32 = 0

    private final class Connection {
        let descriptor: Int32
        let path: Path
        var stream = FramedStream(limit: ReceiveBatch.slotSize)
        var backlog: [UInt8] = []
        /// The kernel tells when it takes more of the backlog.
        var wantsRoom = false
        var isProven = false
        var lastWord: Instant

        init(descriptor: Int32, path: Path, at now: Instant) {
            self.descriptor = descriptor
            self.path = path
            lastWord = now
        }

        deinit { close(descriptor) }
    }

    /// Where it listens, with the port that the kernel chose for port 0.
    public let localAddress: SocketAddress
    /// Readable when there is something to do.
    let descriptor: Int32
    private let listener: Int32
    private var connections: [UInt32: Connection] = [:]
    private var nextMark: UInt32 = 1
    private var ready: [UInt32] = []
    private let buffer: UnsafeMutableRawBufferPointer
    /// What the kernel answers; kept, since it is asked many times a second.
    private let marks: UnsafeMutablePointer<UInt32>
    private static let mostMarks = 64
    private var nextWatch = Instant(nanoseconds: 0)

    /// Frames that were dropped: the connection was too slow, or is gone.
    public private(set) var dropped: UInt64 = 0

    /// - Throws: `UDPSocketError` with the operation `listen`.
    public init(bindingTo address: SocketAddress) throws(UDPSocketError) {
        var plain = lens_address(address)
        let opened = unsafe lens_listen_tcp(&plain)
        guard opened >= 0 else { throw UDPSocketError(operation: .listen(address), code: errno) }
        let set = lens_open_set()
        var storage = sockaddr_storage()
        guard set >= 0, lens_watch(set, opened, Self.listenerMark, 1, 0) == 0,
            unsafe lens_local_name(opened, &storage) == 0
        else {
            let code = errno
            close(opened)
            if set >= 0 { close(set) }
            throw UDPSocketError(operation: .listen(address), code: code)
        }
        unsafe lens_sockaddr_read(&storage, &plain)
        localAddress = SocketAddress(plain)
        listener = opened
        descriptor = set
        unsafe buffer = .allocate(byteCount: Self.readSize, alignment: 16)
        unsafe marks = .allocate(capacity: Self.mostMarks)
        ready.reserveCapacity(Self.mostMarks)
    }

    deinit {
        close(listener)
        close(descriptor)
        unsafe buffer.deallocate()
        unsafe marks.deallocate()
    }

    /// No connection is open.
    public var isEmpty: Bool { connections.isEmpty }
    public var count: Int { connections.count }
    /// When `poll` has something to do though nothing comes: silent connections to close. Nil while there is none.
    public var nextTimeout: Instant? { connections.isEmpty ? nil : nextWatch }

    /// Asks the kernel who has something; `receive` then hands it over.
    public mutating func poll(at now: Instant) {
        let found = unsafe lens_watched(descriptor, marks, Int32(Self.mostMarks))
        ready.removeAll(keepingCapacity: true)
        for place in 0..<Int(found) {
            let mark = unsafe marks[place]
            if mark == Self.listenerMark { accept(at: now) } else { ready.append(mark) }
        }
        if now >= nextWatch { watch(at: now) }
    }

    /// Reads from the next connection that has something, once. False when there is none left.
    public mutating func receive(into batch: inout ReceiveBatch, at now: Instant) -> Bool {
        batch.removeAll()
        guard let mark = ready.popLast() else { return false }
        guard let connection = connections[mark] else { return true }
        flush(connection, mark)
        let length = unsafe lens_receive_bytes(connection.descriptor, buffer.baseAddress, buffer.count)
        if length == 0 || length < 0 && errno != EAGAIN && errno != EINTR {
            connections[mark] = nil
            return true
        }
        guard length > 0 else { return true }
        connection.lastWord = now
        // One read brings no more frames than the batch holds, unless somebody sends nothing but tiny ones: those are lost.
        let bytes = unsafe RawSpan(_unsafeBytes: UnsafeRawBufferPointer(rebasing: buffer[..<length]))
        var lost: UInt64 = 0
        connection.stream.receive(bytes) { frame in
            if !batch.append(frame, along: connection.path) { lost &+= 1 }
        }
        dropped &+= lost
        if connection.stream.isBroken { connections[mark] = nil }
        return true
    }

    /// Sends those datagrams of the batch that go along connections. The batch stays as it is.
    public mutating func send(_ batch: borrowing SendBatch) {
        guard batch.connectedCount > 0 else { return }
        for index in 0..<batch.messageCount where batch.message(index).path.connection != 0 {
            let message = batch.message(index)
            var datagram: Int? = message.first
            while let current = datagram {
                send(batch, current, to: message.path.connection)
                datagram = batch.next(current)
            }
        }
    }

    private mutating func send(_ batch: borrowing SendBatch, _ datagram: Int, to mark: UInt32) {
        let length = batch.length(datagram)
        let bytes = unsafe UnsafeRawBufferPointer(start: batch.base(datagram), count: length)
        guard let connection = connections[mark], connection.backlog.count + length + 2 <= Self.maximumBacklog,
            FramedStream.append(unsafe RawSpan(_unsafeBytes: bytes), to: &connection.backlog)
        else {
            dropped &+= 1
            return
        }
        connection.isProven = true
        if !connection.wantsRoom { flush(connection, mark) }
    }

    /// Writes what waits, as far as the connection takes it.
    private mutating func flush(_ connection: Connection, _ mark: UInt32) {
        guard !connection.backlog.isEmpty else { return }
        let count = connection.backlog.count
        let sent = unsafe connection.backlog.withUnsafeBytes {
            unsafe lens_send_bytes(connection.descriptor, $0.baseAddress, count)
        }
        if sent < 0, errno != EAGAIN, errno != EINTR {
            connections[mark] = nil
            return
        }
        connection.backlog.removeFirst(max(0, sent))
        guard connection.wantsRoom == connection.backlog.isEmpty else { return }
        connection.wantsRoom.toggle()
        _ = lens_watch(descriptor, connection.descriptor, mark, 0, connection.wantsRoom ? 1 : 0)
    }

    private mutating func accept(at now: Instant) {
        for _ in 0..<16 {
            var remote = lens_address()
            var local = lens_address()
            let opened = unsafe lens_accept(listener, &remote, &local)
            guard opened >= 0 else { return }
            if connections.count >= Self.maximumConnections, !makeRoom() {
                close(opened)
                continue
            }
            let mark = nextMark
            nextMark = nextMark == .max ? 1 : nextMark &+ 1
            let path = Path(
                local: SocketAddress(local).address, remote: SocketAddress(remote), connection: mark)
            let connection = Connection(descriptor: opened, path: path, at: now)
            guard connections[mark] == nil, lens_watch(descriptor, opened, mark, 1, 0) == 0 else { continue }
            connections[mark] = connection
        }
    }

    /// Closes the oldest connection that is not proven. False if there is none.
    private mutating func makeRoom() -> Bool {
        let oldest = connections.filter { !$0.value.isProven }.min { $0.value.lastWord < $1.value.lastWord }
        guard let oldest else { return false }
        connections[oldest.key] = nil
        return true
    }

    private mutating func watch(at now: Instant) {
        nextWatch = now.advanced(byNanoseconds: Self.watchInterval)
        if connections.isEmpty { return }
        connections = connections.filter { _, connection in
            let limit = connection.isProven ? Self.idleTime : Self.provingTime
            return now.nanoseconds(since: connection.lastWord) < limit
        }
    }
}
