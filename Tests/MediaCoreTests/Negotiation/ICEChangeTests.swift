import MediaCore
import MediaWire
import TestSupport
import Testing

/// RFC 9725 section 4.3: what a PATCH asks for, and how a restart is answered.
@Suite struct ICEChangeTests {
    private let current = ICECredentials(usernameFragment: "abcd", password: "0123456789012345678901")
    private let other = ICECredentials(usernameFragment: "efgh", password: "9876543210987654321098")

    private func change(_ lines: String...) throws -> ICEChange {
        try ICEChange(fragment: lines.map { $0 + "\r\n" }.joined(), current: #require(current))
    }

    @Test func theCredentialsInUseGoWithCandidates() throws {
        #expect(try change("a=candidate:1 1 udp 1 192.0.2.1 5000 typ host") == .candidates)
        #expect(try change("a=ice-ufrag:abcd", "a=end-of-candidates") == .candidates)
        #expect(try change("a=ice-ufrag:abcd", "a=ice-pwd:0123456789012345678901") == .candidates)
    }

    @Test func newCredentialsAreARestart() throws {
        #expect(try change("a=ice-ufrag:efgh", "a=ice-pwd:9876543210987654321098") == .restart(#require(other)))
    }

    @Test func credentialsThatChangeByHalfAreRefused() {
        for lines in [
            ["a=ice-ufrag:abcd", "a=ice-pwd:9876543210987654321098"], ["a=ice-ufrag:efgh"],
            ["a=ice-pwd:9876543210987654321098"], ["a=ice-ufrag:efgh", "a=ice-pwd:short"],
            ["a=ice-ufrag:e", "a=ice-pwd:9876543210987654321098"],
        ] {
            #expect(throws: NegotiationError.credentialsMissing(line: 0), "\(lines)") {
                try change(lines.joined(separator: "\r\n"))
            }
        }
        #expect(throws: NegotiationError.self) { try change("rubbish") }
    }

    @Test func theAnswerToARestartNamesTheRelayAnew() throws {
        var generator = SeededGenerator(seed: 1)
        let fingerprint = try #require(CertificateFingerprint(.sha256, digest: (0..<32).map { UInt8($0) }))
        let media = try negotiateWebRTC(
            offer: Negotiating.recordedOffer("chromium156_vp8_whip_offer"), context: Negotiating.context(.publish),
            terms: WebRTCAnswerTerms(fingerprint: fingerprint), using: &generator)
        let answer = media.restartAnswer(ICECredentials(using: &generator))
        let read = try ICEFragment.parse(answer.serialized())
        #expect(read == answer)
        #expect(read.isLite && read.isComplete && read.section?.mid == "0")
        #expect(read.usernameFragment != nil)
        #expect(
            read.usernameFragment.map { Array($0.utf8) } != media.transport.localCredentials.usernameFragment)
        #expect(
            read.candidates.map(\.attribute)
                == media.answer.mediaDescriptions[0].attributes.filter {
                    $0.name == "candidate"
                })
    }
}
