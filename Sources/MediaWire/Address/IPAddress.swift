/// An IPv4 or IPv6 address: 16 bytes and a family, trivially copyable.
@frozen
public struct IPAddress: Hashable, Sendable, CustomStringConvertible {
    /// High and low half of the address in host order. An IPv4 address stands in the low 32 bits of `low`.
    public var high: UInt64
    public var low: UInt64
    public var isIPv6: Bool

    @inlinable
    public init(v4: UInt32) {
        high = 0
        low = UInt64(v4)
        isIPv6 = false
    }

    @inlinable
    public init(v6High: UInt64, low: UInt64) {
        high = v6High
        self.low = low
        isIPv6 = true
    }

    public static let loopbackV4 = IPAddress(v4: 0x7F00_0001)
    public static let loopbackV6 = IPAddress(v6High: 0, low: 1)
    public static let anyV4 = IPAddress(v4: 0)
    public static let anyV6 = IPAddress(v6High: 0, low: 0)

    /// 127.0.0.0/8 or ::1 (RFC 1122 section 3.2.1.3, RFC 4291 section 2.5.3), or its IPv4-mapped form.
    public var isLoopback: Bool {
        let plain = unmapped
        return plain.isIPv6 ? plain == .loopbackV6 : plain.low >> 24 == 127
    }

    /// 0.0.0.0 or ::.
    public var isUnspecified: Bool { high == 0 && low == 0 }

    /// An IPv4-mapped IPv6 address (::ffff:a.b.c.d) as IPv4; every other address as it is.
    @inlinable public var unmapped: IPAddress {
        isIPv6 && high == 0 && low >> 32 == 0xFFFF ? IPAddress(v4: UInt32(truncatingIfNeeded: low)) : self
    }

    /// Reads dotted decimal or RFC 4291 text. Nil for anything else, names and zone indices included.
    public init?(_ text: some StringProtocol) {
        let bytes = Array(text.utf8)
        guard bytes.count <= 45 else { return nil }
        if bytes.contains(UInt8(ascii: ":")) {
            guard let words = Self.parseIPv6(bytes[...]) else { return nil }
            let halves = [0, 4].map { start in
                words[start..<(start + 4)].reduce(UInt64(0)) { $0 << 16 | UInt64($1) }
            }
            self.init(v6High: halves[0], low: halves[1])
        } else {
            guard let value = Self.parseIPv4(bytes[...]) else { return nil }
            self.init(v4: value)
        }
    }

    private static func parseIPv4(_ bytes: ArraySlice<UInt8>) -> UInt32? {
        let parts = bytes.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard parts.count == 4 else { return nil }
        var value: UInt32 = 0
        for part in parts {
            guard (1...3).contains(part.count), part.count == 1 || part.first != UInt8(ascii: "0") else { return nil }
            var octet: UInt32 = 0
            for digit in part {
                guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(digit) else { return nil }
                octet = octet * 10 + UInt32(digit - UInt8(ascii: "0"))
            }
            guard octet <= 255 else { return nil }
            value = value << 8 | octet
        }
        return value
    }

    /// The eight words of an IPv6 address.
    private static func parseIPv6(_ bytes: ArraySlice<UInt8>) -> [UInt16]? {
        let colon = UInt8(ascii: ":")
        var gap: Range<Int>?
        for index in bytes.indices.dropLast() where bytes[index] == colon && bytes[index + 1] == colon {
            guard gap == nil else { return nil }
            gap = index..<(index + 2)
        }
        guard let gap else {
            guard let words = parseWords(bytes), words.count == 8 else { return nil }
            return words
        }
        // Dotted decimal may stand at the very end only (RFC 4291 section 2.2), so not in front of the gap.
        guard !bytes[..<gap.lowerBound].contains(UInt8(ascii: ".")),
            let head = parseWords(bytes[..<gap.lowerBound]), let tail = parseWords(bytes[gap.upperBound...]),
            head.count + tail.count <= 7
        else { return nil }
        return head + [UInt16](repeating: 0, count: 8 - head.count - tail.count) + tail
    }

    private static func parseWords(_ bytes: ArraySlice<UInt8>) -> [UInt16]? {
        if bytes.isEmpty { return [] }
        var words: [UInt16] = []
        let parts = bytes.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
        for (index, part) in parts.enumerated() {
            if index == parts.count - 1, part.contains(UInt8(ascii: ".")) {
                guard let v4 = parseIPv4(part) else { return nil }
                words.append(UInt16(v4 >> 16))
                words.append(UInt16(truncatingIfNeeded: v4))
                continue
            }
            guard (1...4).contains(part.count), let text = String(validating: part, as: UTF8.self),
                text.first != "+", text.first != "-", let word = UInt16(text, radix: 16)
            else { return nil }
            words.append(word)
        }
        return words.count <= 8 ? words : nil
    }

    /// Dotted decimal, or RFC 5952 text.
    public var description: String {
        if !isIPv6 { return (0..<4).map { String(low >> UInt64(24 - 8 * $0) & 0xFF) }.joined(separator: ".") }
        // RFC 5952 section 5: the mapped prefix is well known, so the rest is shown as what it is.
        if !unmapped.isIPv6 { return "::ffff:\(unmapped)" }
        let words = (0..<8).map { UInt16(truncatingIfNeeded: ($0 < 4 ? high : low) >> UInt64(48 - 16 * ($0 % 4))) }
        // RFC 5952 section 4.2: the longest run of at least two zero words, the first one of equals.
        var best = 0..<0
        var start = 0
        while start < 8 {
            var end = start
            while end < 8 && words[end] == 0 { end += 1 }
            if end - start >= 2 && end - start > best.count { best = start..<end }
            start = max(end, start + 1)
        }
        func text(_ range: Range<Int>) -> String { range.map { String(words[$0], radix: 16) }.joined(separator: ":") }
        if best.isEmpty { return text(0..<8) }
        return text(0..<best.lowerBound) + "::" + text(best.upperBound..<8)
    }
}
