import MediaIO
import MediaWire
import NIOCore

/// The address of this machine that the server sees, which is where media is to be sent.
enum LocalAddress {
    /// - Throws: `EndpointError.socket` if the name is not known or there is no route.
    static func towards(_ server: ServerAddress) throws(EndpointError) -> IPAddress {
        let remote = try resolve(server)
        if remote.isLoopback { return remote }
        return try route(to: remote, port: UInt16(clamping: server.port))
    }

    private static func resolve(_ server: ServerAddress) throws(EndpointError) -> IPAddress {
        if let address = IPAddress(server.host) { return address }
        // A server on loopback listens on IPv4 unless it was told otherwise.
        if server.host == "localhost" { return .loopbackV4 }
        guard let found = try? NIOCore.SocketAddress.makeAddressResolvingHost(server.host, port: server.port),
            let text = found.ipAddress, let address = IPAddress(text)
        else { throw .socket("the name \(printable(server.host)) is not known; check --server") }
        return address
    }

    private static func route(to remote: IPAddress, port: UInt16) throws(EndpointError) -> IPAddress {
        do throws(UDPSocketError) {
            return try UDPSocket.localAddress(towards: MediaWire.SocketAddress(remote, port: port))
        } catch {
            throw .socket("\(error); check the network and --server")
        }
    }
}
