import Glibc
import NIOCore

/// The server cannot listen. One line with the next step.
public struct WebServerError: Error, CustomStringConvertible, Equatable {
    public let description: String

    /// Nil if `error` is not about listening.
    init?(_ error: any Error, host: String, port: Int) {
        let reason: String
        switch error {
        case let error as IOError:
            reason =
                switch error.errnoCode {
                case EADDRINUSE: "address already in use"
                case EADDRNOTAVAIL: "this machine does not have the address"
                case EACCES: "permission denied"
                default: "system error \(error.errnoCode)"
                }
        case is SocketAddressError: reason = "the host is not known"
        default: return nil
        }
        let bracketed = host.contains(":") ? "[\(host)]" : host
        description = "cannot listen on \(bracketed):\(port): \(reason); choose another with --http"
    }
}
