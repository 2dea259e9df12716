import MediaWire
import Testing

@Suite struct CryptoAttributeTests {
    /// RFC 4568 section 6.1.
    @Test func rfc4568ExampleWithLifetimeAndMKI() throws {
        let value = "1 AES_CM_128_HMAC_SHA1_80 inline:PS1uQCVeeCFCanVmcjkpPywjNWhcYD0mXXtxaVBR|2^20|1:32"
        let crypto = try #require(CryptoAttribute(value: value))
        #expect(crypto.tag == 1 && crypto.suite == "AES_CM_128_HMAC_SHA1_80")
        #expect(crypto.keySalt == Array(#"=-n@%^x!Bjufr9)?,#5h\`=&]{qiPQ"#.utf8))
        #expect(crypto.lifetime == 1 << 20)
        #expect(crypto.mki == .init(value: "1", length: 32))
        #expect(crypto.value == value)
    }

    /// RFC 4568 section 6.1: an MKI without a lifetime, and a lifetime as a plain number.
    @Test func eachOptionalPartMayStandAlone() throws {
        let mki = try #require(CryptoAttribute(value: "1 S inline:YUJDZGVmZ2hpSktMbW9QUXJzVHVWd3l6MTIzNDU2|1066:4"))
        #expect(mki.lifetime == nil && mki.mki == .init(value: "1066", length: 4))
        let lifetime = try #require(CryptoAttribute(value: "1 S inline:YUJDZGVmZ2hpSktMbW9QUXJzVHVWd3l6MTIzNDU2|1000"))
        #expect(lifetime.lifetime == 1_000 && lifetime.mki == nil)
        #expect(lifetime.value.hasSuffix("|1000"))
    }

    /// RFC 4568 section 5.1.1 shows an offer with two keys and an FEC order on one line.
    @Test func severalKeysAndSessionParameters() throws {
        let value =
            "2 F8_128_HMAC_SHA1_80 inline:MTIzNDU2Nzg5QUJDREUwMTIzNDU2Nzg5QUJjZGVm|2^20|1:4;"
            + "inline:QUJjZGVmMTIzNDU2Nzg5QUJDREUwMTIzNDU2Nzg5|2^20|2:4 FEC_ORDER=FEC_SRTP"
        let crypto = try #require(CryptoAttribute(value: value))
        #expect(crypto.key.mki?.value == "1" && crypto.furtherKeys.map(\.mki?.value) == ["2"])
        #expect(crypto.keySalt == Array("123456789ABCDE0123456789ABcdef".utf8))
        #expect(crypto.sessionParameters == ["FEC_ORDER=FEC_SRTP"])
        #expect(crypto.value == value)
    }

    @Test(arguments: [
        ("", "tag, a suite and a key"), ("1 S", "tag, a suite and a key"),
        ("0123456789 S inline:AAAA", "1 to 9 digits"),
        ("01 S inline:AAAA", "1 to 9 digits"), ("-1 S inline:AAAA", "1 to 9 digits"),
        ("x S inline:AAAA", "1 to 9 digits"),
        ("1 S-T inline:AAAA", "suite's name"), ("1 S inlineAAAA", "inline:"), ("1 S prompt:AAAA", "inline:"),
        ("1 S inline:", "base64"), ("1 S inline:AAA", "base64"), ("1 S inline:AAAB=", "base64"),
        ("1 S inline:A*AA", "base64"), ("1 S inline:AB==", "base64"), ("1 S inline:AAAA;", "inline:"),
        ("1 S inline:AAAA|", "lifetime"), ("1 S inline:AAAA|0", "lifetime"), ("1 S inline:AAAA|2^49", "lifetime"),
        ("1 S inline:AAAA|2^", "lifetime"), ("1 S inline:AAAA|2^-1", "lifetime"),
        ("1 S inline:AAAA|281474976710657", "lifetime"), ("1 S inline:AAAA|99999999999999999999", "lifetime"),
        ("1 S inline:AAAA|1|2", "lifetime"), ("1 S inline:AAAA|1:4|1", "lifetime"), ("1 S inline:AAAA|:4", "MKI"),
        ("1 S inline:AAAA|1:", "MKI"), ("1 S inline:AAAA|1:0", "MKI"), ("1 S inline:AAAA|1:129", "MKI"),
        ("1 S inline:AAAA|x:4", "MKI"), ("1 S inline:AAAA|1:4|2:4", "MKI"),
    ])
    func saysWhatIsMalformed(_ value: String, _ what: String) {
        let error = #expect(throws: SDPError.self) { try CryptoAttribute.parse(SDPAttribute("crypto", value)) }
        #expect(error?.what.contains(what) == true, "\(error?.what ?? "")")
        #expect(CryptoAttribute(value: value) == nil)
    }

    @Test func longestTagAndLifetimeFit() throws {
        let crypto = try #require(CryptoAttribute(value: "999999999\tS  inline:AAAA|2^48"))
        #expect(crypto.tag == 999_999_999 && crypto.lifetime == 1 << 48)
        #expect(CryptoAttribute(value: "1 S inline:AAAA|281474976710656")?.lifetime == 1 << 48)
    }
}
