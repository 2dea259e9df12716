internal import Glibc
public import MediaWire

/// What the kernel refused.
public struct UDPSocketError: Error, Sendable, CustomStringConvertible {
    public enum Operation: Sendable {
        case open
        case bind(SocketAddress)
        /// Of TCP.
        case listen(SocketAddress)
        case configure(String)
        case route(IPAddress)
    }

    public let operation: Operation
    /// The kernel's errno.
    public let code: Int32

    public var isAddressInUse: Bool { code == EADDRINUSE }

    public var description: String {
        let reason = unsafe String(cString: strerror(code)).lowercased()
        return switch operation {
        case .open: "cannot open a UDP socket: \(reason)"
        case .bind(let address): "cannot listen on UDP \(address): \(reason)"
        case .listen(let address): "cannot listen on TCP \(address): \(reason)"
        case .route(let address): "there is no route to \(address): \(reason)"
        case .configure(let option): "cannot set \(option) on a UDP socket: \(reason)"
        }
    }
}
