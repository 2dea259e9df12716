import Glibc
import MediaWire

/// The addresses of this machine's network interfaces.
enum InterfaceAddresses {
    /// Addresses of interfaces that are up, loopback and link-local ones left out; IPv4 first.
    static func all() -> [IPAddress] {
        let usable = read().filter { !$0.isLoopback && !isLinkLocal($0) }
        return usable.filter { !$0.isIPv6 } + usable.filter(\.isIPv6)
    }

    /// Whether a socket of this machine can be bound to `address`; it cannot behind a NAT 1:1.
    static func isLocal(_ address: IPAddress) -> Bool { address.isLoopback || read().contains(address) }

    private static func isLinkLocal(_ address: IPAddress) -> Bool {
        address.isIPv6 ? address.high >> 54 == 0x3FA : address.low >> 16 == 0xA9FE
    }

    private static func read() -> [IPAddress] {
        var list: UnsafeMutablePointer<ifaddrs>?
        guard unsafe getifaddrs(&list) == 0 else { return [] }
        defer { unsafe freeifaddrs(list) }
        var addresses: [IPAddress] = []
        var next = unsafe list
        while let entry = unsafe next {
            unsafe next = entry.pointee.ifa_next
            guard unsafe entry.pointee.ifa_flags & UInt32(IFF_UP) != 0,
                let address = unsafe entry.pointee.ifa_addr
            else { continue }
            switch unsafe Int32(address.pointee.sa_family) {
            case AF_INET:
                unsafe address.withMemoryRebound(to: sockaddr_in.self, capacity: 1) { four in
                    addresses.append(IPAddress(v4: UInt32(bigEndian: unsafe four.pointee.sin_addr.s_addr)))
                }
            case AF_INET6:
                unsafe address.withMemoryRebound(to: sockaddr_in6.self, capacity: 1) { six in
                    let bytes = unsafe withUnsafeBytes(of: six.pointee.sin6_addr) { unsafe [UInt8]($0) }
                    guard let high = bytes.rawSpan.uint64(at: 0), let low = bytes.rawSpan.uint64(at: 8) else { return }
                    addresses.append(IPAddress(v6High: high, low: low))
                }
            default: break
            }
        }
        return addresses
    }
}
