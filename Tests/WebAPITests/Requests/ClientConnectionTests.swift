import Testing

@testable import WebAPI

struct ClientConnectionTests {
    @Test(arguments: [
        ("127.0.0.1", "127.0.0.1", true), ("127.9.9.9", "127.9.9.9", true), ("::1", "::1", true),
        ("::ffff:127.0.0.1", "127.0.0.1", true), ("::FFFF:192.0.2.7", "192.0.2.7", false),
        ("192.0.2.7", "192.0.2.7", false), ("2001:db8::7", "2001:db8::7", false),
        ("::ffff:7f00:1", "::ffff:7f00:1", false),
    ])
    func loopbackIsPrivateAndMappedAddressesAreIPv4(text: String, address: String, isPrivate: Bool) {
        let client = ClientConnection(ipAddress: text, isEncrypted: false)
        #expect(client.address == address)
        #expect(client.isPrivate == isPrivate)
        #expect(ClientConnection(ipAddress: text, isEncrypted: true).isPrivate)
    }

    @Test func aPeerThatHasGoneIsNotPrivate() {
        let client = ClientConnection(ipAddress: nil, isEncrypted: false)
        #expect(client.address.isEmpty && !client.isPrivate)
    }
}
