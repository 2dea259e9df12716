import MediaWire
import Testing

@Suite struct SocketAddressTests {
    @Test(arguments: ["192.0.2.1:7000", "127.0.0.1:0", "[2001:db8::1]:65535", "[::]:1", "[::ffff:192.0.2.1]:80"])
    func textComesBack(text: String) {
        #expect(SocketAddress(text)?.description == text)
    }

    @Test func readsAddressAndPort() {
        #expect(SocketAddress("192.0.2.1:7000") == SocketAddress(IPAddress(v4: 0xC000_0201), port: 7000))
        #expect(SocketAddress("[::1]:443") == SocketAddress(.loopbackV6, port: 443))
    }

    @Test(arguments: [
        "", ":", "192.0.2.1", "192.0.2.1:", ":7000", "192.0.2.1:65536", "192.0.2.1:-1", "192.0.2.1:+80",
        "192.0.2.1:000080",
        "192.0.2.1: 80", "192.0.2.1:80 ", "::1:7000", "[::1]", "[::1]7000", "[::1]:", "[::1:7000", "::1]:7000",
        "[[::1]]:1",
        "[192.0.2.1]:7000", "[]:7000", "example.org:80", "192.0.2.1:8٠",
    ])
    func refusesEverythingElse(text: String) {
        #expect(SocketAddress(text) == nil)
    }
}
