public import MediaWire

/// A datagram to send.
public struct Transmit: Sendable {
    public var bytes: [UInt8]
    public var destination: SocketAddress

    public init(bytes: [UInt8], destination: SocketAddress) {
        self.bytes = bytes
        self.destination = destination
    }
}
