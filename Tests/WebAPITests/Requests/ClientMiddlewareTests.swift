import HTTPTypes
import Testing

@testable import WebAPI

/// Whose word counts on where a request came from.
struct ClientMiddlewareTests {
    private func client(
        _ forwarded: [String], proto: String? = nil, peer: String = "10.0.0.1", isEncrypted: Bool = false
    ) -> ClientConnection {
        var headers = HTTPFields()
        for value in forwarded { headers.append(HTTPField(name: .forwardedFor, value: value)) }
        if let proto { headers[.forwardedProto] = proto }
        return ClientMiddleware(isEncrypted: isEncrypted, isTrusted: { $0.hasPrefix("10.0.0.") })
            .client(of: headers, behind: peer)
    }

    @Test func anybodyElsesWordDoesNotCount() {
        let client = client(["192.0.2.7"], proto: "https", peer: "198.51.100.1")
        #expect(client.address == "198.51.100.1")
        #expect(!client.isPrivate)
    }

    @Test(arguments: [
        (["192.0.2.7"], "192.0.2.7"), (["192.0.2.7, 10.0.0.2"], "192.0.2.7"), (["203.0.113.9, 192.0.2.7"], "192.0.2.7"),
        (["203.0.113.9", "192.0.2.7"], "192.0.2.7"), (["2001:db8::7"], "2001:db8::7"), ([], "10.0.0.1"),
        (["nonsense"], "10.0.0.1"), (["127.0.0.1, nonsense"], "10.0.0.1"), (["10.0.0.2"], "10.0.0.1"),
        (["192.0.2.7:4711"], "192.0.2.7"), (["[2001:db8::7]:4711, 10.0.0.2:80"], "2001:db8::7"),
        (["[2001:db8::7]"], "2001:db8::7"), (["192.0.2.7:"], "192.0.2.7"), ([":"], "10.0.0.1"), (["["], "10.0.0.1"),
    ])
    func theNearestAddressThatIsNotOursIsTheClients(_ forwarded: [String], _ address: String) {
        #expect(client(forwarded).address == address)
    }

    @Test func keysInTheSDPAreSafeOnlyIfTheWayToTheProxyWas() {
        #expect(client(["192.0.2.7"], proto: "https").isPrivate)
        #expect(!client(["192.0.2.7"], proto: "http").isPrivate)
        #expect(!client(["192.0.2.7"]).isPrivate)
        #expect(!client(["127.0.0.1"]).isPrivate, "what a proxy calls loopback is not ours")
    }
}
