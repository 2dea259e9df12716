/// A block of addresses in CIDR notation (RFC 4632 section 3.1, RFC 4291 section 2.3), such as `192.0.2.0/24`.
public struct IPNetwork: Hashable, Sendable, CustomStringConvertible {
    /// The block's first address: bits behind the prefix are zero.
    public let address: IPAddress
    /// 0 to 32 for IPv4, 0 to 128 for IPv6.
    public let prefixLength: Int

    /// Nil if the prefix is longer than the address.
    public init?(_ address: IPAddress, prefixLength: Int) {
        guard (0...(address.isIPv6 ? 128 : 32)).contains(prefixLength) else { return nil }
        self.prefixLength = prefixLength
        self.address = Self.masked(address, prefixLength)
    }

    /// Reads `address/length`, or a lone address, which is a block of one. Bits behind the prefix are cleared.
    public init?(_ text: some StringProtocol) {
        guard let (head, tail) = SDPText.cut(Substring(text), at: "/") else {
            guard let address = IPAddress(text) else { return nil }
            self.init(address, prefixLength: address.isIPv6 ? 128 : 32)
            return
        }
        guard let address = IPAddress(head), let length = SDPText.decimal(tail.utf8, as: UInt8.self) else { return nil }
        self.init(address, prefixLength: Int(length))
    }

    /// IPv4-mapped addresses count as IPv4.
    public func contains(_ candidate: IPAddress) -> Bool {
        let plain = candidate.unmapped
        return plain.isIPv6 == address.isIPv6 && Self.masked(plain, prefixLength) == address
    }

    private static func masked(_ address: IPAddress, _ prefixLength: Int) -> IPAddress {
        // Swift's smart shift makes a shift by the full width zero.
        if address.isIPv6 {
            let high = prefixLength >= 64 ? UInt64.max : ~(UInt64.max >> UInt64(prefixLength))
            let low = prefixLength <= 64 ? 0 : ~(UInt64.max >> UInt64(prefixLength - 64))
            return IPAddress(v6High: address.high & high, low: address.low & low)
        }
        let mask = ~(UInt32.max >> UInt32(prefixLength))
        return IPAddress(v4: UInt32(truncatingIfNeeded: address.low) & mask)
    }

    public var description: String { "\(address)/\(prefixLength)" }
}
