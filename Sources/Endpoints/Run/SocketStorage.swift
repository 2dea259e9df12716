import Glibc
import MediaWire

/// A `sockaddr` of either family as bytes, for the few socket calls of an endpoint.
struct SocketStorage {
    /// Room for the longer of the two: family and port, flow, 16 bytes of address, scope.
    private var bytes = [UInt8](repeating: 0, count: 28)
    private var length: Int

    init(_ address: SocketAddress) {
        let isIPv6 = address.address.isIPv6
        length = isIPv6 ? 28 : 16
        put(UInt16(truncatingIfNeeded: isIPv6 ? AF_INET6 : AF_INET), at: 0)
        put(address.port.bigEndian, at: 2)
        if isIPv6 {
            put(address.address.high.bigEndian, at: 8)
            put(address.address.low.bigEndian, at: 16)
        } else {
            put(UInt32(truncatingIfNeeded: address.address.low).bigEndian, at: 4)
        }
    }

    /// In the order of little-endian machines, as all that Swift supports here are.
    private mutating func put(_ value: some FixedWidthInteger, at offset: Int) {
        for index in 0..<(value.bitWidth / 8) {
            bytes[offset + index] = UInt8(truncatingIfNeeded: value >> (index * 8))
        }
    }

    /// Nil for another family.
    private var address: SocketAddress? {
        let span = bytes.rawSpan
        guard let port = span.uint16(at: 2) else { return nil }
        switch Int32(bytes[0]) | Int32(bytes[1]) << 8 {
        case AF_INET: return span.uint32(at: 4).map { SocketAddress(IPAddress(v4: $0), port: port) }
        case AF_INET6:
            guard let high = span.uint64(at: 8), let low = span.uint64(at: 16) else { return nil }
            return SocketAddress(IPAddress(v6High: high, low: low), port: port)
        default: return nil
        }
    }

    /// True if all bytes went.
    mutating func send(_ datagram: [UInt8], through descriptor: Int32) -> Bool {
        let flags = Int32(truncatingIfNeeded: MSG_DONTWAIT | MSG_NOSIGNAL)
        let length = socklen_t(length)
        let sent = unsafe withPointer { unsafe sendto(descriptor, datagram, datagram.count, flags, $0, length) }
        return sent == datagram.count
    }

    mutating func connect(_ descriptor: Int32) -> Bool {
        let length = socklen_t(length)
        return unsafe withPointer { unsafe Glibc.connect(descriptor, $0, length) } == 0
    }

    /// Where a socket is bound.
    mutating func localName(of descriptor: Int32) -> SocketAddress? {
        var size = socklen_t(bytes.count)
        let status = unsafe withPointer { unsafe getsockname(descriptor, $0, &size) }
        return status == 0 ? address : nil
    }

    private mutating func withPointer<Value>(_ body: (UnsafeMutablePointer<sockaddr>?) -> Value) -> Value {
        unsafe bytes.withUnsafeMutableBytes { raw in
            unsafe raw.withMemoryRebound(to: sockaddr.self) { unsafe body($0.baseAddress) }
        }
    }
}
