import MediaWire
import TestSupport
import Testing

/// RFC 8851 section 4 and RFC 8853 section 5.1.
@Suite struct SimulcastAttributesTests {
    @Test func readsAndWritesRIDs() throws {
        let plain = try #require(RIDAttribute(value: "hi send"))
        #expect(plain == RIDAttribute(id: "hi", direction: .send))
        let full = try #require(RIDAttribute(value: "1 recv pt=97;max-width=1280;max-height=720"))
        #expect(full.restrictions == "pt=97;max-width=1280;max-height=720" && full.direction == .receive)
        #expect(full.attribute.value == "1 recv pt=97;max-width=1280;max-height=720")
        for broken in [
            "hi", "hi sendrecv", " send", "h.i send", "hi\u{E9} send", String(repeating: "a", count: 256) + " send",
        ] {
            #expect(RIDAttribute(value: broken) == nil, "\(broken)")
        }
    }

    @Test func readsAndWritesSimulcast() throws {
        let both = try #require(SimulcastAttribute(value: "send 1,~4;2;~3 recv c"))
        #expect(
            both.send == [
                [.init(rid: "1"), .init(rid: "4", isPaused: true)], [.init(rid: "2")],
                [.init(rid: "3", isPaused: true)],
            ])
        #expect(both.receive == [[.init(rid: "c")]])
        #expect(both.attribute.value == "send 1,~4;2;~3 recv c")
        let turned = SimulcastAttribute(value: "recv a;b send c")
        #expect(turned?.send == [[.init(rid: "c")]] && turned?.receive.count == 2)
    }

    @Test(arguments: [
        "", "send", "send ;", "send 1;", "send 1,,2", "send ~", "send 1 send 2", "recv 1 recv 2", "send 1 recv",
        "both 1",
        "send ~~1", "send 1 2 recv 3", "send " + String(repeating: "1;", count: 40) + "1",
    ])
    func whatDoesNotFitIsNone(_ text: String) { #expect(SimulcastAttribute(value: text) == nil) }

    @Test(arguments: 0..<300) func anyTextIsReadOrRefused(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        let letters = Array("send recv12;,~ab-_ ")
        let text = String(
            (0..<Int.random(in: 0...60, using: &generator)).map { _ in letters.randomElement(using: &generator)! })
        guard let read = SimulcastAttribute(value: text) else { return }
        #expect(read.attribute.value.flatMap(SimulcastAttribute.init(value:)) == read)
    }
}
