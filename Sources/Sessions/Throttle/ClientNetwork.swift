internal import Glibc

/// The network that a customer's mistakes are counted for (D8): an IPv4 address, or the /64 that an IPv6 address lies in, since one
/// subscriber has all of it.
public struct ClientNetwork: Hashable, Sendable {
    /// The upper 64 bits of the IPv6 form (RFC 4291); IPv4 addresses stand there behind a mark that no global prefix has.
    private let prefix: UInt64

    /// - Parameter address: as text. What is no address counts as one network of its own, so that nobody gets by without one.
    public init(_ address: String) {
        prefix = Self.version4(address) ?? Self.version6(address) ?? Self.unknown
    }

    /// Whether `text` is an IPv4 or IPv6 address.
    public static func isAddress(_ text: String) -> Bool { version4(text) != nil || version6(text) != nil }

    /// 0000::/16 and ffff::/16 hold no addresses of customers.
    private static let version4Mark: UInt64 = 0xFFFF_0000_0000_0000
    private static let unknown = UInt64.max

    private static func version4(_ address: String) -> UInt64? {
        var value = in_addr()
        guard unsafe inet_pton(AF_INET, address, &value) == 1 else { return nil }
        return version4Mark | UInt64(UInt32(bigEndian: value.s_addr))
    }

    private static func version6(_ address: String) -> UInt64? {
        // A zone names the host's own interface and is not part of the address (RFC 4007 section 11).
        let bare = address.prefix { $0 != "%" }
        var bytes = [UInt8](repeating: 0, count: 16)
        guard unsafe inet_pton(AF_INET6, String(bare), &bytes) == 1 else { return nil }
        if bytes[..<10].allSatisfy({ $0 == 0 }), bytes[10] == 0xFF, bytes[11] == 0xFF {
            return version4Mark | number(bytes[12...])
        }
        return number(bytes[..<8])
    }

    private static func number(_ bytes: ArraySlice<UInt8>) -> UInt64 { bytes.reduce(0) { $0 << 8 | UInt64($1) } }
}
