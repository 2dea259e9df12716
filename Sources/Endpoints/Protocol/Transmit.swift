public import MediaWire

/// A datagram to send.
public struct Transmit: Sendable {
    public var bytes: [UInt8]
    public var destination: SocketAddress
    /// Which of the endpoint's sockets it leaves by, from 0.
    public var socket: Int

    public init(bytes: [UInt8], destination: SocketAddress, socket: Int = 0) {
        self.bytes = bytes
        self.destination = destination
        self.socket = socket
    }
}
