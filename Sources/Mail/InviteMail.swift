internal import Mustache

/// What an invite says, in the customer's language: the link, the PIN, and how long both are good.
public struct InviteMail: Sendable, Hashable {
    public enum Language: String, Sendable, CaseIterable {
        case english = "en"
        case german = "de"
    }

    public let subject: String
    public let text: String
    public let html: String

    /// - Parameters:
    ///   - name: the customer's name, as the technician wrote it.
    ///   - link: to the customer's page, with the PIN in it.
    ///   - entry: where the PIN is typed by hand.
    ///   - minutes: until the PIN expires.
    /// - Throws: if a template is broken.
    public init(
        language: Language, name: String, link: String, entry: String, pin: String, minutes: Int
    ) throws {
        let values = ["name": name, "link": link, "entry": entry, "pin": pin, "minutes": String(minutes)]
        let templates = Self.templates(language)
        text = try MustacheTemplate(string: String(decoding: templates.text, as: UTF8.self)).render(values)
        html = try MustacheTemplate(string: String(decoding: templates.html, as: UTF8.self)).render(values)
        subject =
            switch language {
            case .english: "Your live support session"
            case .german: "Ihre Live-Support-Sitzung"
            }
    }

    private static func templates(_ language: Language) -> (text: [UInt8], html: [UInt8]) {
        switch language {
        case .english: (PackageResources.invite_en_txt_mustache, PackageResources.invite_en_html_mustache)
        case .german: (PackageResources.invite_de_txt_mustache, PackageResources.invite_de_html_mustache)
        }
    }

    /// A link that opens the technician's own mail program with all of it filled in (RFC 6068).
    public func mailto(_ address: String) -> String {
        "mailto:\(Self.escaped(address))?subject=\(Self.escaped(subject))&body=\(Self.escaped(lines))"
    }

    /// RFC 6068 section 5 wants line breaks as CRLF.
    private var lines: String {
        text.split(separator: "\n", omittingEmptySubsequences: false).joined(separator: "\r\n")
    }

    private static func escaped(_ text: String) -> String {
        let digits = Array("0123456789ABCDEF".utf8)
        var out: [UInt8] = []
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"):
                out.append(byte)
            case _ where "-._~@".utf8.contains(byte): out.append(byte)
            default: out += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return String(decoding: out, as: UTF8.self)
    }
}
