public import MediaWire

/// Where packets go and what address they leave from. Only a path proven by SRTP authentication or checked STUN leads anywhere.
@frozen
public struct Path: Hashable, Sendable {
    /// The local address that was addressed; unspecified lets the kernel choose.
    public var local: IPAddress
    public var remote: SocketAddress
    /// The TCP connection that it is, by a number that no other connection of the shard ever has; 0 over UDP.
    public var connection: UInt32

    @inlinable
    public init(local: IPAddress, remote: SocketAddress, connection: UInt32 = 0) {
        self.local = local
        self.remote = remote
        self.connection = connection
    }

    /// A path to an address that was agreed on before anything came from there.
    public init(to remote: SocketAddress) {
        self.init(local: remote.address.isIPv6 ? .anyV6 : .anyV4, remote: remote)
    }
}
