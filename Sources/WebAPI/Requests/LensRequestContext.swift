import Hummingbird
import NIOCore

/// What is known of a request besides its bytes.
struct LensRequestContext: RequestContext {
    var coreContext: CoreRequestContextStorage
    var client: ClientConnection

    init(source: ApplicationRequestContextSource) {
        coreContext = .init(source: source)
        client = ClientConnection(ipAddress: source.channel.remoteAddress?.ipAddress, isEncrypted: false)
    }
}

/// Where a request came from.
struct ClientConnection: Sendable, Hashable {
    /// IP address as text, IPv4 in its own form also where the socket is IPv6; empty if the peer has gone already.
    let address: String
    /// Whether what the request carries was safe on its way.
    let isPrivate: Bool
    /// Whether the caller is a program on this machine.
    let isThisMachine: Bool

    init(ipAddress: String?, isEncrypted: Bool) {
        let text = ipAddress ?? ""
        let mappedPrefix = "::ffff:"
        let isMapped = text.lowercased().hasPrefix(mappedPrefix) && text.contains(".")
        address = isMapped ? String(text.dropFirst(mappedPrefix.count)) : text
        isThisMachine = address == "::1" || address.hasPrefix("127.")
        isPrivate = isEncrypted || isThisMachine
    }

    /// As a proxy tells it: private only if the way to the proxy was.
    init(forwarded address: String, isEncrypted: Bool) {
        self.address = address
        isThisMachine = false
        isPrivate = isEncrypted
    }
}
