import Sessions
import Testing

struct ClientNetworkTests {
    @Test func D8_anIPv4AddressIsANetworkOfItsOwnInEitherForm() {
        #expect(ClientNetwork("192.0.2.1") != ClientNetwork("192.0.2.2"))
        #expect(ClientNetwork("192.0.2.1") == ClientNetwork("::ffff:192.0.2.1"))
        #expect(ClientNetwork("192.0.2.1") == ClientNetwork("::FFFF:c000:0201"))
    }

    @Test func D8_IPv6AddressesOfOne64AreOneNetwork() {
        #expect(ClientNetwork("2001:db8:1:2::1") == ClientNetwork("2001:db8:1:2:ffff:ffff:ffff:ffff"))
        #expect(ClientNetwork("2001:db8:1:2::1") != ClientNetwork("2001:db8:1:3::1"))
        #expect(ClientNetwork("fe80::1%eth0") == ClientNetwork("fe80::2"))
    }

    @Test(arguments: [
        "", "localhost", "192.0.2", "192.0.2.1.5", "1:2:3", "192.0.2.1 ", "::g", String(repeating: "1", count: 10_000),
    ])
    func D8_whatIsNoAddressIsOneNetwork(text: String) {
        #expect(ClientNetwork(text) == ClientNetwork("?"))
        #expect(ClientNetwork(text) != ClientNetwork("::1"))
        #expect(ClientNetwork(text) != ClientNetwork("255.255.255.255"))
    }
}
