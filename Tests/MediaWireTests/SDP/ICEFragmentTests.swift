import TestSupport
import Testing

@testable import MediaWire

@Suite struct ICEFragmentTests {
    /// As browsers and WHIP clients send it: session-level credentials, pseudo m-lines.
    private static let trickled = """
        a=group:BUNDLE 0 1\r
        a=ice-options:trickle\r
        m=audio 9 UDP/TLS/RTP/SAVPF 111\r
        a=mid:0\r
        a=ice-ufrag:EsAw\r
        a=ice-pwd:P2uYro0UCOQ4zxjKXaWCBui1\r
        a=candidate:1387637174 1 udp 2122260223 192.0.2.1 61764 typ host generation 0 ufrag EsAw network-id 1\r
        a=candidate:3471623853 1 udp 2122194687 8f2c1b6e.local 61765 typ host generation 0 ufrag EsAw\r
        a=candidate:473322822 1 tcp 1518280447 192.0.2.1 9 typ host tcptype active generation 0 ufrag EsAw\r
        a=end-of-candidates\r

        """

    @Test func readsWhatClientsTrickle() throws {
        let fragment = try ICEFragment.parse(Self.trickled)
        #expect(fragment.usernameFragment == "EsAw")
        #expect(fragment.password == "P2uYro0UCOQ4zxjKXaWCBui1")
        #expect(fragment.section?.mid == "0")
        #expect(fragment.section?.kind == "audio")
        // The one with a host name cannot be used, and says nothing wrong.
        #expect(fragment.candidates.map(\.transport) == [.udp, .tcp(.active)])
        #expect(fragment.isComplete)
        #expect(!fragment.isLite)
    }

    @Test func readsWhatItWrote() throws {
        var fragment = try ICEFragment.parse(Self.trickled)
        fragment.isLite = true
        #expect(try ICEFragment.parse(fragment.serialized()) == fragment)
        #expect(try ICEFragment.parse("") == ICEFragment())
    }

    @Test func refusesTwoDifferentCredentials() {
        let error = #expect(throws: SDPError.self) {
            try ICEFragment.parse("a=ice-ufrag:abcd\nm=audio 9 RTP/SAVPF 0\na=ice-ufrag:efgh\n")
        }
        #expect(error?.line == 3)
        #expect(throws: SDPError.self) { try ICEFragment.parse("a=ice-pwd:abcd\na=ice-pwd:efgh\n") }
    }

    @Test(arguments: ["nonsense", "m=audio", "a=", "\u{1}", "v=0\n\nv=0", "a=:x"])
    func refusesWhatIsNoFragment(_ text: String) {
        #expect(throws: SDPError.self) { try ICEFragment.parse(text) }
    }

    @Test func keepsThePasswordOutOfItsDescription() throws {
        #expect(!"\(try ICEFragment.parse(Self.trickled))".contains("P2uY"))
    }

    @Test func damagedFragmentsAreReadOrRefusedNeverTrap() {
        var mutator = Mutator(seed: 8840)
        let original = Array(Self.trickled.utf8)
        for _ in 0..<20_000 {
            let text = String(decoding: mutator.mutate(original), as: UTF8.self)
            guard let fragment = try? ICEFragment.parse(text) else { continue }
            #expect((try? ICEFragment.parse(fragment.serialized()))?.candidates == fragment.candidates)
        }
    }
}
