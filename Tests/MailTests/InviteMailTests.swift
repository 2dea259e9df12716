import Mail
import Testing

/// S42, S43, D17: what an invite says.
struct InviteMailTests {
    private func invite(_ language: InviteMail.Language, name: String = "Ada") throws -> InviteMail {
        try InviteMail(
            language: language, name: name, link: "https://lens.example.org/123456",
            entry: "https://lens.example.org/", pin: "123456", minutes: 20)
    }

    @Test(arguments: InviteMail.Language.allCases)
    func S42_S43_bothFormsHoldTheLinkThePINAndTheTime(_ language: InviteMail.Language) throws {
        let invite = try invite(language)
        for text in [invite.text, invite.html] {
            for part in ["https://lens.example.org/123456", "123456", "20", "Ada"] { #expect(text.contains(part)) }
            #expect(!text.contains("{{"))
        }
        #expect(!invite.subject.isEmpty)
    }

    @Test func D17_languagesDiffer() throws {
        #expect(try invite(.german).text.contains("Guten Tag Ada"))
        #expect(try invite(.english).text.contains("Hello Ada"))
    }

    @Test func aNameFullOfMarkupStaysAName() throws {
        let invite = try invite(.english, name: "<script>alert(1)</script> & \"Co\"")
        #expect(!invite.html.contains("<script>"))
        #expect(invite.html.contains("&lt;script&gt;"))
        #expect(invite.text.contains("<script>alert(1)</script> & \"Co\""), "text is no markup")
    }

    @Test func S41_aMailtoLinkHoldsSubjectAndBody() throws {
        let link = try invite(.german, name: "Jürg & Söhne").mailto("ada@example.org")
        #expect(
            link.hasPrefix(
                "mailto:ada@example.org?subject=Ihre%20Live-Support-Sitzung&body=Guten%20Tag%20J%C3%BCrg%20%26"))
        #expect(link.contains("%0D%0A"))
        #expect(link.utf8.allSatisfy { (0x21...0x7E).contains($0) })
    }
}
