import MediaWire
import Testing

@Suite struct IPNetworkTests {
    @Test(arguments: [
        ("192.0.2.0/24", "192.0.2.255", true), ("192.0.2.0/24", "192.0.3.0", false),
        ("0.0.0.0/0", "203.0.113.9", true), ("0.0.0.0/0", "2001:db8::1", false),
        ("198.51.100.7", "198.51.100.7", true), ("198.51.100.7", "198.51.100.8", false),
        ("10.1.2.3/8", "10.255.0.1", true), ("2001:db8::/32", "2001:db8:ffff::1", true),
        ("2001:db8::/32", "2001:db9::", false), ("2001:db8::/64", "2001:db8:0:1::", false),
        ("2001:db8::8/125", "2001:db8::f", true), ("2001:db8::8/125", "2001:db8::10", false),
        ("::/0", "::1", true), ("::1", "::1", true), ("192.0.2.0/24", "::ffff:192.0.2.9", true),
    ])
    func containsTheAddressesOfItsPrefix(_ network: String, _ address: String, _ expected: Bool) throws {
        let network = try #require(IPNetwork(network))
        #expect(network.contains(try #require(IPAddress(address))) == expected)
    }

    @Test(arguments: [
        "", "/", "192.0.2.0/", "/24", "192.0.2.0/33", "2001:db8::/129", "192.0.2.0/-1", "192.0.2.0/+8", "192.0.2.0/8/8",
        "example.org/8", "192.0.2/24", "192.0.2.0/ 24", "192.0.2.0/999999999999999999999",
    ])
    func refusesWhatIsNoBlock(_ text: String) {
        #expect(IPNetwork(text) == nil)
    }

    @Test func clearsTheBitsBehindThePrefix() throws {
        #expect(try #require(IPNetwork("10.1.2.3/8")).description == "10.0.0.0/8")
        #expect(IPNetwork("10.1.2.3/8") == IPNetwork("10.9.9.9/8"))
    }
}
