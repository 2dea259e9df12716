import Foundation
import TestSupport
import Testing

@testable import Mail

/// What leaves as a mail is read back by another program's parser, Python's.
struct MailMessageTests {
    private struct Read: Decodable {
        let subject: String
        let from: String
        let to: String
        let text: String
        let html: String
        let defects: [String]
        let longest: Int
    }

    private func read(_ message: MailMessage) throws -> Read {
        let file = FileManager.default.temporaryDirectory.appending(path: "lens-mail-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: file) }
        let bytes = message.bytes(date: "Sun, 22 Nov 2026 09:05:07 +0000", identifier: "abc123")
        try Data(bytes).write(to: file)
        let script = """
            import email, email.policy, json, sys
            raw = open(sys.argv[1], "rb").read()
            mail = email.message_from_bytes(raw, policy=email.policy.default)
            parts = {part.get_content_type(): part for part in mail.iter_parts()}
            found = [str(defect) for part in mail.walk() for defect in part.defects]
            print(json.dumps({
                "subject": mail["subject"], "from": mail["from"], "to": mail["to"], "defects": found,
                "text": parts["text/plain"].get_content(), "html": parts["text/html"].get_content(),
                "longest": max(len(line) for line in raw.split(b"\\r\\n"))}))
            """
        let result = try runProcess("python3", ["-c", script, file.path])
        #expect(result.status == 0, "\(result.stderr)")
        return try JSONDecoder().decode(Read.self, from: Data(result.stdout))
    }

    @Test(arguments: [
        "Plain words", "Grüße aus Köln", "日本語の件名がここにあります、とても長い長い長い長い長い長い件名です", "a=?utf-8?B?eA==?=b",
        "🙂", "\"quotes\", <brackets> & more", String(repeating: "long ", count: 40), "line\r\nBcc: x@example.org",
    ])
    func aMailIsReadAsItWasWritten(_ words: String) throws {
        let message = MailMessage(
            from: "support@example.org", fromName: words, to: "ada@example.org", subject: words,
            text: words + "\nsecond line", html: "<p>\(words)</p>")
        let read = try read(message)
        #expect(read.defects.isEmpty)
        #expect(read.to == "ada@example.org")
        #expect(read.text.trimmingCharacters(in: .newlines) == (words + "\nsecond line"))
        #expect(read.html.trimmingCharacters(in: .newlines) == "<p>\(words)</p>")
        #expect(read.from.contains("<support@example.org>"))
        #expect(read.longest <= 998, "RFC 5322 section 2.1.1")
        #expect(read.subject == words.replacing("\r\n", with: "  "))
    }

    @Test func aLineBreakInASubjectMakesNoField() throws {
        let bytes = MailMessage(
            from: "a@example.org", to: "b@example.org", subject: "x\r\nBcc: c@example.org", text: "", html: ""
        ).bytes(date: "", identifier: "1")
        let text = String(decoding: bytes, as: UTF8.self)
        #expect(!text.contains("\r\nBcc:"))
    }

    @Test func base64IsThatOfTheRFC() {
        // RFC 4648 section 10.
        for (plain, coded) in [
            ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("fooba", "Zm9vYmE="),
            ("foobar", "Zm9vYmFy"),
        ] { #expect(Base64Lines.text(Array(plain.utf8)) == coded) }
    }

    @Test func datesAreThoseOfTheRFC() {
        #expect(
            MailDate.text(rfc3339: "2026-11-22T09:05:07.250Z", milliseconds: 1_795_338_307_250)
                == "Sun, 22 Nov 2026 09:05:07 +0000")
        #expect(
            MailDate.text(rfc3339: "1970-01-01T00:00:00.000Z", milliseconds: 0) == "Thu, 01 Jan 1970 00:00:00 +0000")
        #expect(
            MailDate.text(rfc3339: "1969-12-31T23:59:59.999Z", milliseconds: -1) == "Wed, 31 Dec 1969 23:59:59 +0000")
        #expect(MailDate.text(rfc3339: "today", milliseconds: 0) == nil)
    }
}
