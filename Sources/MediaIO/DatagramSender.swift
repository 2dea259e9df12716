internal import CLinux
internal import Glibc
public import MediaCore
internal import MediaWire

/// Sends a batch with one system call, or a few when the kernel takes only a part at a time.
@safe
public struct DatagramSender: ~Copyable {
    private let memory: MessageMemory
    /// The datagrams of each prepared message.
    private let contents: UnsafeMutablePointer<Content>
    /// Datagrams longer than this leave one by one: the kernel has refused to cut a message into such, perhaps for one path only, so
    /// it is asked again after a while.
    private var longestSegment = Int.max
    private var retryAt: UInt64 = 0
    /// Calls to the kernel until then.
    private static let retryInterval: UInt64 = 16_384

    private struct Content: BitwiseCopyable {
        var first: Int32 = 0
        var count: Int32 = 0
    }

    /// Datagrams that the kernel did not take: its buffer was full, or there is no route.
    public private(set) var dropped: UInt64 = 0
    /// Calls to the kernel, for figures.
    public private(set) var systemCalls: UInt64 = 0
    /// Messages that held more than one datagram.
    public private(set) var segmentedMessages: UInt64 = 0

    /// - Parameter capacity: datagrams of one call; longer batches take several.
    public init(capacity: Int) {
        memory = MessageMemory(capacity: capacity)
        unsafe contents = .allocate(capacity: memory.capacity)
        unsafe contents.initialize(repeating: Content(), count: memory.capacity)
    }

    deinit { unsafe contents.deallocate() }

    /// Sends the batch's datagrams, those of TCP connections excepted, and empties it: those of one message in their order, with
    /// UDP_SEGMENT where the socket has it.
    /// What the kernel refuses is dropped and counted.
    public mutating func send(_ batch: inout SendBatch, through socket: borrowing UDPSocket) {
        if longestSegment != .max, systemCalls >= retryAt { longestSegment = .max }
        var used = 0
        var vectors = 0
        for index in 0..<batch.messageCount {
            let message = batch.message(index)
            // Those of connections are the streams' matter.
            if message.path.connection != 0 { continue }
            let isWhole =
                message.count == 1
                || socket.offload.segments && message.segmentSize <= longestSegment && message.count <= memory.capacity
            let wanted = isWhole ? message.count : 1
            var datagram: Int? = message.first
            while let first = datagram {
                // Every message has a piece, so the pieces run out first.
                if vectors &+ wanted > memory.capacity {
                    flush(used, batch, socket)
                    used = 0
                    vectors = 0
                }
                datagram = prepare(
                    used, message, first, count: wanted, vectors: vectors, batch: batch, socket: socket)
                used &+= 1
                vectors &+= wanted
            }
        }
        flush(used, batch, socket)
        batch.removeAll()
    }

    /// Makes message `index` of `count` datagrams from `first` on. Answers the datagram behind them.
    private mutating func prepare(
        _ index: Int, _ message: OutgoingMessage, _ first: Int, count: Int, vectors: Int,
        batch: borrowing SendBatch, socket: borrowing UDPSocket
    ) -> Int? {
        var datagram = batch.next(first)
        var place = vectors
        unsafe memory.vectors[place] = iovec(iov_base: batch.base(first), iov_len: batch.length(first))
        for _ in 1..<max(1, count) {
            guard let current = datagram else { break }
            let base = unsafe batch.base(current)
            let length = batch.length(current)
            // Packets of a frame that were protected where they arrived stand in a row.
            if unsafe memory.vectors[place].iov_base + memory.vectors[place].iov_len == base {
                unsafe memory.vectors[place].iov_len &+= length
            } else {
                place &+= 1
                unsafe memory.vectors[place] = iovec(iov_base: base, iov_len: length)
            }
            datagram = batch.next(current)
        }
        unsafe contents[index] = Content(
            first: Int32(truncatingIfNeeded: first), count: Int32(truncatingIfNeeded: count))
        var remote = lens_address(message.path.remote)
        let nameLength = unsafe lens_sockaddr_write(memory.names + index, &remote, socket.isIPv6 ? 1 : 0)
        var controlLength = 0
        if socket.isWildcard {
            var local = lens_address(message.path.local)
            controlLength = unsafe lens_control_write_source(memory.control(index), &local, socket.isIPv6 ? 1 : 0)
        }
        if count > 1 {
            segmentedMessages &+= 1
            controlLength = unsafe lens_control_write_segment(
                memory.control(index), controlLength, UInt16(truncatingIfNeeded: message.segmentSize))
        }
        memory.prepare(
            index, vectors: vectors, count: place &- vectors &+ 1, nameLength: nameLength,
            controlLength: controlLength)
        return datagram
    }

    private mutating func flush(_ count: Int, _ batch: borrowing SendBatch, _ socket: borrowing UDPSocket) {
        var sent = 0
        while sent < count {
            systemCalls &+= 1
            let result = unsafe Int(
                lens_send_messages(socket.descriptor, memory.messages + sent, UInt32(count &- sent)))
            if result > 0 {
                sent &+= result
            } else if errno == EINTR {
                continue
            } else {
                // This one will not go (no buffer, no route, refused by a filter); those behind it may.
                refuse(sent, errno, batch, socket)
                sent &+= 1
            }
        }
    }

    /// Drops a message, or sends its datagrams one by one if it is the cutting that the kernel refuses: a path whose MTU is too
    /// small for them (EINVAL, EMSGSIZE), or a device without checksums (EIO).
    private mutating func refuse(
        _ index: Int, _ code: Int32, _ batch: borrowing SendBatch, _ socket: borrowing UDPSocket
    ) {
        let count = unsafe Int(contents[index].count)
        let first = unsafe Int(contents[index].first)
        guard count > 1, code == EINVAL || code == EMSGSIZE || code == EIO else {
            dropped &+= UInt64(count)
            return
        }
        var isTaken = true
        var datagram: Int? = first
        var control = unsafe memory.messages[index].header.msg_controllen
        control = socket.isWildcard ? control &- Int(lens_segment_control_size()) : 0
        while let current = datagram {
            // The same header serves all of them in turn.
            let vector = unsafe memory.messages[index].header.msg_iov
            unsafe vector?.pointee = iovec(iov_base: batch.base(current), iov_len: batch.length(current))
            unsafe memory.messages[index].header.msg_iovlen = 1
            unsafe memory.messages[index].header.msg_controllen = control
            if control == 0 { unsafe memory.messages[index].header.msg_control = nil }
            systemCalls &+= 1
            if unsafe lens_send_messages(socket.descriptor, memory.messages + index, 1) != 1 {
                dropped &+= 1
                isTaken = false
            }
            datagram = batch.next(current)
        }
        guard isTaken else { return }
        longestSegment = code == EIO ? 0 : min(longestSegment, batch.length(first) &- 1)
        retryAt = systemCalls &+ Self.retryInterval
    }
}
