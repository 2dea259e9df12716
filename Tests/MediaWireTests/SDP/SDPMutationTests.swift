import MediaWire
import TestSupport
import Testing

@Suite struct SDPMutationTests {
    @Test func damagedDescriptionsAreRefusedOrReadNeverTrap() throws {
        let seed: UInt64 = 8_866
        var mutator = Mutator(seed: seed)
        let originals = try SDPFixture.names.map { Array(try SDPFixture.text($0).utf8) }
        var parsed = 0
        for round in 0..<4_000 {
            let original = originals[round % originals.count]
            let text = String(decoding: mutator.mutate(original, splicing: originals), as: UTF8.self)
            switch Result(catching: { () throws(SDPError) in try SessionDescription.parse(text) }) {
            case .success(let session):
                parsed += 1
                touchEveryValue(of: session)
                let again = try SessionDescription.parse(session.serialized())
                #expect(again == session, "seed \(seed), round \(round)")
            case .failure(let error):
                #expect((0...SDPLimits.lines).contains(error.line), "seed \(seed), round \(round)")
                #expect(error.description.utf8.count < 200 && !error.description.contains("\n"))
            }
        }
        #expect(parsed > 200, "the mutations must not all be caught at the first line")
        #expect(parsed < 3_900)
    }

    @Test func damagedCryptoLinesAreRefusedOrReadNeverTrap() {
        let seed: UInt64 = 4_568
        var mutator = Mutator(seed: seed)
        let original = Array(
            "1 AES_CM_128_HMAC_SHA1_80 inline:PS1uQCVeeCFCanVmcjkpPywjNWhcYD0mXXtxaVBR|2^20|1:32 KDR=0 -X".utf8)
        var parsed = 0
        for round in 0..<10_000 {
            let value = String(decoding: mutator.mutate(original), as: UTF8.self)
            guard let crypto = CryptoAttribute(value: value) else { continue }
            parsed += 1
            #expect(CryptoAttribute(value: crypto.value) == crypto, "seed \(seed), round \(round)")
        }
        #expect(parsed > 500)
    }

    private func touchEveryValue(of session: SessionDescription) {
        _ = (session.groups.count, session.direction, session.bundledMids, "\(session)")
        for media in session.mediaDescriptions {
            _ = (media.rtpMaps, media.formatParameters, media.rtcpFeedback, media.extensionMaps, media.ssrcAttributes)
            _ = (media.ssrcGroups, media.ssrcs, media.cname, media.cryptoAttributes, media.direction, media.rtcp)
            _ = (session.announcedAddress(of: media), media.candidates, media.fingerprints)
            _ = media.formatParameters.map { $0.parameter("useinbandfec") }
        }
    }
}
