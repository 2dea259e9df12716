import Sessions
import TestSupport
import Testing

struct PINTests {
    @Test(arguments: ["012345", " 012345", "012 345", "0 1 2 3 4 5", "012\u{A0}345", "012345\r\n", "\t012345"])
    func D1_spacesAreIgnoredAndLeadingZerosCount(typed: String) {
        #expect(PIN(typed: typed)?.digits == "012345")
    }

    @Test(arguments: [
        "", " ", "12345", "1234567", "12345a", "+12345", "-12345", "12345.", "１２３４５６", "٠١٢٣٤٥", "1234５6",
        "123-456", "12345\u{0}", "1234\u{301}56", String(repeating: " ", count: 1000) + "123456",
    ])
    func D1_anythingElseIsNoPIN(typed: String) {
        #expect(PIN(typed: typed) == nil)
    }

    @Test func D1_drawnPINsHaveSixDigitsAndSpreadEvenly() {
        var generator = SeededGenerator(seed: 20)
        var firstDigits = [Character: Int]()
        for _ in 0..<20_000 {
            let pin = PIN(using: &generator)
            #expect(PIN(typed: pin.digits) == pin)
            firstDigits[pin.digits.first ?? "?", default: 0] += 1
        }
        // 2000 expected for each; five standard deviations are 212.
        #expect(firstDigits.count == 10)
        #expect(firstDigits.values.allSatisfy { abs($0 - 2000) < 212 }, "\(firstDigits)")
    }

    @Test func PINsAndTokensDoNotPrintThemselves() throws {
        var generator = SeededGenerator(seed: 3)
        let pin = PIN(using: &generator)
        let session = try Samples.session(pin: pin.digits)
        let token = CustomerToken(session: session.id, secret: TokenSecret(using: &generator))
        let secretText = try #require(token.text.split(separator: ".").last)
        var claimed = session
        _ = try claimed.handle(
            .pinClaimed(pin, CustomerClaim(proof: TokenProof(token.secret), address: "", userAgent: "")),
            at: Samples.start)
        var dumped = ""
        dump(token, to: &dumped)
        let prints = [
            "\(pin)", String(reflecting: pin), "\(session)", String(reflecting: session), "\(claimed)", "\(token)",
            String(reflecting: token), "\(token.secret)", "\(SessionEvent.pinReplaced(pin, expiresAt: Samples.start))",
        ]
        for text in prints {
            #expect(!text.contains(pin.digits))
            #expect(!text.contains(secretText))
        }
    }
}
