import Foundation
import MediaCore
import MediaWire
import TestSupport

/// Writes offers line by line, so that a test can bend any of them.
struct OfferText {
    var session = ["v=0", "o=- 1 1 IN IP4 127.0.0.1", "s=-", "c=IN IP4 127.0.0.1", "t=0 0"]
    var media: [[String]] = []

    static let key80 = "inline:" + Base64.encode((0..<30).map { UInt8($0) })
    static let key128 = "inline:" + Base64.encode((0..<28).map { UInt8($0 + 100) })
    static let key256 = "inline:" + Base64.encode((0..<44).map { UInt8($0 + 200) })

    var text: String { (session + media.joined()).map { $0 + "\r\n" }.joined() }

    /// The shape that plain load generators send: SAVPF with mux and neither mid nor feedback lines.
    static func plain(
        _ direction: String, ports: (Int, Int) = (30_000, 30_001), ssrcs: (UInt32, UInt32)? = nil,
        suite: String = "AEAD_AES_128_GCM", key: String = key128
    ) -> OfferText {
        var offer = OfferText()
        for (kind, payloadType, codec, port, ssrc) in [
            ("video", 96, "VP8/90000", ports.0, ssrcs?.0), ("audio", 111, "opus/48000/2", ports.1, ssrcs?.1),
        ] {
            var lines = [
                "m=\(kind) \(port) RTP/SAVPF \(payloadType)", "a=rtpmap:\(payloadType) \(codec)", "a=rtcp-mux",
                "a=\(direction)", "a=crypto:1 \(suite) \(key)",
            ]
            if let ssrc { lines.append("a=ssrc:\(ssrc) cname:blast") }
            offer.media.append(lines)
        }
        return offer
    }

    /// One video section with these lines behind `m=`, `a=rtpmap` and `a=sendonly`.
    static func video(_ lines: [String], transport: String = "RTP/SAVP", port: Int = 5_004) -> OfferText {
        var offer = OfferText()
        offer.media = [["m=video \(port) \(transport) 96", "a=rtpmap:96 VP8/90000", "a=sendonly"] + lines]
        return offer
    }
}

enum Negotiating {
    static func context(_ direction: MediaDirection) -> NegotiationContext {
        NegotiationContext(
            direction: direction, clientAddress: .loopbackV4, requestIsPrivate: true,
            mediaAddresses: [.loopbackV4, .loopbackV6], mediaPort: 7_000, sessionID: 42)
    }

    static func negotiate(
        _ offer: OfferText, _ context: NegotiationContext, seed: UInt64 = 1
    ) throws(NegotiationError) -> NegotiatedMedia {
        var generator = SeededGenerator(seed: seed)
        return try negotiateSDES(offer: offer.text, context: context, using: &generator)
    }

    /// The error of an offer that must not be taken, or nil if it was.
    static func refusal(_ offer: OfferText, _ context: NegotiationContext) -> NegotiationError? {
        do { _ = try negotiate(offer, context) } catch { return error }
        return nil
    }

    static func recordedOffer(_ name: String) throws -> String {
        let path = Fixtures.path("sdp/\(name).sdp")
        return String(decoding: try Data(contentsOf: URL(fileURLWithPath: path)), as: UTF8.self)
    }
}

extension MediaDescription {
    /// The `a=` lines as text.
    var lines: [String] { attributes.map { [$0.name, $0.value].compactMap(\.self).joined(separator: ":") } }
}
