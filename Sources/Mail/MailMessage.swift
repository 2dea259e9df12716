/// A mail with the same words as plain text and as HTML (RFC 5322, RFC 2045 to 2047).
///
/// Bodies go in base64, so that lines of any length and all of Unicode pass every server. Header fields cannot hold line breaks:
/// whatever is not printable ASCII goes in encoded words, and addresses are checked by who makes them.
public struct MailMessage: Sendable, Hashable {
    public var from: String
    /// What stands beside the address; empty for nothing.
    public var fromName: String
    public var to: String
    public var subject: String
    public var text: String
    public var html: String

    public init(from: String, fromName: String = "", to: String, subject: String, text: String, html: String) {
        self.from = from
        self.fromName = fromName
        self.to = to
        self.subject = subject
        self.text = text
        self.html = html
    }

    /// The message as it goes over SMTP, lines ended by CRLF.
    ///
    /// - Parameters:
    ///   - date: of RFC 5322 section 3.3.
    ///   - identifier: letters and digits that no other message has.
    public func bytes(date: String, identifier: String) -> [UInt8] {
        let domain = from.split(separator: "@").last ?? "localhost"
        let boundary = "=_lens_\(identifier)"
        var lines = [
            "From: \(fromName.isEmpty ? from : "\(EncodedWords.text(fromName)) <\(from)>")",
            "To: \(to)",
            "Subject: \(EncodedWords.text(subject))",
            "Date: \(date)",
            "Message-ID: <\(identifier)@\(domain)>",
            "MIME-Version: 1.0",
            // Sent by a program: nobody's holiday notice answers it (RFC 3834 section 5).
            "Auto-Submitted: auto-generated",
            "Content-Type: multipart/alternative; boundary=\"\(boundary)\"",
            "",
        ]
        for (type, body) in [("plain", text), ("html", html)] {
            lines += [
                "--\(boundary)", "Content-Type: text/\(type); charset=utf-8", "Content-Transfer-Encoding: base64", "",
            ]
            lines += Base64Lines.of(Array(body.utf8))
        }
        lines += ["--\(boundary)--", ""]
        return Array(lines.joined(separator: "\r\n").utf8)
    }
}

/// Text in a header field: as it is if that is printable ASCII, else as encoded words (RFC 2047 section 2).
enum EncodedWords {
    /// Bytes of a word's text, so that the word has at most 75 characters.
    private static let limit = 42

    static func text(_ text: String) -> String {
        // A field is one line, whatever it is made of.
        let scalars = text.unicodeScalars.map { $0.properties.generalCategory == .control ? " " : $0 }
        let text = String(String.UnicodeScalarView(scalars))
        if text.utf8.allSatisfy({ (0x20...0x7E).contains($0) }), !text.contains("=?"), text.utf8.count <= 60,
            !text.utf8.contains(where: { "<>\"\\,;:@()[]".utf8.contains($0) })
        {
            return text
        }
        var words: [[UInt8]] = [[]]
        // A character never stands in two words (section 5).
        for scalar in text.unicodeScalars {
            let bytes = Array(String(scalar).utf8)
            if let last = words.last, last.count + bytes.count > limit { words.append([]) }
            words[words.count - 1] += bytes
        }
        return words.map { "=?utf-8?B?\(Base64Lines.text($0))?=" }.joined(separator: "\r\n ")
    }
}

/// Base64 (RFC 4648) in lines of 76 characters.
enum Base64Lines {
    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

    static func of(_ bytes: [UInt8]) -> [String] {
        stride(from: 0, to: bytes.count, by: 57).map { text(Array(bytes[$0..<min($0 + 57, bytes.count)])) }
    }

    static func text(_ bytes: [UInt8]) -> String {
        var out: [UInt8] = []
        out.reserveCapacity((bytes.count + 2) / 3 * 4)
        for start in stride(from: 0, to: bytes.count, by: 3) {
            let group = bytes[start..<min(start + 3, bytes.count)]
            var value: UInt32 = 0
            for place in 0..<3 { value = value << 8 | UInt32(place < group.count ? group[start + place] : 0) }
            for place in 0..<4 {
                let isPadding = place > group.count
                out.append(isPadding ? UInt8(ascii: "=") : alphabet[Int(value >> UInt32(18 - 6 * place)) & 63])
            }
        }
        return String(decoding: out, as: UTF8.self)
    }
}
