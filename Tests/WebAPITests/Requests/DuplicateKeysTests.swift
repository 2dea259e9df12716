import TestSupport
import Testing

@testable import WebAPI

struct DuplicateKeysTests {
    @Test(arguments: [
        (#"{"pin":"1","pin":"2"}"#, "pin"), (#"{"a":{"b":1,"c":[{"b":1},{"b":2}],"b":3}}"#, "b"),
        (#"{"pin":1,"p\u0069n":2}"#, "pin"), (#"{"a\"b":1, "x": 2, "a\"b":3}"#, #"a"b"#), (#"[{"":1,"":2}]"#, ""),
        (#"{"x":[1,2,{"y":{}}],"z":0,"x":1}"#, "x"), (#"{ "a" : "b" , "a" : 1 }"#, "a"),
    ])
    func aNameThatIsThereTwiceIsFound(json: String, name: String) {
        #expect(DuplicateKeys.first(in: Array(json.utf8)) == name)
    }

    @Test(arguments: [
        "{}", "[]", "", #"{"a":"a","b":"a"}"#, #"{"a":{"a":{"a":1}}}"#, #"[{"a":1},{"a":1}]"#, #"{"a":["a","a","a"]}"#,
        #"{"a":"\"a\":1,\"a\":2"}"#, #"{"a":"{\"b\":1,\"b\":2}"}"#, #"{"a":1"#, "}}}]]", "\"", #"{"a\"#,
        "{\"a\":1,\"A\":2}",
    ])
    func othersAreNot(json: String) { #expect(DuplicateKeys.first(in: Array(json.utf8)) == nil) }

    @Test(arguments: [UInt64(1), 2, 3]) func anyBytesAreRead(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        let letters = Array(#"{}[]",:\ab1 "#.utf8) + [0, 0xFF, 0xC3]
        for _ in 0..<2000 {
            let count = Int.random(in: 0...200, using: &generator)
            let bytes = (0..<count).map { _ in letters[Int.random(in: 0..<letters.count, using: &generator)] }
            _ = DuplicateKeys.first(in: bytes)
        }
        #expect(DuplicateKeys.first(in: Array(repeating: UInt8(ascii: "{"), count: 65_536)) == nil)
    }

    @Test func D7_suchABodyIsRefused() async throws {
        try await WebBench().calls { call in
            let (_, pin) = try await call.create()
            let reply = try await call.post("/api/v1/join", token: nil, #"{"pin":"\#(pin)","pin":"000000"}"#)
            #expect(reply.status == 400)
            #expect(reply["detail"] == "The field \"pin\" is there twice.")
        }
    }
}
