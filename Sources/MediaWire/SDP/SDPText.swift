/// The small pieces that SDP's grammar is made of (RFC 8866 section 9), read byte by byte.
enum SDPText {
    static let space = UInt8(ascii: " ")
    static let tab = UInt8(ascii: "\t")

    /// An unsigned decimal number of plain digits. Nil for a sign, a blank, anything else, or a number too big.
    static func decimal<Number: FixedWidthInteger>(_ digits: some Sequence<UInt8>, as type: Number.Type = Number.self)
        -> Number?
    {
        var value: Number = 0
        var isEmpty = true
        for digit in digits {
            guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(digit) else { return nil }
            let (tens, overflow) = value.multipliedReportingOverflow(by: 10)
            let (sum, carry) = tens.addingReportingOverflow(Number(digit - UInt8(ascii: "0")))
            guard !overflow, !carry else { return nil }
            value = sum
            isEmpty = false
        }
        return isEmpty ? nil : value
    }

    /// A `token` byte: visible ASCII without separators.
    static func isToken(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x21, 0x23...0x27, 0x2A, 0x2B, 0x2D, 0x2E, 0x30...0x39, 0x41...0x5A, 0x5E...0x7E: true
        default: false
        }
    }

    /// An `ice-char` (RFC 8839 section 5.1).
    static func isICECharacter(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "+"), UInt8(ascii: "/"):
            true
        default: false
        }
    }

    static func isDigits(_ bytes: some Collection<UInt8>) -> Bool {
        !bytes.isEmpty && bytes.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
    }

    /// The words of an attribute's value. Unlike the `o=` and `m=` lines, values of browsers may hold more than one blank.
    static func words(_ value: String, maxSplits: Int = .max) -> [Substring] {
        value.utf8.split(maxSplits: maxSplits, whereSeparator: { $0 == space || $0 == tab }).map { Substring($0) }
    }

    /// `text` cut at the first `separator`; nil if there is none.
    static func cut(_ text: Substring, at separator: Unicode.Scalar) -> (Substring, Substring)? {
        let utf8 = text.utf8
        guard separator.isASCII, let index = utf8.firstIndex(of: UInt8(ascii: separator)) else { return nil }
        return (Substring(utf8[..<index]), Substring(utf8[utf8.index(after: index)...]))
    }

    /// Equal without regard to the case of ASCII letters, as encoding names are compared (RFC 8866 section 6.6).
    static func equalIgnoringCase(_ a: some StringProtocol, _ b: some StringProtocol) -> Bool {
        a.utf8.count == b.utf8.count && zip(a.utf8, b.utf8).allSatisfy { lowercased($0) == lowercased($1) }
    }

    private static func lowercased(_ byte: UInt8) -> UInt8 {
        (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) ? byte | 0x20 : byte
    }
}
