import Foundation
import MediaCore
import MediaWire
import TestSupport
import Testing

/// An endpoint's offer over DTLS-SRTP, and what it reads of the relay's answer.
@Suite struct WebRTCClientTests {
    private static func offer(_ direction: MediaDirection) throws -> WebRTCClientOffer {
        var generator = SeededGenerator(seed: 4)
        let extensions = [HeaderExtensionMapping(id: 1, uri: RTPHeaderExtensionURI.absoluteCaptureTime)]
        return WebRTCClientOffer(
            direction: direction, sessionID: 5, credentials: ICECredentials(using: &generator),
            fingerprint: try #require(CertificateFingerprint(.sha256, digest: [UInt8](repeating: 3, count: 32))),
            tracks: [
                .init(
                    kind: .audio, payloadType: 111, mid: "0", ssrc: SSRC(11), cname: "c", extensions: extensions),
                .init(kind: .video, payloadType: 96, mid: "1", ssrc: SSRC(12), cname: "c", extensions: extensions),
            ])
    }

    private static func answer(_ offer: WebRTCClientOffer) throws -> WebRTCMedia {
        var generator = SeededGenerator(seed: 9)
        let print = try #require(CertificateFingerprint(.sha256, digest: (0..<32).map { UInt8($0) }))
        return try negotiateWebRTC(
            offer: offer.sessionDescription().serialized(), context: Negotiating.context(offer.direction),
            terms: WebRTCAnswerTerms(fingerprint: print, tcpPort: 7_100), using: &generator)
    }

    @Test(arguments: MediaDirection.allCases)
    func theRelaysAnswerIsUnderstood(_ direction: MediaDirection) throws {
        let offer = try Self.offer(direction)
        let media = try Self.answer(offer)
        #expect(media.transport.remoteCredentials == offer.credentials)
        #expect(media.transport.fingerprints == [offer.fingerprint])
        let read = try WebRTCClientAnswer.read(media.answer.serialized(), to: offer)
        #expect(read.tracks.map(\.kind) == [.audio, .video] && read.tracks.map(\.payloadType) == [111, 96])
        #expect(read.credentials == media.transport.localCredentials)
        #expect(read.role == .client && media.transport.role == .server)
        #expect(read.tracks.allSatisfy { $0.nack && $0.extensions == offer.tracks[0].extensions })
        #expect(read.tracks.map(\.pli) == [false, true])
        // Those over TCP are not for this endpoint.
        #expect(!read.candidates.isEmpty && read.candidates.allSatisfy { $0.port != 7_100 })
        switch direction {
        case .play: #expect(read.tracks.map(\.remoteSSRC) == media.tracks.map { $0.slotSSRC })
        case .publish:
            #expect(read.tracks.allSatisfy { $0.remoteSSRC == nil })
            #expect(media.tracks.map(\.declaredSSRCs) == [[SSRC(11)], [SSRC(12)]])
        }
    }

    @Test func anAnswerThatDoesNotFitIsRefusedWithItsLine() throws {
        let offer = try Self.offer(.publish)
        let good = try Self.answer(offer).answer.serialized()
        for (old, new, what) in [
            ("a=recvonly", "a=sendonly", "direction"), ("RTP/SAVPF 96", "RTP/SAVPF 97", "payload type"),
            ("UDP/TLS/RTP/SAVPF", "RTP/SAVPF", "transport"), ("a=rtcp-mux\r\n", "", "rtcp-mux"),
            ("a=fingerprint", "a=footprint", "fingerprint"), ("a=ice-pwd", "a=ice-word", "ICE"),
            ("a=setup:passive", "a=setup:holdconn", "setup"),
        ] {
            #expect(good.contains(old), "\(old)")
            let error = #expect(throws: AnswerError.self, "\(old)") {
                try WebRTCClientAnswer.read(good.replacing(old, with: new), to: offer)
            }
            #expect("\(error?.description ?? "")".localizedStandardContains(what), "\(error?.description ?? "")")
        }
        var refused = try SessionDescription.parse(good)
        for index in refused.mediaDescriptions.indices { refused.mediaDescriptions[index].port = 0 }
        #expect(throws: AnswerError.everythingRefused) {
            try WebRTCClientAnswer.read(refused.serialized(), to: offer)
        }
    }

    @Test func damagedAnswersAreReadOrRefusedNeverTrap() throws {
        let offer = try Self.offer(.play)
        let good = Array(try Self.answer(offer).answer.serialized().utf8)
        var mutator = Mutator(seed: 77)
        for _ in 0..<5_000 {
            let text = String(decoding: mutator.mutate(good), as: UTF8.self)
            guard let read = try? WebRTCClientAnswer.read(text, to: offer) else { continue }
            #expect(read.tracks.count <= 2 && !read.fingerprints.isEmpty)
        }
    }
}
