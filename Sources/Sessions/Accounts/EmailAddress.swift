/// A mailbox of RFC 5321 section 4.1.2 in its usual form: a dot-atom, an at sign, a domain name. ASCII only; quoted local parts and
/// address literals are left out, since nobody types them on purpose. It cannot hold a line break, a space or a bracket, so it is safe
/// in a header and in an SMTP command.
public struct EmailAddress: Hashable, Sendable, Codable, CustomStringConvertible {
    public let text: String

    private static let marks = "!#$%&'*+-/=?^_`{|}~"

    /// - Parameter mayBeLocal: takes a domain of one label too, such as `localhost`, to which no mail goes from elsewhere.
    /// - Returns: nil for anything else.
    public init?(_ text: String, mayBeLocal: Bool = false) {
        guard text.utf8.count <= 254 else { return nil }
        let parts = text.split(separator: "@", omittingEmptySubsequences: false)
        guard parts.count == 2, let local = parts.first, let domain = parts.last, local.utf8.count <= 64,
            local.split(separator: ".", omittingEmptySubsequences: false).allSatisfy(Self.isAtom)
        else { return nil }
        let labels = domain.split(separator: ".", omittingEmptySubsequences: false)
        guard labels.count > 1 || mayBeLocal, labels.allSatisfy(Self.isLabel),
            labels.last.map({ !$0.allSatisfy(\.isNumber) }) ?? false
        else { return nil }
        self.text = text
    }

    /// What two spellings of one mailbox have in common: nobody tells mailboxes apart by case, whatever RFC 5321 section 2.4 allows.
    public var folded: String { text.lowercased() }

    public var localPart: Substring { text.prefix { $0 != "@" } }

    public var description: String { text }

    private static func isAtom(_ text: Substring) -> Bool {
        !text.isEmpty && text.utf8.allSatisfy { isAlphanumeric($0) || marks.utf8.contains($0) }
    }

    private static func isLabel(_ text: Substring) -> Bool {
        (1...63).contains(text.utf8.count) && text.first != "-" && text.last != "-"
            && text.utf8.allSatisfy { isAlphanumeric($0) || $0 == UInt8(ascii: "-") }
    }

    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "a")...UInt8(ascii: "z"):
            true
        default: false
        }
    }
}
