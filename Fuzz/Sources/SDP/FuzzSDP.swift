import MediaCore
import MediaWire

/// Session descriptions and fragments of them: refused, or read, answered and written so that they read the same again.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzSDP(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let text = String(decoding: UnsafeBufferPointer(start: start, count: count), as: UTF8.self)
    if let fragment = try? ICEFragment.parse(text) {
        precondition((try? ICEFragment.parse(fragment.serialized())) != nil)
    }
    guard let description = try? SessionDescription.parse(text) else { return 0 }
    precondition((try? SessionDescription.parse(description.serialized())) == description)
    var generator = SplitMix64(seed: 1)
    guard let fingerprint = CertificateFingerprint(.sha256, digest: [UInt8](repeating: 7, count: 32)) else { return 0 }
    for direction in MediaDirection.allCases {
        let context = NegotiationContext(
            direction: direction, clientAddress: .loopbackV4, requestIsPrivate: true, mediaAddresses: [.loopbackV4],
            mediaPort: 7000, sessionID: 1)
        if let media = try? negotiateSDES(offer: description, context: context, using: &generator) {
            precondition(media.answer.mediaDescriptions.count == description.mediaDescriptions.count)
        }
        let terms = WebRTCAnswerTerms(fingerprint: fingerprint, tcpPort: 7000)
        if let media = try? negotiateWebRTC(offer: description, context: context, terms: terms, using: &generator) {
            precondition(media.answer.mediaDescriptions.count == description.mediaDescriptions.count)
        }
    }
    return 0
}
