/// A `c=` line's content (RFC 8866 section 5.7): network type, address type and address.
public struct ConnectionData: Hashable, Sendable {
    /// `IN`.
    public var networkType: String
    /// `IP4` or `IP6`.
    public var addressType: String
    /// As written: an address, a host name, or a multicast address with `/ttl` or `/count`.
    public var address: String

    public init(networkType: String = "IN", addressType: String, address: String) {
        self.networkType = networkType
        self.addressType = addressType
        self.address = address
    }

    public init(_ address: IPAddress) {
        self.init(addressType: address.isIPv6 ? "IP6" : "IP4", address: address.description)
    }

    /// The plain address of the type that the line names; nil for host names and multicast ranges.
    public var ipAddress: IPAddress? {
        guard networkType == "IN", let address = IPAddress(address) else { return nil }
        return addressType == (address.isIPv6 ? "IP6" : "IP4") ? address : nil
    }

    var text: String { "\(networkType) \(addressType) \(address)" }
}

/// An `o=` line's content (RFC 8866 section 5.2): who made the description, and which version of it this is.
public struct SDPOrigin: Hashable, Sendable {
    public var username: String
    /// Decimal digits; browsers use 63 bits, other software more.
    public var sessionID: String
    /// Decimal digits, growing with every change of the description.
    public var sessionVersion: String
    public var connection: ConnectionData

    public init(username: String = "-", sessionID: String, sessionVersion: String, connection: ConnectionData) {
        self.username = username
        self.sessionID = sessionID
        self.sessionVersion = sessionVersion
        self.connection = connection
    }

    public init(username: String = "-", sessionID: UInt64, sessionVersion: UInt64 = 1, address: IPAddress) {
        self.init(
            username: username, sessionID: String(sessionID), sessionVersion: String(sessionVersion),
            connection: ConnectionData(address))
    }

    var text: String { "\(username) \(sessionID) \(sessionVersion) \(connection.text)" }
}

/// A `t=` line with its `r=` lines (RFC 8866 sections 5.9 and 5.10). Calls use `0 0`: not bounded.
public struct SDPTiming: Hashable, Sendable {
    /// Seconds since 1900, as digits.
    public var start: String
    public var stop: String
    public var repeats: [String]

    public init(start: String = "0", stop: String = "0", repeats: [String] = []) {
        self.start = start
        self.stop = stop
        self.repeats = repeats
    }
}
