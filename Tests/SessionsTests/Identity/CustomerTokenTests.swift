import Sessions
import TestSupport
import Testing

struct CustomerTokenTests {
    private func token(seed: UInt64) -> CustomerToken {
        var generator = SeededGenerator(seed: seed)
        return CustomerToken(session: SessionID(using: &generator), secret: TokenSecret(using: &generator))
    }

    @Test func D4_aTokenReadsBackAndMatchesItsProofOnly() throws {
        let token = token(seed: 1)
        let proof = TokenProof(token.secret)
        let back = try #require(CustomerToken(token.text))
        #expect(back.session == token.session)
        #expect(proof.matches(back.secret))
        #expect(!proof.matches(self.token(seed: 2).secret))
    }

    @Test func D4_everySingleChangedBitOfTheSecretIsRefused() throws {
        let token = token(seed: 4)
        let proof = TokenProof(token.secret)
        let text = Array(token.text.utf8)
        for index in 33..<text.count {
            for digit in "0123456789abcdef".utf8 where digit != text[index] {
                var changed = text
                changed[index] = digit
                let other = try #require(CustomerToken(String(decoding: changed, as: UTF8.self)))
                #expect(!proof.matches(other.secret))
            }
        }
    }

    @Test func damagedTokensNeverTrapAndNeverMatch() {
        let token = token(seed: 5)
        let proof = TokenProof(token.secret)
        var mutator = Mutator(seed: 77)
        let original = Array(token.text.utf8)
        for round in 0..<5000 {
            let bytes = mutator.mutate(original)
            guard bytes != original, let other = CustomerToken(String(decoding: bytes, as: UTF8.self)) else { continue }
            #expect(other.session != token.session || !proof.matches(other.secret), "seed 77, round \(round)")
        }
    }

    @Test func secretsAreEqualOnlyIfAllBytesAre() {
        #expect(SecretBytes.areEqual([], []))
        #expect(SecretBytes.areEqual([1, 2, 3], [1, 2, 3]))
        #expect(!SecretBytes.areEqual([1, 2, 3], [1, 2, 4]))
        #expect(!SecretBytes.areEqual([0, 2, 3], [1, 2, 3]))
        #expect(!SecretBytes.areEqual([1, 2], [1, 2, 3]))
    }

    @Test(arguments: [
        "", "abc", String(repeating: "A", count: 32), String(repeating: "0", count: 33), "../../etc/passwd",
    ])
    func otherTextIsNoSessionID(text: String) {
        #expect(SessionID(text) == nil)
    }

    @Test(arguments: ["", "a b", "a\nb", "ä", String(repeating: "a", count: 65), "a/b"])
    func otherTextIsNoTechnician(text: String) {
        #expect(TechnicianID(text) == nil)
    }
}
