import MediaWire
import Testing

/// Counts how often the parser looks at a byte, so that the bound on its work is shown without a clock.
private struct CountedBytes: RandomAccessCollection {
    final class Counter { var reads = 0 }

    let bytes: [UInt8]
    let counter = Counter()

    var startIndex: Int { 0 }
    var endIndex: Int { bytes.count }

    subscript(position: Int) -> UInt8 {
        counter.reads += 1
        return bytes[position]
    }
}

@Suite struct SDPParserWorkTests {
    private func readsPerByte(_ text: String) -> Double {
        let bytes = CountedBytes(bytes: Array(text.utf8))
        _ = try? SessionDescription.parse(bytes: bytes)
        return Double(bytes.counter.reads) / Double(max(1, bytes.bytes.count))
    }

    /// Texts of the greatest size that try to be read again and again.
    @Test(arguments: [
        String(repeating: "\n", count: 65_000), String(repeating: "\r\n", count: 32_000),
        String(repeating: "v=0", count: 21_000),
        Sample.session + String(repeating: "a=" + String(repeating: "x", count: 4_000) + "\n", count: 15),
        Sample.session + String(repeating: "a=" + String(repeating: ":", count: 4_000) + "\n", count: 15),
        Sample.session
            + String(repeating: "m=audio 9 RTP/SAVP" + String(repeating: " 0", count: 1_000) + "\n", count: 30),
        Sample.session
            + String(repeating: "m=audio 9 RTP/SAVP" + String(repeating: " ", count: 2_000) + "\n", count: 30),
        Sample.session + "m=audio 9 RTP/SAVP 0\n" + String(repeating: "c=IN IP4 192.0.2.1\n", count: 1_900),
        "v=0\no=" + String(repeating: "- ", count: 2_000),
    ])
    func everyByteIsReadAFewTimesOnly(_ text: String) {
        #expect(readsPerByte(text) <= 8)
    }

    @Test(arguments: SDPFixture.names)
    func recordedDescriptionsToo(_ name: String) throws {
        let text = try SDPFixture.text(name)
        #expect(readsPerByte(text) >= 1)
        #expect(readsPerByte(text) <= 8)
    }
}
