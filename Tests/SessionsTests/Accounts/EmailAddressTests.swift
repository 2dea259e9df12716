import Sessions
import Testing

struct EmailAddressTests {
    @Test(arguments: [
        "ada@example.org", "a.b+c@sub.example.co.uk", "A_b-c@ex-ample.org", "x@1.example", "o'hara@example.org",
    ])
    func goodOnesAreTaken(_ text: String) { #expect(EmailAddress(text)?.text == text) }

    @Test(arguments: [
        "", "ada", "@example.org", "ada@", "ada@example", "ada@@example.org", "ada@example..org", ".ada@example.org",
        "ada.@example.org", "a..b@example.org", "ada@-example.org", "ada@example-.org", "ada@example.org.",
        "ada @example.org", "ada@exam ple.org", "ada@example.org\r\nBcc: x@example.org", "\"ada\"@example.org",
        "ada@[127.0.0.1]", "ada@127.0.0.1", "<ada@example.org>", "ada@example.org,bob@example.org", "jürg@example.org",
        "ada@exämple.org", "ada\u{0}@example.org",
    ])
    func D16_wrongOnesAreRefused(_ text: String) { #expect(EmailAddress(text) == nil) }

    @Test func lengthsAreThoseOfSMTP() {
        let local = String(repeating: "a", count: 64)
        #expect(EmailAddress(local + "@example.org") != nil)
        #expect(EmailAddress(local + "a@example.org") == nil)
        let label = String(repeating: "b", count: 63)
        #expect(EmailAddress("a@\(label).org") != nil)
        #expect(EmailAddress("a@\(label)b.org") == nil)
        let domain = Array(repeating: label, count: 4).joined(separator: ".")
        #expect(EmailAddress("a@" + domain) == nil)
    }

    @Test func aDomainOfOneLabelIsForThisMachineOnly() {
        #expect(EmailAddress("admin@localhost") == nil)
        #expect(EmailAddress("admin@localhost", mayBeLocal: true) != nil)
    }
}
