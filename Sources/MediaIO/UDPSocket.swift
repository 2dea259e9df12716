internal import CLinux
internal import Glibc
public import MediaWire

/// A bound UDP socket that receives and sends in batches.
@safe
public struct UDPSocket: ~Copyable, Sendable {
    /// The descriptor, for waiting on it; the socket keeps it.
    public let descriptor: Int32
    /// The address that it is bound to, with the port that the kernel chose for port 0.
    public let localAddress: SocketAddress
    /// Bytes that the kernel granted; it counts its own overhead in.
    public let receiveBufferSize: Int
    public let sendBufferSize: Int
    /// What the kernel does for it; less than asked for where the kernel knows it not.
    public let offload: UDPOffload
    let isIPv6: Bool
    /// Bound to every address: replies name the local address that was addressed.
    let isWildcard: Bool

    /// Bytes asked for in each direction.
    public static let wantedBufferSize = 8 * 1024 * 1024

    /// The longest sleep of a receive that waits, in ns.
    public static let longestWait: Int64 = 5_000_000

    /// Opens and binds a socket. `::` takes IPv4 too.
    ///
    /// - Throws: `UDPSocketError`, for example when the port is in use.
    public init(
        bindingTo address: SocketAddress, bufferSize: Int = UDPSocket.wantedBufferSize, offload: UDPOffload = .send
    ) throws(UDPSocketError) {
        let isIPv6 = address.address.isIPv6
        let isWildcard = address.address.isUnspecified
        let opened = lens_open_udp(isIPv6 ? 1 : 0)
        guard opened >= 0 else { throw UDPSocketError(operation: .open, code: errno) }
        do throws(UDPSocketError) {
            try Self.configure(opened, isIPv6: isIPv6, isWildcard: isWildcard, bufferSize: bufferSize)
            localAddress = try Self.bind(opened, to: address)
        } catch {
            close(opened)
            throw error
        }
        self.isWildcard = isWildcard
        self.isIPv6 = isIPv6
        self.offload = offload.merges && lens_merge_received(opened) != 0 ? .send : offload
        descriptor = opened
        receiveBufferSize = Int(lens_receive_buffer_size(opened))
        sendBufferSize = Int(lens_send_buffer_size(opened))
    }

    deinit { close(descriptor) }

    /// How much of the receive buffer is taken, 0 ... 256.
    var receiveFill: Int { max(0, Int(lens_receive_fill(descriptor))) }

    /// Sleeps until a datagram is there, the other descriptor is readable, or the time is over.
    /// - Parameters:
    ///   - third: one more descriptor, or -1.
    ///   - nanoseconds: nil waits without end.
    /// - Returns: whether the other and the third descriptor are readable.
    @discardableResult
    public func wait(
        orReadable other: Int32, or third: Int32 = -1, nanoseconds: Int64?
    ) -> (other: Bool, third: Bool) {
        let ready = lens_wait_readable(descriptor, other, third, nanoseconds.map { max(0, $0) } ?? -1)
        return (ready & 1 != 0, ready & 2 != 0)
    }

    /// The address of this machine that packets to `remote` leave from.
    /// - Throws: `UDPSocketError` if there is no route.
    public static func localAddress(towards remote: SocketAddress) throws(UDPSocketError) -> IPAddress {
        let isIPv6 = remote.address.isIPv6
        let probe = lens_open_udp(isIPv6 ? 1 : 0)
        guard probe >= 0 else { throw UDPSocketError(operation: .open, code: errno) }
        defer { close(probe) }
        var storage = sockaddr_storage()
        var plain = lens_address(remote)
        let length = unsafe lens_sockaddr_write(&storage, &plain, isIPv6 ? 1 : 0)
        // Connecting a UDP socket sends nothing; it only asks the kernel for the route.
        guard unsafe lens_connect(probe, &storage, length) == 0, unsafe lens_local_name(probe, &storage) == 0 else {
            throw UDPSocketError(operation: .route(remote.address), code: errno)
        }
        unsafe lens_sockaddr_read(&storage, &plain)
        return IPAddress(plain)
    }

    private static func configure(
        _ socket: Int32, isIPv6: Bool, isWildcard: Bool, bufferSize: Int
    ) throws(UDPSocketError) {
        func check(_ status: Int32, _ name: String) throws(UDPSocketError) {
            guard status == 0 else { throw UDPSocketError(operation: .configure(name), code: errno) }
        }
        if isIPv6 { try check(lens_set_ipv6_only(socket, isWildcard ? 0 : 1), "IPV6_V6ONLY") }
        if isWildcard { try check(lens_receive_local_address(socket, isIPv6 ? 1 : 0), "packet information") }
        try check(lens_receive_stamps(socket), "SO_TIMESTAMPNS")
        try check(lens_receive_overflow(socket), "SO_RXQ_OVFL")
        try check(lens_set_receive_timeout(socket, longestWait), "SO_RCVTIMEO")
        try check(lens_set_buffers(socket, Int32(clamping: bufferSize)), "its buffer sizes")
    }

    private static func bind(_ socket: Int32, to address: SocketAddress) throws(UDPSocketError) -> SocketAddress {
        var storage = sockaddr_storage()
        var plain = lens_address(address)
        let length = unsafe lens_sockaddr_write(&storage, &plain, address.address.isIPv6 ? 1 : 0)
        guard unsafe lens_bind(socket, &storage, length) == 0, unsafe lens_local_name(socket, &storage) == 0 else {
            throw UDPSocketError(operation: .bind(address), code: errno)
        }
        unsafe lens_sockaddr_read(&storage, &plain)
        return SocketAddress(address.address, port: plain.port)
    }
}

extension SocketAddress {
    init(_ plain: lens_address) {
        self.init(IPAddress(plain), port: plain.port)
    }
}

extension IPAddress {
    init(_ plain: lens_address) {
        self =
            plain.is_ipv6 != 0
            ? IPAddress(v6High: plain.high, low: plain.low) : IPAddress(v4: UInt32(truncatingIfNeeded: plain.low))
    }
}

extension lens_address {
    init(_ address: SocketAddress) {
        self.init(
            high: address.address.high, low: address.address.low, port: address.port,
            is_ipv6: address.address.isIPv6 ? 1 : 0)
    }

    init(_ address: IPAddress) { self.init(SocketAddress(address, port: 0)) }
}
