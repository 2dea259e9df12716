import Foundation
import MediaWire
import TestSupport
import Testing

/// RFC 8839 section 5.1, RFC 6544 section 4.5, RFC 8122 section 5.
@Suite struct ICECandidateTests {
    @Test func readsWhatBrowsersWrite() throws {
        let host = try #require(
            ICECandidate(
                value:
                    "842163049 1 udp 1677729535 203.0.113.7 46154 typ srflx raddr 192.168.1.5 rport 46154 generation 0 "
                    + "ufrag EEtu network-cost 999"))
        #expect(host.foundation == "842163049" && host.component == 1 && host.transport == .udp)
        #expect(host.priority == 1_677_729_535 && host.kind == .serverReflexive)
        #expect(host.address == SocketAddress("203.0.113.7:46154"))
        let tcp = try #require(
            ICECandidate(value: "1 1 TCP 1518280447 2001:db8::1 9 typ host tcptype active generation 0"))
        #expect(tcp.transport == .tcp(.active) && tcp.address == SocketAddress("[2001:db8::1]:9"))
        // Firefox writes UDP in capitals.
        #expect(ICECandidate(value: "0 1 UDP 2122252543 192.0.2.1 40000 typ host")?.transport == .udp)
    }

    @Test(arguments: [
        "", "1 1 udp 5 192.0.2.1 7000 typ", "1 0 udp 5 192.0.2.1 7000 typ host", "1 257 udp 5 192.0.2.1 7000 typ host",
        "1 1 sctp 5 192.0.2.1 7000 typ host", "1 1 tcp 5 192.0.2.1 7000 typ host",
        "1 1 tcp 5 192.0.2.1 7000 typ host tcptype both",
        "1 1 udp 0 192.0.2.1 7000 typ host", "1 1 udp 2147483648 192.0.2.1 7000 typ host",
        "1 1 udp -5 192.0.2.1 7000 typ host",
        "1 1 udp 5 a3c1.local 7000 typ host", "1 1 udp 5 192.0.2.1 65536 typ host",
        "1 1 udp 5 192.0.2.1 7000 type host",
        "1 1 udp 5 192.0.2.1 7000 typ guess", "1 1 udp 5 192.0.2.1 7000 typ host generation",
        "a:b 1 udp 5 192.0.2.1 7000 typ host",
        "123456789012345678901234567890123 1 udp 5 192.0.2.1 7000 typ host",
    ]) func whatCannotBeUsedIsNil(_ value: String) {
        #expect(ICECandidate(value: value) == nil)
    }

    @Test func whatIsWrittenIsRead() throws {
        for (text, transport) in [
            ("192.0.2.1:7000", ICECandidate.Transport.udp), ("[2001:db8::1]:443", .tcp(.passive)),
            ("[::1]:1", .tcp(.so)),
        ] {
            let candidate = ICECandidate(
                foundation: "ab+/", transport: transport,
                priority: ICECandidate.priority(typePreference: 126, localPreference: 65_535),
                address: try #require(SocketAddress(text)), kind: .host)
            #expect(ICECandidate(value: try #require(candidate.attribute.value)) == candidate)
        }
        // RFC 8445 section 5.1.2.1.
        #expect(ICECandidate.priority(typePreference: 126, localPreference: 65_535) == 2_130_706_431)
    }

    @Test func fingerprintsAreReadAndWritten() throws {
        for hash in CertificateFingerprint.Hash.allCases {
            let digest = (0..<hash.length).map { UInt8(truncatingIfNeeded: $0 &* 37) }
            let made = try #require(CertificateFingerprint(hash, digest: digest))
            let text = try #require(made.attribute.value)
            #expect(CertificateFingerprint(value: text) == made)
            #expect(CertificateFingerprint(value: text.lowercased()) == made)
            #expect(CertificateFingerprint(value: String(text.dropLast())) == nil)
            #expect(CertificateFingerprint(value: text + ":00") == nil)
            #expect(CertificateFingerprint(value: text.replacingOccurrences(of: "-", with: "")) == nil)
        }
        #expect(
            CertificateFingerprint(value: "sha-1 " + Array(repeating: "00", count: 20).joined(separator: ":")) == nil)
        #expect(
            CertificateFingerprint(value: "sha-256 " + Array(repeating: "0g", count: 32).joined(separator: ":")) == nil)
        #expect(CertificateFingerprint(.sha256, digest: []) == nil)
    }
}
