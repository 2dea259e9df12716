import TestSupport
import Testing

@testable import Sessions

struct PasswordHashTests {
    private static let cheap = PasswordHash.Cost(logN: 4, r: 8, p: 1)

    private func hash(_ password: String, cost: PasswordHash.Cost = cheap, seed: UInt64 = 1) throws -> PasswordHash {
        var generator = SeededGenerator(seed: seed)
        return try #require(PasswordHash(password, cost: cost, using: &generator))
    }

    @Test(arguments: ["pleaseletmein", "", "Grüße 🙂", String(repeating: "x", count: 1024), "a\u{0}b"])
    func thePasswordMatchesAndNoOther(password: String) throws {
        let hash = try hash(password)
        #expect(hash.matches(password))
        #expect(!hash.matches(password + "x"))
        #expect(!hash.matches("other"))
        let read = try #require(PasswordHash(hash.text))
        #expect(read == hash)
        #expect(read.matches(password))
    }

    /// RFC 7914 section 12: the first 32 bytes, which do not depend on how many are asked for.
    @Test func vectorsOfRFC7914() {
        #expect(
            PasswordHash.derive("pleaseletmein", Array("SodiumChloride".utf8), .init(logN: 14, r: 8, p: 1)) == [
                0x70, 0x23, 0xBD, 0xCB, 0x3A, 0xFD, 0x73, 0x48, 0x46, 0x1C, 0x06, 0xCD, 0x81, 0xFD, 0x38, 0xEB,
                0xFD, 0xA8, 0xFB, 0xBA, 0x90, 0x4F, 0x8E, 0x3E, 0xA9, 0xB5, 0x43, 0xF6, 0x54, 0x5D, 0xA1, 0xF2,
            ])
        #expect(
            PasswordHash.derive("password", Array("NaCl".utf8), .init(logN: 10, r: 8, p: 16)) == [
                0xFD, 0xBA, 0xBE, 0x1C, 0x9D, 0x34, 0x72, 0x00, 0x78, 0x56, 0xE7, 0x19, 0x0D, 0x01, 0xE9, 0xFE,
                0x7C, 0x6A, 0xD7, 0xCB, 0xC8, 0x23, 0x78, 0x30, 0xE7, 0x73, 0x76, 0x63, 0x4B, 0x37, 0x31, 0x62,
            ])
    }

    @Test func theStandardCostIsWhatIsWrittenDown() throws {
        let hash = try hash("secret", cost: .standard)
        #expect(hash.text.hasPrefix("$scrypt$ln=15,r=8,p=3$"))
        #expect(hash.matches("secret"))
    }

    @Test func equalPasswordsHaveDifferentHashes() throws {
        #expect(try hash("a", seed: 1).text != hash("a", seed: 2).text)
    }

    @Test func aPasswordOverTheLimitIsRefused() {
        var generator = SeededGenerator(seed: 1)
        #expect(PasswordHash(String(repeating: "x", count: 1025), cost: Self.cheap, using: &generator) == nil)
    }

    @Test func whatIsNoHashIsNotRead() throws {
        let good = try hash("a").text
        let salt = String(repeating: "0", count: 32)
        let rest = String(repeating: "0", count: 64)
        #expect(PasswordHash("$scrypt$ln=4,r=8,p=1$\(salt)$\(rest)") != nil)
        for bad in [
            "", "$", good + "$", String(good.dropLast()), good.uppercased(), "$scrypt$ln=4,r=8$\(salt)$\(rest)",
            "$scrypt$ln=4,r=8,p=1,q=1$\(salt)$\(rest)", "$scrypt$ln=31,r=8,p=1$\(salt)$\(rest)",
            "$scrypt$ln=4,r=0,p=1$\(salt)$\(rest)", "$scrypt$ln=-4,r=8,p=1$\(salt)$\(rest)",
            "$scrypt$ln=4,r=8,p=99999999999999999999$\(salt)$\(rest)", "$argon2$ln=4,r=8,p=1$\(salt)$\(rest)",
        ] {
            #expect(PasswordHash(bad) == nil, "\(bad)")
        }
    }

    @Test func aHashDoesNotPrintItself() throws {
        let hash = try hash("a")
        #expect("\(hash)" + String(reflecting: hash) == "PasswordHashPasswordHash")
    }
}
