import MediaWire
import TestSupport
import Testing

@Suite struct Base64Tests {
    /// RFC 4648 section 10.
    @Test(arguments: [
        ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("fooba", "Zm9vYmE="),
        ("foobar", "Zm9vYmFy"),
    ])
    func rfc4648Vectors(_ plain: String, _ encoded: String) {
        #expect(Base64.encode(Array(plain.utf8)) == encoded)
        #expect(Base64.decode(encoded) == Array(plain.utf8))
    }

    @Test(arguments: [
        "Z", "Zg", "Zg=", "Zg===", "=", "====", "Zm9v=", "Z===", "Zh==", "Zm9=", "Zm8==", "Zm 9", "Zm9v\n", "Zm-_",
        "Zg=A",
        "Zg==Zg==", "Zm9é", "=Zg=",
    ])
    func refusesTextThatEncodingWouldNotWrite(_ text: String) {
        #expect(Base64.decode(text) == nil)
    }

    @Test func everyByteStringComesBack() {
        let seed: UInt64 = 46
        var generator = SeededGenerator(seed: seed)
        for length in 0..<200 {
            let bytes = (0..<length).map { _ in UInt8.random(in: 0...255, using: &generator) }
            #expect(Base64.decode(Base64.encode(bytes)) == bytes, "seed \(seed), length \(length)")
        }
    }

    @Test func whateverDecodesIsTheOneTextOfItsBytes() {
        let seed: UInt64 = 47
        var mutator = Mutator(seed: seed)
        var decoded = 0
        for round in 0..<5_000 {
            let start = Array(Base64.encode((0..<(round % 50)).map { UInt8($0) }).utf8)
            let text = String(decoding: mutator.mutate(start), as: UTF8.self)
            guard let bytes = Base64.decode(text) else { continue }
            decoded += 1
            #expect(Base64.encode(bytes) == text, "seed \(seed), round \(round)")
        }
        #expect(decoded > 50)
    }
}
