import MediaWire
import TestSupport
import Testing

@Suite struct IPAddressTests {
    /// Text forms of RFC 4291 section 2.2 and RFC 5952 sections 1, 2, 4 and 5, with the one form that RFC 5952
    /// recommends.
    @Test(arguments: [
        ("2001:DB8:0:0:8:800:200C:417A", "2001:db8::8:800:200c:417a"),
        ("FF01:0:0:0:0:0:0:101", "ff01::101"),
        ("0:0:0:0:0:0:0:1", "::1"),
        ("0:0:0:0:0:0:0:0", "::"),
        ("2001:DB8::8:800:200C:417A", "2001:db8::8:800:200c:417a"),
        ("0:0:0:0:0:0:13.1.68.3", "::d01:4403"),
        ("::13.1.68.3", "::d01:4403"),
        ("0:0:0:0:0:FFFF:129.144.52.38", "::ffff:129.144.52.38"),
        ("::FFFF:129.144.52.38", "::ffff:129.144.52.38"),
        ("::ffff:c000:0201", "::ffff:192.0.2.1"),
        ("2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"),
        ("2001:0db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"),
        ("2001:db8::1:0:0:1", "2001:db8::1:0:0:1"),
        ("2001:db8::0:1:0:0:1", "2001:db8::1:0:0:1"),
        ("2001:DB8:0:0:1::1", "2001:db8::1:0:0:1"),
        ("2001:db8:aaaa:bbbb:cccc:dddd:eeee:0001", "2001:db8:aaaa:bbbb:cccc:dddd:eeee:1"),
        ("2001:db8:aaaa:bbbb:cccc:dddd:0:1", "2001:db8:aaaa:bbbb:cccc:dddd:0:1"),
        ("2001:db8:aaaa:bbbb:cccc:dddd::1", "2001:db8:aaaa:bbbb:cccc:dddd:0:1"),
        ("2001:db8:0:0:0::1", "2001:db8::1"),
        ("2001:db8:0:0:0:0:2:1", "2001:db8::2:1"),
        ("2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"),
        ("2001:0:0:1:0:0:0:1", "2001:0:0:1::1"),
        ("2001:db8:aaaa:bbbb:cccc:dddd:eeee:AAAA", "2001:db8:aaaa:bbbb:cccc:dddd:eeee:aaaa"),
        ("1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"),
        ("::2:3:4:5:6:7:8", "0:2:3:4:5:6:7:8"),
        ("fe80::", "fe80::"),
        ("1:2:3:4:5:6:1.2.3.4", "1:2:3:4:5:6:102:304"),
        ("192.0.2.1", "192.0.2.1"),
        ("0.0.0.0", "0.0.0.0"),
        ("255.255.255.255", "255.255.255.255"),
    ])
    func readsEveryFormAndWritesTheRecommendedOne(text: String, recommended: String) throws {
        let address = try #require(IPAddress(text))
        #expect(address.description == recommended)
        #expect(IPAddress(recommended) == address)
        #expect(address.isIPv6 == text.contains(":"))
    }

    @Test(arguments: [
        "", " ", "localhost", "1.2.3", "1.2.3.4.5", "1.2.3.", ".1.2.3", "1..2.3", "256.0.0.1", "01.2.3.4", "1.2.3.0004",
        "+1.2.3.4", "-1.2.3.4", "1.2.3.4 ", " 1.2.3.4", "1.2.3.4/8", "0x1.2.3.4", "١.٢.٣.٤", ":", ":::",
        "1:2:3:4:5:6:7",
        "1:2:3:4:5:6:7:8:9", "1:2:3:4:5:6:7:8::", "::1:2:3:4:5:6:7:8", "1::2::3", ":1:2:3:4:5:6:7", "1:2:3:4:5:6:7:",
        "12345::", "g::", "+1::", "::-1", "fe80::1%eth0", "[::1]", "::1.2.3", "::1.2.3.4.5", "::1.2.3.4:5", "1.2.3.4::",
        "1.2.3.4::5", "1:2:3:4:5:6:7:1.2.3.4", "::1.2.3.256", "::ffff:1.2.3.4::", "1:2:3:4::1.2.3.4:5",
        "1111:2222:3333:4444:5555:6666:7777:8888:9999:0000",
    ])
    func refusesEverythingElse(text: String) {
        #expect(IPAddress(text) == nil)
    }

    @Test func knowsLoopbackUnspecifiedAndMapped() throws {
        let loopbacks = try ["127.0.0.1", "127.255.0.3", "::1", "::ffff:127.0.0.1"].map { try #require(IPAddress($0)) }
        let others = try ["128.0.0.1", "126.255.255.255", "::2", "::", "0.0.0.0", "::127.0.0.1", "1::1"].map {
            try #require(IPAddress($0))
        }
        #expect(loopbacks.allSatisfy { $0.isLoopback })
        #expect(others.allSatisfy { !$0.isLoopback })
        #expect(IPAddress("::ffff:192.0.2.7")?.unmapped == IPAddress("192.0.2.7"))
        #expect(IPAddress("2001:db8::1")?.unmapped == IPAddress("2001:db8::1"))
        #expect(IPAddress("::1")?.unmapped.isIPv6 == true)
        #expect(IPAddress.anyV4.isUnspecified && IPAddress.anyV6.isUnspecified)
        #expect(IPAddress.anyV4 != IPAddress.anyV6)
        #expect(!IPAddress.loopbackV6.isUnspecified)
    }

    @Test(arguments: 0..<10)
    func textComesBackAsTheSameAddress(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        for _ in 0..<500 {
            let v4 = IPAddress(v4: generator.integer())
            #expect(IPAddress(v4.description) == v4, "seed \(seed)")
            // Words are zero half of the time, so that runs of every length and place come up.
            let words = generator.list(8...8) { $0.flag() ? 0 : UInt64($0.integer(UInt16.self)) }
            let halves = [words[..<4], words[4...]].map { $0.reduce(0) { $0 << 16 | $1 } }
            let v6 = IPAddress(v6High: halves[0], low: halves[1])
            #expect(IPAddress(v6.description) == v6, "seed \(seed): \(v6)")
            #expect(v6.description.count <= 39)
        }
    }

    @Test(arguments: 0..<10)
    func mutatedTextNeverTrapsAndWhatIsReadIsWrittenBack(seed: UInt64) {
        var mutator = Mutator(seed: seed)
        let texts = ["192.0.2.1", "::ffff:129.144.52.38", "2001:db8:0:1:1:1:1:1", "2001:db8::1:0:0:1", "::"]
        for _ in 0..<2000 {
            let donors = texts.map { Array($0.utf8) }
            let bytes = mutator.mutate(donors[mutator.generator.below(texts.count)], splicing: donors)
            let text = String(decoding: bytes, as: UTF8.self)
            if let address = IPAddress(text) {
                #expect(IPAddress(address.description) == address, "seed \(seed): \(text)")
            }
            if let address = SocketAddress(text) {
                #expect(SocketAddress(address.description) == address, "seed \(seed): \(text)")
            }
        }
    }
}
